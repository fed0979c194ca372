//! The report: the JSON of `--json`, and what [`super::view`] shows.

use std::collections::BTreeMap;
use std::thread::available_parallelism;

use ash_runtime::{Limits, Profile, Service, VERSION, kernel_name};
use serde::Serialize;

use super::passes::Passes;
use super::steps::{Facts, Step, steps};
use super::tree::{Done, Kind, Node};
use crate::setup::Provenance;

/// Where the time went; times are of one batch.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    version: &'static str,
    pub(crate) profile: Profile,
    pub(crate) precision: String,
    model_versions: BTreeMap<String, String>,
    /// The instructions that the kernels use.
    pub(crate) kernel: &'static str,
    pub(crate) threads: usize,
    /// Messages that were judged, how many of them together at most, and in how many batches.
    pub(crate) messages: usize,
    pub(crate) batch: usize,
    pub(crate) batches: usize,
    /// Tokens that the models read of all messages.
    pub(crate) tokens: usize,
    pub(crate) runs: usize,
    /// Of a batch.
    pub(crate) total_ms: Total,
    /// How much of the time that threads worked they had a processor: less than 1 where other programs ran on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) processor_share: Option<f64>,
    pub(crate) target_ms: f64,
    /// The target without the median; less than 0 if it is missed.
    pub(crate) gap_ms: f64,
    /// What this machine could do on these threads.
    pub(crate) limits: Limits,
    /// The mean batch of the middle half of the runs.
    pub(crate) tree: Figures,
    /// Operations of one kind, wherever they are; the longest first.
    pub(crate) operations: Vec<Figures>,
    /// What would help most, the most useful first.
    pub(crate) next_steps: Vec<Step>,
}

/// Milliseconds by runs.
#[derive(Debug, Serialize)]
pub(crate) struct Total {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

/// A place with its figures.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) calls: f64,
    /// Of the clock.
    pub(crate) ms: f64,
    pub(crate) share: f64,
    /// What no place inside accounts for.
    pub(crate) own_ms: f64,
    /// Milliseconds that threads worked, all together; absent where that is not recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) busy_ms: Option<f64>,
    /// The same as a share of what all threads could have worked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) busy_share: Option<f64>,
    /// 10⁹ operations a second of the clock; absent where there is no arithmetic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) gops: Option<f64>,
    /// 10⁹ bytes a second of the clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) gb_s: Option<f64>,
    /// How much of the time the same work would take at this machine's limit, and which limit that mostly is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) of_limit: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limited_by: Option<&'static str>,
    #[serde(skip_serializing_if = "is_nothing")]
    pub(crate) work: Done,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) children: Vec<Figures>,
}

fn is_nothing(done: &Done) -> bool {
    *done == Done::default()
}

impl Figures {
    fn of(node: &Node, whole_ms: f64, threads: usize) -> Self {
        let done = node.done;
        let children = node.children.iter().map(|child| Figures::of(child, whole_ms, threads)).collect();
        // Milliseconds: 10⁶ a millisecond are 10⁹ a second.
        let pace = |amount: f64| (amount > 0.0 && node.ms > 0.0).then(|| rounded(amount / node.ms / 1e6, 1));
        let is_worked = node.busy_ms > 0.0 && node.kind != Kind::Whole;
        let is_bound = done.least_ms > 0.0 && node.ms > 0.0;
        let limited_by =
            if done.least_memory_ms > done.least_arithmetic_ms { "memory" } else { "arithmetic" };
        Figures {
            name: node.name.clone(),
            kind: node.kind.as_str(),
            calls: rounded(node.calls, 2),
            ms: rounded(node.ms, 4),
            share: rounded(node.ms / whole_ms.max(1e-9), 4),
            own_ms: rounded(node.own_ms, 4),
            busy_ms: is_worked.then(|| rounded(node.busy_ms, 4)),
            busy_share: is_worked
                .then(|| rounded(node.busy_ms / (node.ms.max(1e-9) * threads.max(1) as f64), 4)),
            gops: pace(done.operations()),
            gb_s: pace(done.bytes),
            of_limit: is_bound.then(|| rounded(done.least_ms / node.ms, 4)),
            limited_by: is_bound.then_some(limited_by),
            work: done,
            children,
        }
    }
}

fn rounded(x: f64, digits: i32) -> f64 {
    let tens = 10_f64.powi(digits);
    (x * tens).round() / tens
}

impl Report {
    /// Of what was recorded.
    pub(crate) fn new(service: &Service, passes: &Passes, batch: usize, limits: Limits) -> Self {
        let settings = service.settings();
        let by = Provenance::of(service);
        let [median, min, max] = passes.batch_ms().map(|ms| rounded(ms, 4));
        let target_ms = settings.performance.target().as_secs_f64() * 1e3;
        let tree = &passes.mean;
        let (threads, batches) = (limits.threads, passes.batches as f64);
        let figures = |node: &Node| Figures::of(node, tree.ms, threads);
        let hypotheses = service.hypothesis_tokens().into_iter().map(|(_, lengths)| lengths).collect();
        let smallest_set = service.with_label_sets(|sets| {
            let sets = sets.iter().map(|set| (set.name().to_owned(), set.hypotheses()));
            sets.min_by_key(|(_, hypotheses)| *hypotheses)
        });
        let facts = Facts {
            batch: tree,
            limits,
            cores: available_parallelism().map_or(threads, Into::into),
            processor: passes.processor().unwrap_or(1.0),
            messages: passes.messages as f64 / batches,
            tokens: passes.tokens as f64 / batches,
            hypotheses,
            smallest_set: smallest_set.flatten(),
        };
        Report {
            version: VERSION,
            profile: settings.models.profile,
            precision: by.precision,
            model_versions: by.versions,
            kernel: kernel_name(),
            threads,
            messages: passes.messages,
            batch: batch.min(passes.messages),
            batches: passes.batches,
            tokens: passes.tokens,
            runs: passes.runs(),
            total_ms: Total { median, min, max },
            processor_share: passes.processor().map(|share| rounded(share, 4)),
            target_ms,
            gap_ms: rounded(target_ms - median, 4),
            limits: Limits {
                threads,
                int8_gops: rounded(limits.int8_gops, 1),
                f32_gops: rounded(limits.f32_gops, 1),
                memory_gb_s: rounded(limits.memory_gb_s, 1),
            },
            tree: figures(tree),
            operations: tree.operations().iter().map(figures).collect(),
            next_steps: steps(&facts)
                .into_iter()
                .map(|step| Step { saves_ms: rounded(step.saves_ms, 4), ..step })
                .collect(),
        }
    }
}
