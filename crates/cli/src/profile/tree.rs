//! Spans → a tree of stages, models, layers and operations whose times add up.
//!
//! Several threads work at once, so that times of spans cannot simply be summed. Every moment is given away once: to
//! the parts that are worked on at that moment, in equal shares; when nobody works, to the innermost place that waits.
//! So the children of a place never take more than it, and what they leave is its own.

use std::time::Duration;

use ash_runtime::{Arithmetic, Limits, Op, PlaceLevel, Recording, Span, SpanKind, Work};
use serde::Serialize;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// All of it.
    Whole,
    /// A stage of the pipeline, a model or what models share, or a layer.
    Around(PlaceLevel),
    /// An operation.
    Operation(Op),
}

impl Kind {
    /// Its name in JSON.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Kind::Whole => "batch",
            Kind::Around(PlaceLevel::Stage) => "stage",
            Kind::Around(PlaceLevel::Model) => "model",
            Kind::Around(PlaceLevel::Layer) => "layer",
            Kind::Around(PlaceLevel::Operation(_)) | Kind::Operation(_) => "operation",
        }
    }
}

/// A place with what was done there, in it and below.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// How often it was entered; 0 for the whole.
    pub(crate) calls: f64,
    /// Its share of the clock, in ms.
    pub(crate) ms: f64,
    /// What of it was given to the place itself: nobody worked, or (below an operation) this was worked on.
    pub(crate) own_ms: f64,
    /// Milliseconds that threads worked, all threads together.
    pub(crate) busy_ms: f64,
    pub(crate) done: Done,
    pub(crate) children: Vec<Node>,
}

/// Work that was done; all sums.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub(crate) struct Done {
    pub(crate) int8_operations: f64,
    pub(crate) f32_operations: f64,
    pub(crate) bytes: f64,
    pub(crate) weight_bytes: f64,
    /// Rows of products.
    pub(crate) rows: f64,
    /// Milliseconds that the arithmetic would take at this machine's limit.
    pub(crate) least_arithmetic_ms: f64,
    /// The same of reading the weights.
    pub(crate) least_memory_ms: f64,
    /// The sum of the larger of the two of each call.
    pub(crate) least_ms: f64,
}

impl Done {
    fn of(work: Work, limits: &Limits) -> Self {
        let operations = work.operations as f64;
        let (int8, f32) = match work.arithmetic {
            Arithmetic::Int8 => (operations, 0.0),
            Arithmetic::F32 => (0.0, operations),
            Arithmetic::Moves => (0.0, 0.0),
        };
        // 10⁹ a second are 10⁶ a millisecond.
        let arithmetic = int8 / (limits.int8_gops * 1e6) + f32 / (limits.f32_gops * 1e6);
        let memory = work.weights as f64 / (limits.memory_gb_s * 1e6);
        Done {
            int8_operations: int8,
            f32_operations: f32,
            bytes: work.bytes as f64,
            weight_bytes: work.weights as f64,
            rows: if work.weights > 0 { work.rows as f64 } else { 0.0 },
            least_arithmetic_ms: arithmetic,
            least_memory_ms: memory,
            least_ms: arithmetic.max(memory),
        }
    }

    fn add(&mut self, other: &Done) {
        self.int8_operations += other.int8_operations;
        self.f32_operations += other.f32_operations;
        self.bytes += other.bytes;
        self.weight_bytes += other.weight_bytes;
        self.rows += other.rows;
        self.least_arithmetic_ms += other.least_arithmetic_ms;
        self.least_memory_ms += other.least_memory_ms;
        self.least_ms += other.least_ms;
    }

    fn scale(&mut self, by: f64) {
        for figure in [
            &mut self.int8_operations,
            &mut self.f32_operations,
            &mut self.bytes,
            &mut self.weight_bytes,
            &mut self.rows,
            &mut self.least_arithmetic_ms,
            &mut self.least_memory_ms,
            &mut self.least_ms,
        ] {
            *figure *= by;
        }
    }

    /// Operations of both kinds.
    pub(crate) fn operations(&self) -> f64 {
        self.int8_operations + self.f32_operations
    }
}

impl Node {
    /// Nothing yet.
    pub(crate) fn new(name: &str, kind: Kind) -> Self {
        let (calls, ms, own_ms, busy_ms) = (0.0, 0.0, 0.0, 0.0);
        Node {
            name: name.to_owned(),
            kind,
            calls,
            ms,
            own_ms,
            busy_ms,
            done: Done::default(),
            children: Vec::new(),
        }
    }

    /// Of one recording.
    pub(crate) fn of(recording: &Recording, limits: &Limits) -> Self {
        let own = given(recording);
        let mut whole = Node::new("batch", Kind::Whole);
        whole.own_ms = ms(own.nowhere);
        for number in 0..recording.places.len() {
            let node = whole.at(&path(recording, number));
            node.own_ms += ms(own.places[number]);
        }
        for span in &recording.spans {
            let node = whole.at(&path(recording, span.place));
            match span.kind {
                SpanKind::Part => node.busy_ms += ms(span.took()),
                SpanKind::Scope => node.calls += 1.0,
                SpanKind::Call(work) => {
                    node.calls += 1.0;
                    node.done.add(&Done::of(work, limits));
                }
            }
        }
        whole.sum();
        whole
    }

    /// The node at the end of a path of names below this one, made if it is not there.
    fn at(&mut self, path: &[(PlaceLevel, &str)]) -> &mut Node {
        let Some(((level, name), rest)) = path.split_first() else { return self };
        let kind = match level {
            PlaceLevel::Operation(op) => Kind::Operation(*op),
            other => Kind::Around(*other),
        };
        self.child(kind, name).at(rest)
    }

    /// The child of this name, made if it is not there.
    fn child(&mut self, kind: Kind, name: &str) -> &mut Node {
        let known = self.children.iter().position(|child| child.kind == kind && child.name == name);
        let at = known.unwrap_or_else(|| {
            self.children.push(Node::new(name, kind));
            self.children.len() - 1
        });
        &mut self.children[at]
    }

    /// Times and work of the children, added to what is its own.
    fn sum(&mut self) {
        self.ms = self.own_ms;
        for child in &mut self.children {
            child.sum();
            self.ms += child.ms;
            self.busy_ms += child.busy_ms;
            self.done.add(&child.done);
        }
        // Layers may have begun in any order.
        self.children
            .sort_by_key(|child| child.name.strip_prefix("layer ").and_then(|n| n.parse::<u32>().ok()));
    }

    /// Adds another tree to this one, place by place.
    pub(crate) fn add(&mut self, other: &Node) {
        self.calls += other.calls;
        self.ms += other.ms;
        self.own_ms += other.own_ms;
        self.busy_ms += other.busy_ms;
        self.done.add(&other.done);
        for child in &other.children {
            self.child(child.kind, &child.name).add(child);
        }
    }

    /// All figures times `by`.
    pub(crate) fn scale(&mut self, by: f64) {
        for figure in [&mut self.calls, &mut self.ms, &mut self.own_ms, &mut self.busy_ms] {
            *figure *= by;
        }
        self.done.scale(by);
        for child in &mut self.children {
            child.scale(by);
        }
    }

    /// Operations of the same kind as one, wherever they are; the longest first.
    pub(crate) fn operations(&self) -> Vec<Node> {
        let mut all = Node::new("operations", Kind::Whole);
        self.each(&mut |node| {
            if let Kind::Operation(_) = node.kind {
                all.child(node.kind, &node.name).add(node);
            }
        });
        all.children.sort_by(|a, b| b.ms.total_cmp(&a.ms));
        all.children
    }

    /// Visits this node and all below.
    pub(crate) fn each(&self, visit: &mut impl FnMut(&Node)) {
        visit(self);
        self.children.iter().for_each(|child| child.each(visit));
    }

    /// The stage `name`, if there was one.
    pub(crate) fn stage(&self, name: &str) -> Option<&Node> {
        let is_it = |child: &&Node| child.kind == Kind::Around(PlaceLevel::Stage) && child.name == name;
        self.children.iter().find(is_it)
    }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// The places from the outermost to `number`.
fn path(recording: &Recording, number: usize) -> Vec<(PlaceLevel, &str)> {
    let up = std::iter::successors(Some(number), |&at| recording.places[at].parent);
    let mut path: Vec<_> = up.map(|at| (recording.places[at].level, &*recording.places[at].name)).collect();
    path.reverse();
    path
}

/// Which place each moment was given to.
struct Given {
    places: Vec<Duration>,
    /// When nothing had begun.
    nowhere: Duration,
}

fn given(recording: &Recording) -> Given {
    let depth = |place: usize| std::iter::successors(Some(place), |&at| recording.places[at].parent).count();
    let depths: Vec<usize> = (0..recording.places.len()).map(depth).collect();
    // Ends come before begins of the same moment, so that neighbours are never both there.
    let mut turns: Vec<(Duration, bool, usize)> = Vec::with_capacity(recording.spans.len() * 2);
    // What took no time gets none, and would end before it began.
    let lasting = recording.spans.iter().enumerate().filter(|(_, span)| span.end > span.start);
    for (number, span) in lasting {
        turns.push((span.start, true, number));
        turns.push((span.end, false, number));
    }
    turns.sort_unstable();
    let mut given = Given { places: vec![Duration::ZERO; recording.places.len()], nowhere: Duration::ZERO };
    let (mut now, mut parts, mut scopes): (_, Vec<&Span>, Vec<&Span>) =
        (Duration::ZERO, Vec::new(), Vec::new());
    for (at, begins, number) in turns {
        give(&mut given, at.saturating_sub(now), &parts, &scopes, &depths);
        now = at.max(now);
        let span = &recording.spans[number];
        let there = if span.kind == SpanKind::Part { &mut parts } else { &mut scopes };
        if begins {
            there.push(span);
        } else if let Some(place) = there.iter().rposition(|s| std::ptr::eq(*s, span)) {
            there.remove(place);
        }
    }
    given.nowhere += recording.took.saturating_sub(now);
    given
}

fn give(given: &mut Given, time: Duration, parts: &[&Span], scopes: &[&Span], depths: &[usize]) {
    if time.is_zero() {
        return;
    }
    let deepest = scopes.iter().map(|s| depths[s.place]).max().unwrap_or(0);
    let waiting = || scopes.iter().filter(|s| depths[s.place] == deepest).map(|s| s.place);
    let places: Vec<usize> =
        if parts.is_empty() { waiting().collect() } else { parts.iter().map(|s| s.place).collect() };
    let Some(share) = u32::try_from(places.len()).ok().and_then(|n| time.checked_div(n)) else {
        given.nowhere += time;
        return;
    };
    let mut left = time;
    for &place in &places {
        given.places[place] += share;
        left -= share;
    }
    // Nanoseconds that do not divide.
    given.places[places[0]] += left;
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ash_runtime::Place;

    use super::*;

    pub(crate) const LIMITS: Limits =
        Limits { threads: 2, int8_gops: 1000.0, f32_gops: 100.0, memory_gb_s: 10.0 };

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// A stage with two models; the second's product is worked on by two threads.
    pub(crate) fn recording() -> Recording {
        let place = |parent, level, name: &str| Place { parent, level, name: Arc::from(name) };
        let product = PlaceLevel::Operation(Op::Query);
        let work = Work {
            arithmetic: Arithmetic::Int8,
            operations: 4_000_000_000,
            bytes: 5_000_000,
            weights: 2_000_000,
            rows: 7,
        };
        let span =
            |place, thread, kind, start, end| Span { place, thread, kind, start: at(start), end: at(end) };
        Recording {
            places: vec![
                place(None, PlaceLevel::Stage, "models"),
                place(Some(0), PlaceLevel::Model, "trunk"),
                place(Some(0), PlaceLevel::Model, "other"),
                place(Some(1), product, "query"),
                place(Some(2), product, "query"),
            ],
            threads: vec!["a".into(), "b".into()],
            spans: vec![
                span(0, 0, SpanKind::Scope, 2, 20),
                span(1, 0, SpanKind::Scope, 2, 10),
                span(3, 0, SpanKind::Call(work), 3, 9),
                span(3, 0, SpanKind::Part, 3, 8),
                span(2, 1, SpanKind::Scope, 5, 18),
                span(4, 1, SpanKind::Call(work), 6, 18),
                span(4, 1, SpanKind::Part, 6, 18),
                span(4, 0, SpanKind::Part, 12, 14),
                span(4, 0, SpanKind::Part, 15, 15),
            ],
            took: at(25),
        }
    }

    fn node<'a>(tree: &'a Node, path: &[&str]) -> &'a Node {
        path.iter().fold(tree, |node, name| node.children.iter().find(|c| c.name == *name).expect(name))
    }

    fn about(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-6
    }

    #[test]
    fn every_moment_is_given_once() {
        let tree = Node::of(&recording(), &LIMITS);
        assert!(about(tree.ms, 25.0));
        // Before and after all stages.
        assert!(about(tree.own_ms, 2.0 + 5.0), "{tree:#?}");
        // Nobody works from 18 on; before 3, the trunk has begun and does nothing.
        assert!(about(node(&tree, &["models"]).own_ms, 2.0));
        assert!(about(node(&tree, &["models", "trunk"]).own_ms, 1.0));
        // 3 to 6 alone, 6 to 8 shared.
        assert!(about(node(&tree, &["models", "trunk", "query"]).ms, 3.0 + 1.0));
        // 8 to 18 and half of 6 to 8; two parts of it share 12 to 14.
        assert!(about(node(&tree, &["models", "other", "query"]).ms, 10.0 + 1.0));
        assert!(about(node(&tree, &["models", "other", "query"]).busy_ms, 12.0 + 2.0));
    }

    #[test]
    fn children_and_what_is_its_own_are_all_of_a_place() {
        let tree = Node::of(&recording(), &LIMITS);
        tree.each(&mut |node| {
            let children: f64 = node.children.iter().map(|c| c.ms).sum();
            assert!(about(node.ms, node.own_ms + children) && node.own_ms >= 0.0, "{node:#?}");
        });
    }

    #[test]
    fn work_is_summed_upwards_and_its_least_time_is_the_harder_limit_of_each_call() {
        let tree = Node::of(&recording(), &LIMITS);
        let query = node(&tree, &["models", "trunk", "query"]);
        // 4·10⁹ operations at 10¹² a second, 2 MB at 10 GB a second.
        assert!(about(query.done.least_arithmetic_ms, 4.0) && about(query.done.least_memory_ms, 0.2));
        assert!(about(query.done.least_ms, 4.0) && about(tree.done.least_ms, 8.0));
        assert!(about(tree.done.rows, 14.0) && about(tree.done.operations(), 8e9));
        let operations = tree.operations();
        assert_eq!(operations.len(), 1);
        assert!(about(operations[0].ms, 15.0) && about(operations[0].calls, 2.0));
    }

    #[test]
    fn the_mean_of_equal_trees_is_that_tree() {
        let tree = Node::of(&recording(), &LIMITS);
        let mut mean = Node::new("batch", Kind::Whole);
        (0..2).for_each(|_| mean.add(&tree));
        mean.scale(0.5);
        assert_eq!(mean, tree);
    }

    #[test]
    fn nothing_recorded_is_a_tree_of_nothing() {
        let tree = Node::of(&Recording { took: at(3), ..Recording::default() }, &LIMITS);
        assert!(about(tree.ms, 3.0) && tree.children.is_empty());
    }
}
