//! `ash-nlp profile`: where the time of a verdict goes, how far that is from what this machine can do, and what would
//! help most.
//!
//! | file | what lives there |
//! |---|---|
//! | [`input`] | the messages |
//! | [`passes`] | judges them again and again, and keeps the middle half of what was recorded |
//! | [`tree`] | spans → stages, models, layers, operations whose times add up |
//! | [`steps`] | what would help, each by a rule with its figures |
//! | [`report`] | all of it as one struct, which is the JSON; [`view`] shows it to people, [`table`] its places |
//! | [`trace`], [`flame`] | the same for Perfetto, and as a picture; [`files`] is where they go |
//!
//! What a message says is nowhere in any of them.

mod files;
mod flame;
mod input;
mod passes;
mod report;
mod steps;
mod table;
mod trace;
mod tree;
mod view;

use std::io::Write;
use std::path::{Path, PathBuf};

use anstream::{eprintln, stdout};
use anyhow::Result;
use ash_runtime::Overrides;

use crate::args::Global;
use crate::outcome::Outcome;
use crate::setup;
use crate::terminal::columns;
use input::Source;
use passes::Passes;
use report::Report;

/// Arguments of `profile`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Messages, each argument one; or one file with a message a line (text, or JSON with `text` or `message`), or `-`
    /// for standard input. A single argument is a file if there is one of that name
    #[arg(value_name = "TEXT|FILE")]
    messages: Vec<String>,
    /// Judge so many messages together
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    batch: u32,
    /// Judge all messages so often and show the middle half [default: 20, or fewer if that took longer than 20 s]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    runs: Option<u32>,
    /// Levels of the tree: 1 is stages, 2 models, 3 layers, 4 operations
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=4))]
    depth: u32,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// Write one run as trace events, for ui.perfetto.dev or `chrome://tracing`
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Write a flame graph (SVG)
    #[arg(long, value_name = "FILE")]
    flame: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp profile \"i just feel so empty lately\"
  ash-nlp profile --depth 4 \"i just feel so empty lately\" | less -R
  ash-nlp profile messages.txt --batch 32 --flame flame.svg
  ash-nlp --threads 1 profile \"i just feel so empty lately\" --json | jq .next_steps
  ash-nlp profile - --trace trace.json < messages.txt
  ash-nlp --profile zero-shot profile \"i just feel so empty lately\" --runs 5

Times are shares of the clock: what two threads do at once counts half each, so that all of them add up.
No message is shown, nor written to any file. Run it on an otherwise idle machine.

Exit codes:
  0  done
  2  nothing was done: wrong usage, configuration, file or models; or a line is no message";

/// Measures and prints the report to standard output.
pub(crate) fn run(global: &Global, args: &Args) -> Result<Outcome> {
    let source = Source::of(&args.messages)?;
    // Before anything is measured: nobody should wait for what is seen not to be writable.
    files::check(&args.places(), source.path())?;
    for number in source.doubtful() {
        eprintln!("message {number}: no such file; taken as a message");
    }
    let texts = source.read()?;
    let service = setup::service(global, Overrides::default())?;
    let batch = usize::try_from(args.batch)?;
    let limits = service.limits()?;
    let passes = Passes::run(&service, &texts, batch, args.runs, &limits)?;
    let report = Report::new(&service, &passes, batch, limits);
    let written = args.write(&passes, &report);
    let mut out = stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        let depth = usize::try_from(args.depth)?;
        write!(out, "{}", view::View { report: &report, depth, columns: columns() })?;
    }
    // What was measured is shown even if it could not be written.
    written?;
    if !args.json {
        for (_, path) in args.places() {
            eprintln!("wrote {}", path.display());
        }
    }
    Ok(Outcome::Done)
}

impl Args {
    /// The files to be written, each with the option that names it.
    fn places(&self) -> Vec<(&'static str, &Path)> {
        let places = [("--trace", &self.trace), ("--flame", &self.flame)];
        places.into_iter().filter_map(|(option, path)| Some((option, path.as_deref()?))).collect()
    }

    fn write(&self, passes: &Passes, report: &Report) -> Result<()> {
        if let Some(path) = &self.trace {
            files::write(path, |out| trace::write(out, passes.typical()))?;
        }
        if let Some(path) = &self.flame {
            files::write(path, |out| flame::write(out, report))?;
        }
        Ok(())
    }
}
