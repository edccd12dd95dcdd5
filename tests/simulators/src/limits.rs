//! The vendors' documented limits, from the fixtures that name them.

use std::sync::LazyLock;

use serde_json::Value;

/// The limits of one vendor.
pub(crate) struct Limits(LazyLock<Value>);

/// Those of Entra ID and Microsoft Graph.
pub(crate) static GRAPH: Limits = Limits(LazyLock::new(|| {
    serde_json::from_str(include_str!("../fixtures/graph-limits.json"))
        .expect("the fixture beside this crate is JSON")
}));

/// Those of JumpCloud.
pub(crate) static JUMPCLOUD: Limits = Limits(LazyLock::new(|| {
    serde_json::from_str(include_str!("../fixtures/jumpcloud-limits.json"))
        .expect("the fixture beside this crate is JSON")
}));

impl Limits {
    /// A limit that is documented for every object.
    pub(crate) fn of(&self, subject: &str, name: &str) -> usize {
        self.find(subject, name).expect("the fixture names each limit that is asked for")
    }

    /// The number under this name, if one is documented.
    pub(crate) fn find(&self, subject: &str, name: &str) -> Option<usize> {
        number(&self.0[subject][name])
    }

    /// The number of this kind for a property, if one is documented.
    pub(crate) fn of_property(&self, resource: &str, property: &str, kind: &str) -> Option<usize> {
        number(&self.0[resource][property][kind])
    }

    /// The properties of a resource that have limits.
    #[cfg(test)]
    pub(crate) fn properties(&self, resource: &str) -> impl Iterator<Item = &str> {
        self.0[resource].as_object().into_iter().flatten().map(|(name, _)| name.as_str())
    }
}

fn number(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|number| usize::try_from(number).ok())
}
