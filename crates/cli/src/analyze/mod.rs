//! `ash-nlp analyze`: messages in, verdicts out, in the order in which they came.
//!
//! [`lines`] reads in bounded memory, the service judges a batch, [`view`] shows it to people; `--json`
//! prints the very struct that POST /analyze answers with. A message that cannot be judged is reported
//! in its place and the others go on.

mod lines;
mod view;

use std::fs::File;
use std::io::{self, BufReader, BufWriter, IsTerminal, Write};
use std::path::PathBuf;

use anstream::stdout;
use anyhow::{Context, Result, bail};
use ash_analysis::{Level, MessageText, TextError};
use ash_runtime::{AnalyzeError, Analyzed, Overrides, Service};
use ash_server::{Answer, Verbosity, WireSettings, request_id, timestamp};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::json;

use crate::args::Global;
use crate::outcome::Outcome;
use crate::setup;
use crate::terminal::{ALARM, columns, styled};
use lines::{BATCH, BadLine, Line};
use view::View;

/// Arguments of `analyze`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Messages; each argument is one. A single `-` reads standard input
    #[arg(value_name = "TEXT")]
    texts: Vec<String>,
    /// Read messages from a file, one a line; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "texts")]
    file: Option<PathBuf>,
    /// Print one JSON object a message, as POST /analyze answers
    #[arg(long)]
    json: bool,
    /// Exit with code 3 if any message is of this level or worse
    #[arg(long, value_name = "LEVEL", value_parser = level())]
    fail_at: Option<Level>,
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp analyze \"i just feel so empty lately\" \"gg, that boss killed me again\"
  ash-nlp analyze --file messages.txt --json | jq -r .level
  tail -f chat.log | ash-nlp analyze -
  ash-nlp analyze --file inbox.txt --fail-at high; echo $?
  ash-nlp --profile zero-shot --labels compact analyze \"i feel so empty\"

A line that is blank, too long or not UTF-8 is reported with its number, as
{\"line\": 7, \"error\": {\"code\": …, \"message\": …}} with --json, and the others go
on.

Exit codes:
  0  every message was judged
  1  some messages could not be judged, the others were
  2  nothing was done: wrong usage, configuration, file or models
  3  a message reached the level of --fail-at, whatever else happened";

fn level() -> impl TypedValueParser<Value = Level> {
    PossibleValuesParser::new(Level::ALL.map(Level::as_str)).try_map(|name| name.parse::<Level>())
}

/// Why a message has no verdict.
#[derive(Debug, thiserror::Error)]
enum Unjudged {
    #[error(transparent)]
    Line(#[from] BadLine),
    #[error(transparent)]
    Service(#[from] AnalyzeError),
}

impl Unjudged {
    /// The machine-readable word for it, as the server has it.
    const fn code(&self) -> &'static str {
        match self {
            Unjudged::Line(BadLine::InvalidUtf8 { .. }) => "invalid_utf8",
            Unjudged::Line(BadLine::Text(TextError::Blank)) => "blank_message",
            Unjudged::Line(BadLine::Text(TextError::TooLong { .. })) => "message_too_long",
            Unjudged::Service(_) => "analysis_failed",
        }
    }
}

/// Judges the messages and prints the verdicts to standard output.
pub(crate) fn run(global: &Global, args: Args) -> Result<Outcome> {
    let input = Input::of(args.texts, args.file)?;
    let service = setup::service(global, Overrides::default())?;
    let mut run = Run {
        service: &service,
        wire: WireSettings::of(&service),
        out: BufWriter::new(stdout().lock()),
        json: args.json,
        unit: input.unit(),
        fail_at: args.fail_at,
        outcome: Outcome::Done,
    };
    for batch in input.batches() {
        run.batch(batch.context("cannot read the messages any further")?)?;
    }
    Ok(run.outcome)
}

/// Where the messages come from.
enum Input {
    Arguments(Vec<String>),
    File(File),
    Stdin,
}

type Batches = Box<dyn Iterator<Item = io::Result<Vec<Line>>>>;

impl Input {
    fn of(texts: Vec<String>, file: Option<PathBuf>) -> Result<Self> {
        match file {
            Some(path) if path.as_os_str() == "-" => Ok(Input::Stdin),
            Some(path) => {
                let file = File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
                Ok(Input::File(file))
            }
            None if texts == ["-"] => Ok(Input::Stdin),
            None if !texts.is_empty() => Ok(Input::Arguments(texts)),
            None if io::stdin().is_terminal() => {
                bail!("no message given; try `ash-nlp analyze \"some text\"`, or `ash-nlp analyze --help`")
            }
            None => Ok(Input::Stdin),
        }
    }

    /// What the number of a message counts.
    const fn unit(&self) -> &'static str {
        match self {
            Input::Arguments(_) => "message",
            Input::File(_) | Input::Stdin => "line",
        }
    }

    fn batches(self) -> Batches {
        match self {
            Input::Arguments(texts) => {
                let line = |(i, text): (usize, &String)| Line {
                    number: i + 1,
                    text: MessageText::parse(text).map_err(BadLine::from),
                };
                let lines: Vec<Line> = texts.iter().enumerate().map(line).collect();
                let mut lines = lines.into_iter();
                Box::new(std::iter::from_fn(move || {
                    let batch: Vec<Line> = lines.by_ref().take(BATCH).collect();
                    (!batch.is_empty()).then_some(Ok(batch))
                }))
            }
            Input::File(file) => Box::new(lines::batches(BufReader::new(file))),
            Input::Stdin => Box::new(lines::batches(BufReader::new(io::stdin()))),
        }
    }
}

/// One run over all batches.
struct Run<'a, W: Write> {
    service: &'a Service,
    wire: WireSettings,
    out: W,
    json: bool,
    unit: &'static str,
    fail_at: Option<Level>,
    outcome: Outcome,
}

impl<W: Write> Run<'_, W> {
    fn batch(&mut self, lines: Vec<Line>) -> Result<()> {
        let texts: Vec<MessageText> = lines.iter().filter_map(|line| line.text.clone().ok()).collect();
        let mut verdicts = judge(self.service, texts).into_iter();
        for Line { number, text } in lines {
            match text {
                Err(bad) => self.unjudged(number, &bad.into())?,
                Ok(text) => match verdicts.next().unwrap_or(Err(AnalyzeError::Failed)) {
                    Ok(analyzed) => self.judged(number, &text, &analyzed)?,
                    Err(error) => self.unjudged(number, &error.into())?,
                },
            }
        }
        // The reader of a pipe gets each batch when it is there.
        Ok(self.out.flush()?)
    }

    fn judged(&mut self, number: usize, text: &MessageText, analyzed: &Analyzed) -> Result<()> {
        if self.fail_at.is_some_and(|floor| analyzed.assessment.level >= floor) {
            self.outcome = self.outcome.max(Outcome::Reached);
        }
        if self.json {
            let answer = Answer::new(analyzed, text, request_id(), timestamp(), &self.wire)
                .explained(Some(Verbosity::default()));
            Ok(writeln!(self.out, "{}", serde_json::to_string(&answer)?)?)
        } else {
            let place = (self.unit == "line").then_some(number);
            let view = View {
                place,
                text: text.expose(),
                assessment: &analyzed.assessment,
                milliseconds: analyzed.timing.total_ms,
                columns: columns(),
            };
            Ok(writeln!(self.out, "{view}")?)
        }
    }

    fn unjudged(&mut self, number: usize, why: &Unjudged) -> Result<()> {
        self.outcome = self.outcome.max(Outcome::SomeFailed);
        if self.json {
            let error =
                json!({ "line": number, "error": { "code": why.code(), "message": why.to_string() } });
            Ok(writeln!(self.out, "{error}")?)
        } else {
            Ok(writeln!(self.out, "{}  {} {number}: {why}\n", styled(ALARM, "● NOT JUDGED"), self.unit)?)
        }
    }
}

/// One outcome a message. If the batch fails as a whole, each message is tried alone, so that a
/// poisonous one does not take the others with it.
fn judge(service: &Service, texts: Vec<MessageText>) -> Vec<Result<Analyzed, AnalyzeError>> {
    match service.analyze(texts.clone()) {
        Ok(verdicts) => verdicts.into_iter().map(Ok).collect(),
        Err(_) => texts
            .into_iter()
            .map(|text| service.analyze(vec![text])?.pop().ok_or(AnalyzeError::Failed))
            .collect(),
    }
}
