//! The command line as types; what each subcommand takes stands in the subcommand's own file.

use std::ffi::OsString;
use std::path::PathBuf;

use anstream::ColorChoice;
use ash_runtime::Profile;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{
    alerts, analyze, bench, completions, config, eval, keys, labels, learning, man, models, patterns,
    profile, serve, tune,
};

/// Reads a community's messages and tells its crisis team which ones need a human now.
///
/// The models are inside this program: nothing is downloaded, and no message leaves this machine.
#[derive(Debug, Parser)]
#[command(name = "ash-nlp", version, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp analyze \"i can't do this any more\"      judge one message
  ash-nlp serve                                   answer on 127.0.0.1:8881
  ash-nlp eval corpus/corpus.jsonl --split test   measure on labelled messages

Exit codes:
  0  all done
  1  some messages could not be judged, or an --assert was missed
  2  nothing was done: wrong usage, configuration, file or models
  3  a message reached the level of `analyze --fail-at`";

/// Options of every subcommand. They win over the configuration file and the environment.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Configuration file, on top of the built-in defaults
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Kind of models: small ones made for this, or large ones asked about a label set
    #[arg(long, global = true, value_enum)]
    pub(crate) profile: Option<ProfileName>,
    /// Label set that the profile zero-shot judges by; `ash-nlp labels list` shows them
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) labels: Option<String>,
    /// Directory of models to use instead of the configured ones
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) models: Option<PathBuf>,
    /// Number format of weights and matrix products
    #[arg(long, global = true, value_enum)]
    pub(crate) precision: Option<Precision>,
    /// Threads that run the models; 0 is one per available core
    #[arg(long, global = true, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// Colours: `auto` also honours `NO_COLOR` and pipes
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub(crate) color: Color,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Judge messages: arguments, a file or a pipe
    Analyze(analyze::Args),
    /// Answer POST /analyze and GET /health over HTTP
    Serve(serve::Args),
    /// Measure the verdicts against labelled messages
    Eval(eval::Args),
    /// Fit weights, temperatures and cuts on labelled messages
    Tune(tune::Args),
    /// Measure start, memory, latency and throughput on this machine
    Bench(bench::Args),
    /// Show where the time of a verdict goes, and what would help most
    Profile(profile::Args),
    /// List, show and check the label sets of the profile zero-shot
    Labels(labels::Args),
    /// Count, export and forget what staff said of verdicts
    Learning(learning::Args),
    /// List and check the pattern packs, and explain what they find
    Patterns(patterns::Args),
    /// List, fetch, check, convert and time models on disk
    Models(models::Args),
    /// Make, list and remove the API keys of a service
    Keys(keys::Args),
    /// List the webhooks that are told of urgent messages, and send them a test
    Alerts(alerts::Args),
    /// Show, check and explain the configuration
    Config(config::Args),
    /// Print what a shell needs to complete this program's command lines
    Completions(completions::Args),
    /// Print the manual page, or write one for each subcommand
    Man(man::Args),
}

/// `--profile`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProfileName {
    /// Built in, a few milliseconds a message
    Compact,
    /// Three NLI models from disk, several hundred milliseconds a message
    ZeroShot,
}

impl ProfileName {
    /// The profile of the configuration.
    pub(crate) const fn profile(self) -> Profile {
        match self {
            ProfileName::Compact => Profile::Compact,
            ProfileName::ZeroShot => Profile::ZeroShot,
        }
    }
}

/// `--precision`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Precision {
    /// 32-bit floats: the reference
    F32,
    /// 8-bit integers: smaller and faster
    Int8,
}

impl Precision {
    /// Its name in the configuration.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Precision::F32 => "f32",
            Precision::Int8 => "int8",
        }
    }
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// If the output is a terminal and `NO_COLOR` is not set
    Auto,
    /// Even into pipes
    Always,
    /// Never
    Never,
}

impl Color {
    /// What a command line asks for, before it is parsed: the last `--color` before `--`; `auto` if it is not understood.
    pub(crate) fn asked_for(line: impl Iterator<Item = OsString>) -> Self {
        let words: Vec<_> = line.skip(1).take_while(|word| word != "--").collect();
        let mut values = words.iter().enumerate().filter_map(|(at, word)| match word.to_str()? {
            "--color" => words.get(at + 1)?.to_str(),
            word => word.strip_prefix("--color="),
        });
        values.next_back().and_then(|value| Color::from_str(value, true).ok()).unwrap_or(Color::Auto)
    }
}

impl From<Color> for ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::AlwaysAnsi,
            Color::Never => ColorChoice::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_colour_is_known_before_the_line_is_parsed() {
        let asked = |line: &str| Color::asked_for(line.split(' ').map(OsString::from));
        assert_eq!(asked("ash-nlp analyze --color never --help"), Color::Never);
        assert_eq!(asked("ash-nlp --color=always --help"), Color::Always);
        assert_eq!(asked("ash-nlp --color always --color never"), Color::Never);
        for unclear in
            ["ash-nlp --help", "ash-nlp --color", "ash-nlp --color=pink", "ash-nlp a -- --color=never"]
        {
            assert_eq!(asked(unclear), Color::Auto, "{unclear}");
        }
    }
}
