//! `ash-nlp patterns`: the wordings that are looked for beside the models.
//!
//! None of it loads a model: packs are read, checked and shown, and what they find in a message is told.

mod explain;
mod learn;
mod list;
mod measure;
mod validate;

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;

use crate::outcome::Outcome;

/// Arguments of `patterns`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp patterns list
  ash-nlp patterns validate my-patterns/
  ash-nlp patterns explain \"not tired but i wanna d1e\"";

#[derive(Debug, Subcommand)]
enum What {
    /// The rules of the packs, with theme and strength
    #[command(after_help = "\
Examples:
  ash-nlp patterns list
  ash-nlp patterns list --packs mine/ --json | jq -r '.packs[].rules[].id'")]
    List {
        /// Directory of packs to read instead of those in this program
        #[arg(long, value_name = "DIR")]
        packs: Option<PathBuf>,
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
    /// Check packs and every example in them before a service reads them
    #[command(after_help = "\
Examples:
  ash-nlp patterns validate                the packs in this program
  ash-nlp patterns validate my-patterns/   every NAME.toml of a directory

Exit codes:
  0  every rule is as it must be, and every example shows what it should
  1  some examples do not, and each is told with pack and rule
  2  the packs cannot be used: wrong usage, path, file or rule")]
    Validate {
        /// A directory; the packs in this program without it
        #[arg(value_name = "DIR")]
        path: Option<PathBuf>,
        /// Print the findings as JSON
        #[arg(long)]
        json: bool,
    },
    /// How often each rule is right, on labelled messages
    #[command(after_help = "\
Examples:
  ash-nlp patterns measure corpus/corpus.jsonl --split train
  ash-nlp patterns measure corpus/*.jsonl --split train --packs mine/ --json

Write rules by the train split and look at no other: figures on rows that shaped
a rule prove nothing.")]
    Measure {
        /// Labelled messages, as for `eval`
        #[arg(value_name = "ROWS.jsonl", required = true)]
        files: Vec<PathBuf>,
        /// Only the rows of this split
        #[arg(long, value_name = "NAME")]
        split: Option<String>,
        /// Directory of packs to read instead of those in this program
        #[arg(long, value_name = "DIR")]
        packs: Option<PathBuf>,
        /// Print the counts as JSON
        #[arg(long)]
        json: bool,
    },
    /// Learn the lexicon that stands in when no model answers
    #[command(after_help = "\
Examples:
  ash-nlp patterns learn corpus/*.jsonl --split train --out packs/lexicon.bin

Then fit how it counts: `ash-nlp tune`.")]
    Learn {
        /// Labelled messages, as for `eval`
        #[arg(value_name = "ROWS.jsonl", required = true)]
        files: Vec<PathBuf>,
        /// Learn from the rows of this split
        #[arg(long, value_name = "NAME", default_value = "train")]
        split: String,
        /// Directory of packs whose spellings to use instead of those in this program
        #[arg(long, value_name = "DIR")]
        packs: Option<PathBuf>,
        /// Where to write it
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// What the rules find in a message, and how it is meant
    #[command(after_help = "\
Examples:
  ash-nlp patterns explain \"i don't want to die\"
  ash-nlp patterns explain - < message.txt
  ash-nlp patterns explain --time \"my friend says she will be gone by morning\"

A finding of a risk is live if its cues leave half of it or more.")]
    Explain {
        /// The message; `-` or nothing reads standard input
        text: Option<String>,
        /// Directory of packs to read instead of those in this program
        #[arg(long, value_name = "DIR")]
        packs: Option<PathBuf>,
        /// Tell how long it takes: the median of 2,000 runs
        #[arg(long)]
        time: bool,
        /// Print the findings as JSON
        #[arg(long)]
        json: bool,
    },
}

/// Runs one of the subcommands.
pub(crate) fn run(args: Args) -> Result<Outcome> {
    match args.what {
        What::List { packs, json } => list::run(packs.as_deref(), json),
        What::Validate { path, json } => validate::run(path.as_deref(), json),
        What::Learn { files, split, packs, out } => learn::run(&files, &split, packs.as_deref(), &out),
        What::Measure { files, split, packs, json } => {
            measure::run(&files, split.as_deref(), packs.as_deref(), json)
        }
        What::Explain { text, packs, time, json } => explain::run(text, packs.as_deref(), time, json),
    }
}
