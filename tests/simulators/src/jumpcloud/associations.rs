//! v2 members, associations and traversals.

use serde_json::{Value, json};

use crate::company::text;
use crate::server::{Call, Reply};
use crate::table::View;

use super::errors::{error, not_found, refused};
use super::graph::{Kind, Node, Way, connection};
use super::query::{Dialect, Query, only};
use super::{State, body};

/// Targets of users and groups that the vendor has and nothing here simulates.
const ELSEWHERE: &[&str] = &[
    "active_directory",
    "g_suite",
    "idp_routing_policy",
    "ldap_server",
    "password_manager_item",
    "radius_server",
    "system",
    "system_group",
];

/// The object that a path names.
fn named(state: &State, call: &Call<'_>, kind: Kind, view: View) -> Result<Node, Reply> {
    let node = Node::new(kind, call.parameter(0));
    if state.exists(&node, view) { Ok(node) } else { Err(not_found(call)) }
}

/// What may be associated with what.
fn targets(kind: Kind) -> &'static [Kind] {
    if kind.is_target() {
        &[Kind::User, Kind::Group]
    } else {
        &[Kind::Application, Kind::Office365]
    }
}

/// `GET …/associations?targets=`: the direct edges.
pub(super) fn list(state: &State, call: &Call<'_>, kind: Kind) -> Result<Reply, Reply> {
    let query = Query::read(call, Dialect::V2, &["limit", "skip", "targets"], &|_| false)?;
    let node = named(state, call, kind, call.view)?;
    let wanted = call.request.option("targets").unwrap_or_default();
    let target = Kind::named(wanted).filter(|target| targets(kind).contains(target));
    let Some(target) = target else {
        if !kind.is_target() && ELSEWHERE.contains(&wanted) {
            return Ok(Reply::json(200, json!([])));
        }
        return Err(refused(call, "parameter", "targets", format!("targets={wanted}")));
    };
    let edges = if kind.is_target() {
        state.graph.below(&node, call.view)
    } else {
        state.graph.above(&node, call.view)
    };
    let edges = edges.into_iter().filter(|edge| edge.kind == target);
    Ok(page(call, &query, edges.map(|edge| connection(&edge))))
}

/// `GET /usergroups/{id}/members`: the direct members.
pub(super) fn members(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    let query = Query::read(call, Dialect::V2, &["limit", "skip"], &|_| false)?;
    let group = named(state, call, Kind::Group, call.view)?;
    let members = state.graph.below(&group, call.view);
    Ok(page(call, &query, members.iter().map(connection)))
}

fn page(call: &Call<'_>, query: &Query, rows: impl Iterator<Item = Value>) -> Reply {
    let rows = rows.enumerate().filter_map(|(index, row)| call.listed(index, row));
    Reply::json(200, rows.skip(query.skip).take(query.limit).collect())
}

/// `POST …/associations` and `POST /usergroups/{id}/members`.
pub(super) fn change(
    state: &mut State,
    call: &Call<'_>,
    kind: Kind,
    targets: &[Kind],
) -> Result<Reply, Reply> {
    only(call, &[])?;
    let body = body(call)?;
    let known = ["op", "type", "id", "attributes"];
    if let Some(name) = body.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(refused(call, "property", name, format!("unknown property {name}")));
    }
    let field = |name: &str| text(&body, name).unwrap_or_default();
    let target = Kind::named(&field("type")).filter(|target| targets.contains(target));
    let Some(target) = target else {
        let why = format!("type {:?} cannot be associated here", field("type"));
        return Err(refused(call, "property", "type", why));
    };
    let op = field("op");
    if !["add", "remove", "update"].contains(&op.as_str()) {
        return Err(refused(call, "property", "op", format!("op {op:?}")));
    }
    let own = named(state, call, kind, View::Latest)?;
    let other = Node::new(target, &field("id"));
    if !state.exists(&other, View::Latest) {
        return Err(not_found(call));
    }
    let (holder, held) = if target.is_target() { (&other, &own) } else { (&own, &other) };
    match op.as_str() {
        "add" if !state.associate("add", holder, held, &own) => Err(error(call, "exists", "")),
        "remove" if !state.associate("remove", holder, held, &own) => Err(not_found(call)),
        "update" if !state.graph.linked(holder, held) => Err(not_found(call)),
        _ => Ok(Reply::empty(204)),
    }
}

/// `POST …/associations` of an object of this kind.
pub(super) fn associate(state: &mut State, call: &Call<'_>, kind: Kind) -> Result<Reply, Reply> {
    change(state, call, kind, targets(kind))
}

/// A traversal: every object of these kinds that is bound directly or through groups.
pub(super) fn traverse(
    state: &mut State,
    call: &Call<'_>,
    kind: Kind,
    wanted: &[Kind],
) -> Result<Reply, Reply> {
    let known = |name: &str| ["object_id", "type", "id"].contains(&name);
    let allowed = ["limit", "skip", "filter", "sort"];
    let query = Query::read(call, Dialect::V2, &allowed, &known)?;
    let node = named(state, call, kind, call.view)?;
    let up = wanted.iter().any(|target| target.is_target()) || kind == Kind::User;
    let way = if up { Way::Up } else { Way::Down };
    let rows = state.graph.rows(&node, way, wanted, call.view);
    let (page, total) = query.page(call, rows.iter());
    let page = page.into_iter().map(|row| {
        let mut row = row.clone();
        row.remove("object_id");
        Value::Object(row)
    });
    let reply = Reply::json(200, page.collect());
    Ok(if state.counted_traversals {
        reply.header("x-total-count", total.to_string())
    } else {
        reply
    })
}
