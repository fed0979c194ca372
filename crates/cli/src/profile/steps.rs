//! What would help: rules that look at the figures, each with what it would save.
//!
//! A rule that does not hold says nothing; those that do are sorted by what they save. A saving is an estimate from
//! the figures of the same run, and of the clock of a batch unless the sentence says otherwise.

use ash_runtime::{Limits, Op};
use serde::Serialize;

use super::tree::{Kind, Node};

/// Steps that are told.
const TOLD: usize = 3;
/// A step that saves less than this share of the whole is not worth a sentence.
const WORTH: f64 = 0.01;
/// What share of the limit products of enough rows reach in a model: weights come from far once a group.
const REACHED: f64 = 0.75;
/// With a smaller share of the processor, waiting says nothing about the program.
pub(super) const UNDISTURBED: f64 = 0.9;
/// Rows from which on a product is no longer held up by the reading of its weights.
const ENOUGH_ROWS: f64 = 128.0;

/// What could be done, and what for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Step {
    /// Milliseconds of a batch that it would save, about.
    pub(crate) saves_ms: f64,
    /// What to do, and the figures that say so.
    pub(crate) text: String,
}

/// All that the rules look at.
pub(crate) struct Facts<'a> {
    /// The mean batch.
    pub(crate) batch: &'a Node,
    /// What this machine can do on the threads in use.
    pub(crate) limits: Limits,
    /// Cores that could be used.
    pub(crate) cores: usize,
    /// How much of the time that threads worked they had a processor; 1 if that is unknown.
    pub(crate) processor: f64,
    /// Of a batch.
    pub(crate) messages: f64,
    /// Of a batch, as the models read them.
    pub(crate) tokens: f64,
    /// Tokens of each hypothesis of each role of the profile zero-shot.
    pub(crate) hypotheses: Vec<Vec<usize>>,
    /// The label set with the fewest hypotheses, and how many.
    pub(crate) smallest_set: Option<(String, usize)>,
}

/// The most useful steps, at most three.
pub(crate) fn steps(facts: &Facts) -> Vec<Step> {
    let rules = [
        few_rows,
        idle_threads,
        unused_cores,
        float_products,
        words_on_one_thread,
        quadratic_attention,
        long_hypotheses,
        many_hypotheses,
        quantising_apart,
        handing_over,
    ];
    let mut steps: Vec<Step> = rules.iter().filter_map(|rule| rule(facts)).collect();
    steps.retain(|step| step.saves_ms > WORTH * facts.batch.ms);
    steps.sort_by(|a, b| b.saves_ms.total_cmp(&a.saves_ms));
    steps.truncate(TOLD);
    steps
}

impl Facts<'_> {
    fn threads(&self) -> f64 {
        self.limits.threads.max(1) as f64
    }

    /// The stage of the models; nothing if it took no time.
    fn models(&self) -> Option<&Node> {
        self.batch.stage("models").filter(|models| models.ms > 0.0)
    }

    /// All products of one.
    fn products(&self) -> Node {
        let mut products = Node::new("products", Kind::Whole);
        for operation in self.batch.operations() {
            if let Kind::Operation(op) = operation.kind
                && op.is_product()
            {
                products.add(&operation);
            }
        }
        products
    }

    fn operation(&self, op: Op) -> Option<Node> {
        self.batch.operations().into_iter().find(|node| node.kind == Kind::Operation(op))
    }

    /// "0.71 ms (12 %)"
    fn shown(&self, ms: f64) -> String {
        format!("{} ({} %)", millis(ms), percent(ms / self.batch.ms))
    }
}

/// Products of a few rows wait for their weights, which a batch reads once for all its messages.
fn few_rows(facts: &Facts) -> Option<Step> {
    let products = facts.products();
    let rows = products.done.rows / products.calls.max(1.0);
    let share = products.done.least_arithmetic_ms / products.ms.max(1e-9);
    if rows >= ENOUGH_ROWS || share >= REACHED || products.ms <= 0.0 {
        return None;
    }
    let better = products.done.least_arithmetic_ms / REACHED;
    let gops = products.done.operations() / products.ms / 1e6;
    Some(Step {
        saves_ms: products.ms - better,
        text: format!(
            "Products take {} at {gops:.0} GOPS, {} % of this machine's limit of arithmetic, because they have {rows:.0} rows on average \
             for {:.0} MB of weights that are read for them. Messages judged together (POST /analyze/batch, or whatever \
             waits in the queue) share that reading: at the {} % that enough rows reach it would be {} a batch of this \
             size, in throughput, not in the wait of a lone message.",
            facts.shown(products.ms),
            percent(share),
            products.done.weight_bytes / 1e6,
            percent(REACHED),
            millis(better),
        ),
    })
}

/// Threads that wait while the models run.
fn idle_threads(facts: &Facts) -> Option<Step> {
    let models = facts.models()?;
    let threads = facts.threads();
    let busy = models.busy_ms / (models.ms * threads);
    // A thread that other programs kept from its processor is not idle.
    if threads < 2.0 || busy >= 0.85 || facts.processor < UNDISTURBED {
        return None;
    }
    let divided = models.busy_ms / threads;
    Some(Step {
        saves_ms: models.ms - divided,
        text: format!(
            "While the models run ({}), the {threads:.0} threads are busy {} % of the time: {:.0} tokens divide badly. Evenly \
             divided, the same work is {}: judge more messages together, or serve with fewer threads and more processes.",
            facts.shown(models.ms),
            percent(busy),
            facts.tokens,
            millis(divided),
        ),
    })
}

/// Fewer threads than cores.
fn unused_cores(facts: &Facts) -> Option<Step> {
    let models = facts.models()?;
    let (threads, cores) = (facts.threads(), facts.cores as f64);
    if cores <= threads {
        return None;
    }
    let divided = models.ms * threads / cores;
    Some(Step {
        saves_ms: models.ms - divided,
        text: format!(
            "The models run on {threads:.0} of {cores:.0} cores and take {}: with `--threads {cores:.0}` (models.threads) they \
             would take {} if they divide evenly.",
            facts.shown(models.ms),
            millis(divided),
        ),
    })
}

/// Products of floats where bytes would do.
fn float_products(facts: &Facts) -> Option<Step> {
    let products = facts.products();
    let faster = facts.limits.int8_gops / facts.limits.f32_gops.max(1e-9);
    if products.done.int8_operations > products.done.f32_operations || faster <= 1.2 || products.ms <= 0.0 {
        return None;
    }
    let better = products.ms / faster;
    Some(Step {
        saves_ms: products.ms - better,
        text: format!(
            "Products take {} and are of f32. This machine multiplies bytes {faster:.1} times as fast ({:.0} GOPS against \
             {:.0}): with `--precision int8` they would take some {}.",
            facts.shown(products.ms),
            facts.limits.int8_gops,
            facts.limits.f32_gops,
            millis(better),
        ),
    })
}

/// Looking at words is done by one thread, before or after the models.
fn words_on_one_thread(facts: &Facts) -> Option<Step> {
    let patterns = facts.batch.stage("patterns")?;
    let threads = facts.threads();
    if threads < 2.0 || patterns.ms < 0.02 * facts.batch.ms {
        return None;
    }
    let each = patterns.ms / facts.messages.max(1.0);
    if facts.messages >= 2.0 {
        let divided = patterns.ms / threads;
        return Some(Step {
            saves_ms: patterns.ms - divided,
            text: format!(
                "Patterns take {}, {} a message, on one of {threads:.0} threads: divided among them, it would be {}.",
                facts.shown(patterns.ms),
                millis(each),
                millis(divided),
            ),
        });
    }
    let models = facts.models().filter(|_| facts.processor >= UNDISTURBED)?;
    let idle = (models.ms * threads - models.busy_ms).max(0.0);
    Some(Step {
        saves_ms: patterns.ms.min(idle),
        text: format!(
            "Patterns take {} on one thread while the others wait. While the models run, {} of thread time are idle: looked \
             for beside the models, patterns would cost nothing or little.",
            facts.shown(patterns.ms),
            millis(idle),
        ),
    })
}

/// Attention of long texts.
fn quadratic_attention(facts: &Facts) -> Option<Step> {
    let attention = facts.operation(Op::Attention)?;
    let share = attention.ms / facts.batch.ms;
    let length = facts.tokens / facts.messages.max(1.0);
    if !facts.hypotheses.is_empty() || length < 64.0 || share < 0.1 {
        return None;
    }
    Some(Step {
        saves_ms: attention.ms / 2.0,
        text: format!(
            "Attention takes {} and grows with the square of length; a message has {length:.0} tokens here. Halves of \
             {:.0} tokens, judged together, would take half of it, if a message may be cut.",
            facts.shown(attention.ms),
            length / 2.0,
        ),
    })
}

/// Some hypotheses are longer than most.
fn long_hypotheses(facts: &Facts) -> Option<Step> {
    let models = facts.models()?;
    let mut lengths: Vec<usize> = facts.hypotheses.iter().flatten().copied().collect();
    lengths.sort_unstable();
    let (all, median) = (lengths.len(), *lengths.get(lengths.len() / 2)?);
    let long: Vec<usize> = lengths.iter().copied().filter(|&length| length > median).collect();
    let all_tokens = facts.tokens / facts.messages.max(1.0);
    let own: usize = lengths.iter().sum();
    // What a pair has beside its hypothesis: the message, and what separates them.
    let beside = (all_tokens - own as f64) / all as f64;
    let taken = long.iter().map(|&length| length as f64 + beside).sum::<f64>() / all_tokens;
    let spared = long.iter().map(|length| length - median).sum::<usize>() as f64 / all_tokens;
    if long.is_empty() || beside < 0.0 {
        return None;
    }
    Some(Step {
        saves_ms: models.ms * spared,
        text: format!(
            "{} of {all} hypotheses take {} % of the tokens: use shorter labels. At the median of {median} tokens (the longest \
             has {}) the models would read {} % less.",
            long.len(),
            percent(taken),
            long.last().copied().unwrap_or(median),
            percent(spared),
        ),
    })
}

/// Another label set asks less.
fn many_hypotheses(facts: &Facts) -> Option<Step> {
    let models = facts.models()?;
    let all: usize = facts.hypotheses.iter().map(Vec::len).sum();
    let (name, fewer) = facts.smallest_set.as_ref().filter(|(_, fewer)| *fewer < all)?;
    let left = *fewer as f64 / all as f64;
    Some(Step {
        saves_ms: models.ms * (1.0 - left),
        text: format!(
            "Every message is asked {all} hypotheses ({:.0} tokens): `--labels {name}` asks {fewer}, {} % of them, if it \
             tells apart what you need.",
            facts.tokens / facts.messages.max(1.0),
            percent(left),
        ),
    })
}

/// Rows are read once more to make bytes of them.
fn quantising_apart(facts: &Facts) -> Option<Step> {
    let quantise = facts.operation(Op::Quantise)?;
    if quantise.ms < 0.03 * facts.batch.ms {
        return None;
    }
    Some(Step {
        saves_ms: quantise.ms / 2.0,
        text: format!(
            "Quantising takes {} in {:.0} passes over rows that the operation before has just written: done in its epilogue, \
             about half of that would go (a change of the engine).",
            facts.shown(quantise.ms),
            quantise.calls,
        ),
    })
}

/// Time outside of all stages: the queue, and threads that are woken.
fn handing_over(facts: &Facts) -> Option<Step> {
    let own = facts.batch.own_ms;
    if own < 0.04 * facts.batch.ms || facts.processor < UNDISTURBED {
        return None;
    }
    Some(Step {
        saves_ms: own / 2.0,
        text: format!(
            "{} pass outside of all stages, where one thread hands over to another: messages that come together (POST \
             /analyze/batch) pay for it once.",
            facts.shown(own),
        ),
    })
}

/// "0.71 ms", "312 ms"
pub(super) fn millis(ms: f64) -> String {
    match ms {
        _ if ms >= 100.0 => format!("{ms:.0} ms"),
        _ if ms >= 10.0 => format!("{ms:.1} ms"),
        _ => format!("{ms:.2} ms"),
    }
}

/// Of a share, without its sign: "12", "0.4"
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent < 1.0 { format!("{percent:.1}") } else { format!("{percent:.0}") }
}

#[cfg(test)]
mod tests;
