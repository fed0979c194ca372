//! `ash-nlp bench compare A B`: which of two is faster, measured in turn, in one run, on one machine.
//!
//! Figures of two runs are not compared: this hour's machine is not the last one's. Both servers run at the same time and are
//! asked one after another; whatever disturbs the machine disturbs both.
//!
//! | file | noun |
//! |---|---|
//! | [`side`] | one of the two |
//! | [`ratio`] | how many times as long, and how sure that is |
//! | [`report`] | all of it, for people, as JSON and as a page |

mod ratio;
mod report;
mod side;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use self::ratio::Round;
use self::report::{Report, Shown};
use self::side::Side;
use super::chatter::CHATTER;
use super::client::Connection;
use super::history::entry::Built;
use super::latency::milliseconds;
use super::output;
use super::target::{Target, measured, refused};
use super::texts::Texts;
use crate::args::Global;
use crate::outcome::Outcome;
use crate::progress;

/// Arguments of `bench compare`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The first: a URL, a program file, a configuration (*.toml) for this program, or `this`
    #[arg(value_name = "A")]
    a: Side,
    /// The second
    #[arg(value_name = "B")]
    b: Side,
    /// Rounds that count, after one that does not; in each, 24 messages go to both
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(8..=10_000))]
    rounds: u32,
    /// A file with the API key to send to both [default: the file named by `ASH_KEY_FILE`]
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Exit with 1 if B is slower: if the whole 95 % interval of the ratio lies above 1
    #[arg(long)]
    assert: bool,
    #[command(flatten)]
    output: output::Args,
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp bench compare this one-thread.toml
  ash-nlp bench compare old/ash-nlp new/ash-nlp --rounds 50 --html compare.html
  ash-nlp bench compare http://127.0.0.1:8881 http://127.0.0.1:8882 --json

Servers that are not running are started on free ports of their own and stopped afterwards. Each
message goes to both, one after the other, and who is first changes from message to message, so
that noise of the machine hits both. The ratio is that of the medians; its 95 % interval comes from
drawing the rounds anew a thousand times.";

/// Measures and prints the report to standard output.
pub(crate) fn run(global: &Global, args: &Args) -> Result<Outcome> {
    let output = args.output.open(global)?;
    let report = measured(measure(global, args))?;
    output.write(&report, args.assert)
}

async fn measure(global: &Global, args: &Args) -> Result<Report> {
    let key = args.key_file.as_deref();
    let a = args.a.ready(global, key).await.context("A")?;
    let b = args.b.ready(global, key).await.context("B")?;
    let built = [Built::told(&a.status().await), Built::told(&b.status().await)];
    let (mut asking_a, mut asking_b) = (Asking::new(&a), Asking::new(&b));
    let texts = Texts::new();
    let rounds = usize::try_from(args.rounds)?;
    let bar = progress::bar((rounds + 1) * CHATTER.len(), "A and B in turn");
    let mut counted = Vec::with_capacity(rounds);
    for n in 0..=rounds {
        let mut round = Round::default();
        for (i, message) in CHATTER.iter().enumerate() {
            // No two texts are alike: both sides may be the same server.
            let (for_a, for_b) = (texts.next_of(message), texts.next_of(message));
            if (n + i) % 2 == 0 {
                round.a.push(asking_a.ask(&for_a).await.context("A")?);
                round.b.push(asking_b.ask(&for_b).await.context("B")?);
            } else {
                round.b.push(asking_b.ask(&for_b).await.context("B")?);
                round.a.push(asking_a.ask(&for_a).await.context("A")?);
            }
            bar.inc(1);
        }
        if n > 0 {
            counted.push(round);
        }
    }
    bar.finish_and_clear();
    let [built_a, built_b] = built;
    let shown = [
        Shown::of(args.a.kind(), built_a, &asking_a, counted.iter().map(|r| &r.a))?,
        Shown::of(args.b.kind(), built_b, &asking_b, counted.iter().map(|r| &r.b))?,
    ];
    drop((asking_a, asking_b));
    a.stop().await?;
    b.stop().await?;
    Report::of(shown, &counted)
}

/// A connection to one side, and what it answered.
struct Asking {
    connection: Connection,
    url: String,
    asked: usize,
    degraded: usize,
}

impl Asking {
    fn new(target: &Target) -> Self {
        Asking { connection: target.connection(), url: target.url.clone(), asked: 0, degraded: 0 }
    }

    /// Milliseconds. Anything but a verdict is an error: there would be nothing to compare.
    async fn ask(&mut self, text: &str) -> Result<f64> {
        let Asking { connection, url, .. } = self;
        let reply = connection.analyze(text).await.with_context(|| format!("{url}: POST /analyze"))?;
        refused(connection, url, reply.status.as_u16())?;
        if !reply.status.is_success() {
            bail!("{url}: POST /analyze answered {}: one request at a time should not", reply.status);
        }
        let verdict = reply.verdict().with_context(|| format!("{url}: POST /analyze"))?;
        self.asked += 1;
        self.degraded += usize::from(verdict.is_degraded);
        Ok(milliseconds(Duration::max(reply.took, Duration::from_micros(1))))
    }

    fn degraded_share(&self) -> f64 {
        self.degraded as f64 / self.asked.max(1) as f64
    }
}
