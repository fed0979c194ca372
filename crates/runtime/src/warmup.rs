//! The warm-up: the live pipeline runs until it is at its pace, and what is said of it was measured.

use std::time::{Duration, Instant};

use ash_analysis::MessageText;
use serde::Serialize;
use utoipa::ToSchema;

use crate::timing::{Timing, microseconds, ms};

/// What the warm-up did. Every field is a measured fact; the default is "nothing happened yet".
#[derive(Debug, Clone, PartialEq, Default, Serialize, ToSchema)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "five independent facts, under the names that clients read"
)]
pub struct WarmupStatus {
    /// Every representative message went through the live pipeline in a batch, and alone too unless the models
    /// are so large that somebody would wait seconds for it.
    pub pipeline_warmed: bool,
    /// It was warmed and no model failed on the way.
    pub warmup_success: bool,
    /// How long it took.
    pub total_warmup_time_ms: f64,
    /// The first request after warm-up took at most 1.25 × the steady median + 5 ms, and so did the first that
    /// somebody sent, if it could be told from its length.
    pub cold_start_eliminated: bool,
    /// Warm-up succeeded and every configured model answers.
    pub ready_for_production: bool,
    /// What the very first message cost, before anything was warm.
    pub cold_request_ms: Option<f64>,
    /// What the first message after the rounds cost.
    pub first_request_ms: Option<f64>,
    /// The median of those that followed.
    pub steady_ms: Option<f64>,
    /// What the first request would have cost more than a later one.
    pub penalty_avoided_ms: Option<f64>,
    /// How many rounds ran until one was no longer clearly faster than the one before, or time was up.
    pub rounds: u32,
    /// Each stage at first and at last.
    pub stages: Vec<Pace>,
    /// Each model, and the layers that they share, at first and at last.
    pub models: Vec<Pace>,
    /// The first message that somebody sent and that ran alone, once there was one.
    pub first_live: Option<FirstLive>,
    /// Why it did not succeed.
    pub error: Option<String>,
}

/// A part of the pipeline at first and at last.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Pace {
    /// Its name.
    pub name: String,
    /// How long it took to load; none for what is not loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_ms: Option<f64>,
    /// Of the very first message.
    pub first_ms: f64,
    /// The median once it was steady.
    pub steady_ms: f64,
}

/// The first real request, beside what the warm-up had led to expect of a message of its length.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct FirstLive {
    /// What it took, without waiting in the queue.
    pub took_ms: f64,
    /// What a message of as many tokens took in the warm-up, by a straight line through its messages.
    pub expected_ms: f64,
    /// It took at most 1.25 times as long, + 5 ms.
    pub within: bool,
}

impl FirstLive {
    /// Compares.
    pub(crate) fn new(took_ms: f64, expected_ms: f64) -> Self {
        let within = is_warm(took_ms, expected_ms);
        FirstLive { took_ms: microseconds(took_ms), expected_ms: microseconds(expected_ms), within }
    }
}

/// The one definition of "no cold start".
fn is_warm(first_ms: f64, steady_ms: f64) -> bool {
    first_ms <= 1.25 * steady_ms + 5.0
}

/// What the pipeline took for messages of so many tokens: the yardstick of the live service.
pub(crate) type Measured = Vec<(usize, f64)>;

/// Runs messages through the live pipeline: the timing of each, or why a model failed on one.
pub(crate) type Run<'a> = &'a dyn Fn(&[MessageText]) -> Result<Vec<Timing>, String>;

/// No round begins after this: the first touches all memory and every code path, the others only
/// polish, and a service that still polishes answers nobody.
const ROUNDS_BUDGET: Duration = Duration::from_millis(250);

/// No message of a round is run alone after this: all of them have been through in the batch.
const SINGLES_BUDGET: Duration = Duration::from_secs(2);

/// Messages measured after the rounds, all of the same length: the first, and those that tell the pace.
const PROBES: usize = 9;
/// Of large models fewer are measured: three after the first tell their pace, and somebody waits.
const ENOUGH_PROBES: usize = 4;
/// No probe beyond [`ENOUGH_PROBES`] begins after this.
const PROBES_BUDGET: Duration = Duration::from_millis(500);

/// Sends short, medium and long messages through the live pipeline, single and batched, until it is
/// steady, then measures whether a first request can still be told from a later one.
pub(crate) fn warm_up(run: Run<'_>) -> (WarmupStatus, Measured) {
    let start = Instant::now();
    let (mut status, mut measured) = (WarmupStatus::default(), Vec::new());
    match rehearse(&mut Rehearsal { run, sent: 0 }, &mut status, &mut measured) {
        Ok(()) => status.warmup_success = true,
        Err(error) => status.error = Some(error),
    }
    status.ready_for_production = status.warmup_success;
    status.total_warmup_time_ms = microseconds(ms(start.elapsed()));
    (status, measured)
}

fn rehearse(
    stage: &mut Rehearsal<'_>,
    status: &mut WarmupStatus,
    measured: &mut Measured,
) -> Result<(), String> {
    let cold = stage.play(&[MEDIUM])?.remove(0);
    status.cold_request_ms = Some(microseconds(cold.total_ms));

    let (begin, mut fastest) = (Instant::now(), f64::INFINITY);
    while status.rounds == 0 || begin.elapsed() < ROUNDS_BUDGET {
        let round = Instant::now();
        stage.play(&SAMPLES)?;
        measured.clear();
        for sample in SAMPLES {
            if begin.elapsed() < SINGLES_BUDGET {
                measured.extend(stage.play(&[sample])?.iter().map(lone));
            }
        }
        status.rounds += 1;
        let round = ms(round.elapsed());
        if round > fastest * 0.9 {
            break;
        }
        fastest = round;
    }
    status.pipeline_warmed = true;

    let (begin, mut probes) = (Instant::now(), Vec::with_capacity(PROBES));
    while probes.len() < ENOUGH_PROBES || (probes.len() < PROBES && begin.elapsed() < PROBES_BUDGET) {
        probes.push(stage.play(&[MEDIUM])?.remove(0));
    }
    let later = &probes[1..];
    let (first, steady) = (probes[0].total_ms, median(later.iter().map(|t| t.total_ms)));
    status.first_request_ms = Some(microseconds(first));
    status.steady_ms = Some(microseconds(steady));
    status.penalty_avoided_ms = Some(microseconds((cold.total_ms - first).max(0.0)));
    status.cold_start_eliminated = is_warm(first, steady);
    status.stages = stages(&cold, later);
    status.models = models(&cold, later);
    measured.extend(later.iter().map(lone));
    Ok(())
}

/// How long a message took that ran alone, by its tokens.
fn lone(timing: &Timing) -> (usize, f64) {
    (timing.tokens, timing.total_ms - timing.queue_ms)
}

/// Sends every text once only, so that nothing is remembered: the pipeline is warmed, not the cache.
struct Rehearsal<'a> {
    run: Run<'a>,
    sent: u32,
}

impl Rehearsal<'_> {
    fn play(&mut self, texts: &[&str]) -> Result<Vec<Timing>, String> {
        let numbered = texts.iter().map(|text| {
            self.sent += 1;
            MessageText::parse(&format!("{}: {text}", self.sent)).map_err(|error| error.to_string())
        });
        let numbered: Vec<MessageText> = numbered.collect::<Result<_, _>>()?;
        let timings = (self.run)(&numbered)?;
        if timings.len() == texts.len() { Ok(timings) } else { Err("the pipeline lost a message".into()) }
    }
}

fn stages(cold: &Timing, later: &[Timing]) -> Vec<Pace> {
    type Stage = (&'static str, fn(&Timing) -> f64);
    let all: [Stage; 7] = [
        ("queue", |t| t.queue_ms),
        ("normalise", |t| t.normalise_ms),
        ("tokenise", |t| t.tokenise_ms),
        ("inference", |t| t.models_ms),
        ("patterns", |t| t.patterns_ms),
        ("decision", |t| t.decision_ms),
        ("total", |t| t.total_ms),
    ];
    all.map(|(name, of)| pace(name, of(cold), later.iter().map(of))).into()
}

fn models(cold: &Timing, later: &[Timing]) -> Vec<Pace> {
    let of = |timing: &Timing, name: &str| {
        timing.inference_ms.0.iter().find(|(known, _)| &**known == name).map(|(_, ms)| *ms)
    };
    let all = cold.inference_ms.0.iter();
    all.map(|(name, first)| pace(name, *first, later.iter().filter_map(|t| of(t, name)))).collect()
}

fn pace(name: &str, first_ms: f64, later: impl Iterator<Item = f64>) -> Pace {
    let [first_ms, steady_ms] = [first_ms, median(later)].map(microseconds);
    Pace { name: name.to_owned(), load_ms: None, first_ms, steady_ms }
}

/// A short, a medium and a long message, as people write them.
const SAMPLES: [&str; 3] = ["hey, anyone around?", MEDIUM, LONG];

const MEDIUM: &str = "work was a lot this week and I barely slept, so I skipped the game night again. \
    I keep telling everyone I am fine but honestly I feel pretty alone with it lately.";

const LONG: &str = "sorry for the wall of text, I just need to get this out somewhere. the last few months \
    have been a mess: we moved in spring, I lost the job that I had only started, and since then every \
    day looks the same. I get up late, I answer nobody, I tell my sister that I am busy. my doctor \
    changed the tablets twice and I cannot say that it got any better, I am only more tired. some days \
    are okay, we played until three on saturday and I laughed for the first time in weeks, and then on \
    sunday it was all gone again and I could not get off the couch. I know that people here have been \
    through worse and I do not want to be a burden to anyone, that is why I mostly read and write \
    nothing. but last night I lay awake and thought that nobody would notice if I stopped showing up, \
    and that thought scared me enough to write this. I have an appointment on thursday and I will go, \
    I promised. until then I would be glad about anybody who wants to play something or just talk.";

/// The middle value; probes are few and never empty.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timing::ByModel;
    use std::cell::Cell;

    fn timing(total_ms: f64) -> Timing {
        let inference_ms = ByModel(vec![("depression".into(), total_ms / 2.0)]);
        Timing {
            total_ms,
            models_ms: total_ms / 2.0,
            inference_ms,
            tokens: 40,
            batch: 1,
            ..Timing::default()
        }
    }

    #[test]
    fn a_pipeline_that_was_slow_only_at_first_is_warm_and_the_penalty_is_told() {
        let runs = Cell::new(0);
        let (status, measured) = warm_up(&|texts| {
            runs.set(runs.get() + 1);
            Ok(vec![timing(if runs.get() == 1 { 90.0 } else { 10.0 }); texts.len()])
        });
        assert!(status.warmup_success && status.cold_start_eliminated && status.ready_for_production);
        assert_eq!(
            (status.cold_request_ms, status.first_request_ms, status.steady_ms, status.penalty_avoided_ms),
            (Some(90.0), Some(10.0), Some(10.0), Some(80.0))
        );
        let model = &status.models[0];
        assert_eq!((model.name.as_str(), model.first_ms, model.steady_ms), ("depression", 45.0, 5.0));
        assert_eq!(status.stages.len(), 7);
        assert!(measured.len() > PROBES && measured.contains(&(40, 10.0)));
    }

    #[test]
    fn no_text_is_sent_twice() {
        let seen = std::cell::RefCell::new(std::collections::BTreeSet::new());
        warm_up(&|texts| {
            for text in texts {
                assert!(seen.borrow_mut().insert(text.expose().to_owned()), "sent twice");
            }
            Ok(vec![timing(1.0); texts.len()])
        });
        assert!(seen.borrow().len() > PROBES);
    }

    #[test]
    fn a_model_that_fails_on_the_way_is_an_error_and_nothing_is_claimed() {
        let (status, _) = warm_up(&|_| Err("model sentiment failed: told to".into()));
        assert_eq!(status.error.as_deref(), Some("model sentiment failed: told to"));
        assert!(!status.pipeline_warmed && !status.cold_start_eliminated && !status.ready_for_production);
    }

    #[test]
    fn the_first_live_request_is_measured_by_the_same_rule() {
        assert!(FirstLive::new(17.5, 10.0).within);
        assert!(!FirstLive::new(17.6, 10.0).within);
    }
}
