//! Where the descriptions are known to be wrong or incomplete, each with its source.
//!
//! A test fails when one is no longer needed.

use crate::server::Route;

/// Something that is right although the description does not know it.
#[derive(Debug)]
pub(super) struct Exception {
    /// As the journal names it; `*` for every route.
    pub(super) route: &'static str,
    pub(super) what: What<'static>,
    /// Who says that it is right.
    #[cfg_attr(not(test), expect(dead_code, reason = "read by people and by the tests"))]
    pub(super) reason: &'static str,
}

/// What an exception is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum What<'a> {
    /// The path with this method.
    Operation,
    /// A query option.
    Option(&'a str),
    /// A property of the body, `list[].property` inside lists, whatever it holds.
    Property(&'a str),
}

impl Exception {
    pub(super) fn covers(&self, route: &Route, what: &What<'_>) -> bool {
        self.what == *what
            && (self.route == "*"
                || self.route.split_once(' ') == Some((route.method, route.name())))
    }
}

use What::{Operation, Option, Property};

const fn exception(route: &'static str, what: What<'static>, reason: &'static str) -> Exception {
    Exception { route, what, reason }
}

const BINDINGS: &str = "group-post-groups, group-post-members and group-upsert of Graph's reference bind by \
    @odata.bind; the official OpenAPI does not model it";

pub(super) static GRAPH: &[Exception] = &[
    exception("*", Option("$skiptoken"), "stands in the @odata.nextLink that Graph itself sends"),
    exception("POST /groups", Property("members@odata.bind"), BINDINGS),
    exception("POST /groups", Property("owners@odata.bind"), BINDINGS),
    exception("PATCH /groups/{id}", Property("members@odata.bind"), BINDINGS),
    exception("PATCH /groups(uniqueName='{uniqueName}')", Property("members@odata.bind"), BINDINGS),
    exception("PATCH /groups(uniqueName='{uniqueName}')", Property("owners@odata.bind"), BINDINGS),
];

const FILTERS: &str = "filter[0]=…&filter[1]=… and filter[or][0]=… stand in the public \
    specification; the SDK's transform, which this file comes from, shortened that text";

pub(super) static JUMPCLOUD_V1: &[Exception] = &[
    exception("*", Option("filter[]"), FILTERS),
    exception("*", Option("filter[or][]"), FILTERS),
    exception(
        "DELETE /api/systemusers/{id}",
        Option("cascade_manager"),
        "stands in the public specification; the SDK's transform removed it",
    ),
    exception(
        "POST /api/systemusers/{id}/state/suspend",
        Operation,
        "the path is described without its method; JumpCloud's shipped workflow templates call it",
    ),
    exception(
        "POST /api/systemusers/{id}/state/activate",
        Property("email"),
        "the description's own text allows true and false beside an address",
    ),
    exception(
        "POST /api/search/systemusers",
        Property("sort"),
        "the public specification and JumpCloud's advice for paging sort a search",
    ),
];

pub(super) static JUMPCLOUD_V2: &[Exception] = &[];

const TERMS: &str = "the description's own text and samples hold a list of terms here";

pub(super) static INSIGHTS: &[Exception] = &[
    exception(
        "POST /insights/directory/v1/events",
        Property("search_after"),
        "the values of X-Search_after are sent back as they came, numbers among them; the SDK's \
         transform turned them into strings",
    ),
    exception("*", Property("search_term.and"), TERMS),
    exception("*", Property("search_term.or"), TERMS),
];
