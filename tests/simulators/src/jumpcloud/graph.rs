//! Who is bound to what: edges, and the paths that a traversal answers.
//!
//! An edge leads from what holds to what is held: from a group to its members, from an
//! application or a directory to the users and groups that are bound to it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::table::{Table, View};

use super::Object;
use super::events::object;

/// Traversals kept for their next pages; whoever pages through more of them at once waits longer.
const KEPT: usize = 16;

/// The kinds of objects that are simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    User,
    Group,
    Application,
    Office365,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "user_group",
            Self::Application => "application",
            Self::Office365 => "office_365",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::User, Self::Group, Self::Application, Self::Office365]
            .into_iter()
            .find(|kind| kind.name() == name)
    }

    /// Whether others are bound to it.
    pub(super) fn is_target(self) -> bool {
        matches!(self, Self::Application | Self::Office365)
    }
}

/// One end of an edge.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) id: String,
}

impl Node {
    pub(super) fn new(kind: Kind, id: &str) -> Self {
        Self { kind, id: id.to_owned() }
    }
}

/// An edge as JumpCloud writes it, seen from its other end.
pub(super) fn connection(to: &Node) -> Value {
    json!({
        "to": {"type": to.kind.name(), "id": to.id, "attributes": null}, "attributes": null,
    })
}

/// Which way a traversal follows the edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// To what is held.
    Down,
    /// To what holds.
    Up,
}

/// All edges, with what they were.
#[derive(Debug, Default)]
pub(super) struct Graph {
    down: BTreeMap<Node, Table<Node, ()>>,
    /// Everything that ever held this node.
    up: BTreeMap<Node, BTreeSet<Node>>,
    /// When each change was made.
    changes: Vec<Timestamp>,
    kept: VecDeque<Kept>,
}

/// A traversal as it was answered last.
#[derive(Debug)]
struct Kept {
    start: Node,
    way: Way,
    wanted: Vec<Kind>,
    /// How many changes there were, and how many of them the reader saw.
    changes: (usize, usize),
    rows: Arc<Vec<Object>>,
}

/// The paths to each object that a traversal reaches, by the object's id.
pub(super) type Reached = BTreeMap<Node, Vec<Vec<Node>>>;

impl Graph {
    /// Adds an edge. Answers whether it is new.
    pub(super) fn connect(&mut self, from: &Node, to: &Node, now: Timestamp) -> bool {
        if self.linked(from, to) {
            return false;
        }
        self.up.entry(to.clone()).or_default().insert(from.clone());
        self.down.entry(from.clone()).or_default().put(to.clone(), (), now);
        self.changes.push(now);
        true
    }

    /// Adds an edge that has always been there.
    pub(super) fn load(&mut self, from: &Node, to: &Node) {
        self.up.entry(to.clone()).or_default().insert(from.clone());
        self.down.entry(from.clone()).or_default().load(to.clone(), ());
        self.changes.push(Timestamp::MIN);
    }

    /// Removes an edge. Answers whether there was one.
    pub(super) fn disconnect(&mut self, from: &Node, to: &Node, now: Timestamp) -> bool {
        let removed = self.down.get_mut(from).is_some_and(|table| table.remove(to, now).is_some());
        if removed {
            self.changes.push(now);
        }
        removed
    }

    /// Removes every edge of a node.
    pub(super) fn forget(&mut self, node: &Node, now: Timestamp) {
        for member in self.below(node, View::Latest) {
            self.disconnect(node, &member, now);
        }
        for holder in self.above(node, View::Latest) {
            self.disconnect(&holder, node, now);
        }
    }

    pub(super) fn linked(&self, from: &Node, to: &Node) -> bool {
        self.down.get(from).is_some_and(|table| table.contains(to, View::Latest))
    }

    /// What a node holds directly, in the order of kinds and ids.
    pub(super) fn below(&self, node: &Node, view: View) -> Vec<Node> {
        let held = self.down.get(node).into_iter().flat_map(|table| table.iter(view));
        held.map(|(member, _)| member.clone()).collect()
    }

    /// What holds a node directly, in the order of kinds and ids.
    pub(super) fn above(&self, node: &Node, view: View) -> Vec<Node> {
        let holds =
            |holder: &&Node| self.down.get(*holder).is_some_and(|table| table.contains(node, view));
        self.up.get(node).into_iter().flatten().filter(holds).cloned().collect()
    }

    /// Every object of these kinds, with all paths that lead to it.
    pub(super) fn reach(&self, start: &Node, way: Way, wanted: &[Kind], view: View) -> Reached {
        let mut reached = Reached::new();
        self.walk(start, way, wanted, view, &mut Vec::new(), &mut reached);
        reached
    }

    /// The rows that a traversal answers, in the order of kinds and ids.
    ///
    /// They are kept until an edge changes or comes into view, so that paging through thousands
    /// of rows walks the edges once.
    pub(super) fn rows(
        &mut self,
        start: &Node,
        way: Way,
        wanted: &[Kind],
        view: View,
    ) -> Arc<Vec<Object>> {
        let seen = match view {
            View::Latest => self.changes.len(),
            View::AsOf(time) => self.changes.iter().filter(|change| **change <= time).count(),
        };
        let changes = (self.changes.len(), seen);
        let same = |kept: &&Kept| {
            kept.changes == changes
                && kept.start == *start
                && kept.way == way
                && kept.wanted == wanted
        };
        if let Some(kept) = self.kept.iter().find(same) {
            return kept.rows.clone();
        }
        let reached = self.reach(start, way, wanted, view);
        let rows = Arc::new(reached.into_iter().map(|(node, paths)| row(&node, &paths)).collect());
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        let (start, wanted) = (start.clone(), wanted.to_vec());
        self.kept.push_back(Kept { start, way, wanted, changes, rows: Arc::clone(&rows) });
        rows
    }

    fn walk(
        &self,
        node: &Node,
        way: Way,
        wanted: &[Kind],
        view: View,
        path: &mut Vec<Node>,
        reached: &mut Reached,
    ) {
        let next = match way {
            Way::Down => self.below(node, view),
            Way::Up => self.above(node, view),
        };
        for next in next {
            if path.contains(&next) {
                continue;
            }
            path.push(next.clone());
            if wanted.contains(&next.kind) {
                reached.entry(next.clone()).or_default().push(path.clone());
            }
            if next.kind == Kind::Group {
                self.walk(&next, way, wanted, view, path, reached);
            }
            path.pop();
        }
    }
}

/// A row of a traversal. `object_id` is what filters call the id; no answer carries it.
fn row(node: &Node, paths: &[Vec<Node>]) -> Object {
    let paths: Vec<Vec<Value>> =
        paths.iter().map(|path| path.iter().map(connection).collect()).collect();
    object(json!({
        "type": node.kind.name(), "id": node.id, "object_id": node.id,
        "compiledAttributes": {}, "paths": paths,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traversal_names_every_path_and_survives_a_circle() {
        let node = |kind, id: &str| Node::new(kind, id);
        let (app, user) = (node(Kind::Application, "a"), node(Kind::User, "u"));
        let (outer, inner) = (node(Kind::Group, "g1"), node(Kind::Group, "g2"));
        let mut graph = Graph::default();
        for (from, to) in
            [(&app, &user), (&app, &outer), (&outer, &inner), (&inner, &outer), (&inner, &user)]
        {
            assert!(graph.connect(from, to, Timestamp::UNIX_EPOCH));
        }
        let users = graph.reach(&app, Way::Down, &[Kind::User], View::Latest);
        let path = |nodes: &[&Node]| nodes.iter().map(|node| (*node).clone()).collect::<Vec<_>>();
        assert_eq!(users[&user], [path(&[&user]), path(&[&outer, &inner, &user])]);
        let apps = graph.reach(&user, Way::Up, &[Kind::Application], View::Latest);
        assert_eq!(apps[&app].len(), 2);
        graph.forget(&inner, Timestamp::UNIX_EPOCH);
        let apps = graph.reach(&user, Way::Up, &[Kind::Application], View::Latest);
        assert_eq!(apps[&app], [path(&[&app])]);
    }

    #[test]
    fn rows_are_kept_until_what_is_seen_changes() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let (app, group) = (Node::new(Kind::Application, "a"), Node::new(Kind::Group, "g"));
        let (ada, bob) = (Node::new(Kind::User, "1"), Node::new(Kind::User, "2"));
        let mut graph = Graph::default();
        graph.load(&app, &group);
        graph.load(&group, &ada);
        let rows = |graph: &mut Graph, view| graph.rows(&app, Way::Down, &[Kind::User], view);
        let first = rows(&mut graph, View::Latest);
        assert!(Arc::ptr_eq(&first, &rows(&mut graph, View::Latest)));
        assert!(Arc::ptr_eq(&first, &rows(&mut graph, View::AsOf(at(9)))));
        graph.connect(&group, &bob, at(10));
        let before = rows(&mut graph, View::AsOf(at(9)));
        let after = rows(&mut graph, View::AsOf(at(10)));
        assert_eq!((before.len(), after.len()), (1, 2));
        assert!(Arc::ptr_eq(&after, &rows(&mut graph, View::Latest)));
        graph.disconnect(&group, &ada, at(11));
        assert_eq!(rows(&mut graph, View::Latest)[0]["id"], "2");
        let groups = graph.rows(&app, Way::Down, &[Kind::Group], View::Latest);
        assert_eq!(groups[0]["id"], "g");
    }
}
