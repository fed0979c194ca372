//! `ash-nlp`, the program: one file or folder a subcommand, each a thin door to the service.
//!
//! Parsed once into rich types ([`args`]); everything below sees only those. Verdicts come from
//! `ash-runtime` and are rendered here, never recomputed. Message text is shown in four places only, to
//! the person who has it: the human view of `analyze`, `patterns explain`, `eval --show-text`, and
//! `learning export --with-text`.

mod alerts;
mod analyze;
mod args;
mod bench;
mod completions;
mod config;
mod eval;
#[cfg(test)]
mod examples;
mod html;
mod keys;
mod labels;
mod learning;
mod man;
mod models;
mod outcome;
mod patterns;
mod profile;
mod progress;
mod rows;
mod serve;
mod setup;
mod terminal;
mod tune;

use std::process::ExitCode;

use anstream::{ColorChoice, eprintln};
use clap::Parser;

use crate::args::{Cli, Color, Command};
use crate::outcome::{Outcome, reader_left};
use crate::terminal::{ALARM, styled};

/// The error and its causes in one line; a cause that is already part of what was said is not said again.
fn told_once(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, cause| match told.as_str() {
        "" => cause,
        _ if told.contains(&cause) => told,
        _ => format!("{told}: {cause}"),
    })
}

fn main() -> ExitCode {
    // Help and wrong usage are printed while the line is parsed, and obey `--color` as well.
    ColorChoice::from(Color::asked_for(std::env::args_os())).write_global();
    let cli = Cli::parse();
    ColorChoice::from(cli.global.color).write_global();
    let ended = match cli.command {
        Command::Analyze(args) => analyze::run(&cli.global, args),
        Command::Serve(args) => serve::run(&cli.global, &args),
        Command::Eval(args) => eval::run(&cli.global, &args),
        Command::Tune(args) => tune::run(&cli.global, &args),
        Command::Bench(args) => bench::run(&cli.global, &args),
        Command::Profile(args) => profile::run(&cli.global, &args),
        Command::Labels(args) => labels::run(&cli.global, args),
        Command::Learning(args) => learning::run(&cli.global, args),
        Command::Patterns(args) => patterns::run(args),
        Command::Models(args) => models::run(&cli.global, &args),
        Command::Keys(args) => keys::run(&cli.global, args),
        Command::Alerts(args) => alerts::run(&cli.global, args),
        Command::Config(args) => config::run(&cli.global, &args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    };
    match ended {
        Ok(outcome) => outcome.into(),
        Err(error) if reader_left(&error) => Outcome::Done.into(),
        Err(error) => {
            eprintln!("{} {}", styled(ALARM, "error:"), told_once(&error));
            Outcome::Unusable.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::told_once;

    #[test]
    fn a_cause_is_told_once() {
        let repeated = anyhow!("no such file").context("cannot read a.toml: no such file");
        assert_eq!(told_once(&repeated), "cannot read a.toml: no such file");
        let new = anyhow!("no such file").context("cannot read a.toml");
        assert_eq!(told_once(&new), "cannot read a.toml: no such file");
    }
}
