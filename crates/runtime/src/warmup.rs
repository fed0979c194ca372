//! The warm-up: the live pipeline runs until it is at its pace, and what is said of it was measured.

use std::time::{Duration, Instant};

use ash_analysis::{CrisisAnalyzer, MessageText};
use serde::Serialize;

use crate::pipeline::assess;
use crate::timing::ms;

/// What the warm-up did. Every field is a measured fact; the default is "nothing happened yet".
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
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
    /// The first request after warm-up took at most 1.25 × the steady median + 5 ms.
    pub cold_start_eliminated: bool,
    /// Warm-up succeeded and every configured model answers.
    pub ready_for_production: bool,
    /// What the very first message cost, before anything was warm.
    pub cold_request_ms: Option<f64>,
    /// What the first message after the rounds cost.
    pub first_request_ms: Option<f64>,
    /// The median of those that followed.
    pub steady_ms: Option<f64>,
    /// How many rounds ran until one was no longer clearly faster than the one before, or time was up.
    pub rounds: u32,
    /// Why it did not succeed.
    pub error: Option<String>,
}

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

/// Runs the live analyzer on short, medium and long messages, single and batched, until it is
/// steady, then measures whether a first request can still be told from a later one.
pub(crate) fn warm_up(analyzer: &CrisisAnalyzer) -> WarmupStatus {
    let start = Instant::now();
    let mut status = WarmupStatus::default();
    match rehearse(analyzer, &mut status) {
        Ok(()) => status.warmup_success = true,
        Err(error) => status.error = Some(error),
    }
    status.ready_for_production = status.warmup_success;
    status.total_warmup_time_ms = ms(start.elapsed());
    status
}

fn rehearse(analyzer: &CrisisAnalyzer, status: &mut WarmupStatus) -> Result<(), String> {
    let singles = samples();
    let probe = std::slice::from_ref(&singles[1]);
    status.cold_request_ms = Some(run(analyzer, probe)?);

    let (begin, mut fastest) = (Instant::now(), f64::INFINITY);
    while status.rounds == 0 || begin.elapsed() < ROUNDS_BUDGET {
        let mut round = run(analyzer, &singles)?;
        for single in &singles {
            if begin.elapsed() < SINGLES_BUDGET {
                round += run(analyzer, std::slice::from_ref(single))?;
            }
        }
        status.rounds += 1;
        if round > fastest * 0.9 {
            break;
        }
        fastest = round;
    }
    status.pipeline_warmed = true;

    let (begin, mut probes) = (Instant::now(), Vec::with_capacity(PROBES));
    while probes.len() < ENOUGH_PROBES || (probes.len() < PROBES && begin.elapsed() < PROBES_BUDGET) {
        probes.push(run(analyzer, probe)?);
    }
    let (first, steady) = (probes[0], median(&probes[1..]));
    status.first_request_ms = Some(first);
    status.steady_ms = Some(steady);
    status.cold_start_eliminated = first <= 1.25 * steady + 5.0;
    Ok(())
}

/// Milliseconds that the texts took together; an error if any model failed on them.
fn run(analyzer: &CrisisAnalyzer, texts: &[MessageText]) -> Result<f64, String> {
    let start = Instant::now();
    let (assessments, _) = assess(analyzer, texts);
    let took = ms(start.elapsed());
    match assessments.iter().flat_map(|a| &a.failures).next() {
        Some(failure) => Err(failure.to_string()),
        None if assessments.len() == texts.len() => Ok(took),
        None => Err("the pipeline lost a message".into()),
    }
}

/// A short, a medium and a long message, as people write them.
fn samples() -> [MessageText; 3] {
    let texts = ["hey, anyone around?", MEDIUM, LONG];
    texts.map(|text| MessageText::parse(text).expect("the samples are neither blank nor too long"))
}

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
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::INFINITY)
}
