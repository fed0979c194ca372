//! `ash-nlp models list`.

use std::fmt::{self, Display, Formatter};
use std::io::Write;
use std::path::PathBuf;

use anstream::stdout;
use anstyle::Style;
use anyhow::Result;
use ash_analysis::Role;
use ash_models::store::FILES;
use ash_models::{Entry, ModelName, State, Verified};
use ash_runtime::{ProfileSource, ZeroShotSettings};
use serde::Serialize;

use super::Directory;
use super::figures::{day, mib, short};
use crate::outcome::Outcome;
use crate::terminal::{ALARM, FAINT, STRONG, columns, hanging, styled};

/// Arguments of `models list`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    directory: Directory,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp models list
  ash-nlp models list --directory /srv/models --json

Verified: the day on which `models verify` last found content and model to be
good; `fetched` is the day of the download, whose checksums were compared;
`changed` means that a file has another size since; `unknown` is a folder that
was not pulled. The list reads no weights; `models verify` does.";

/// How many columns the table takes beside the names.
const TABLE: usize = 76;

/// What is here.
#[derive(Serialize)]
struct List {
    built_in: Option<BuiltIn>,
    directory: PathBuf,
    models: Vec<Entry>,
}

/// The profile inside the program.
#[derive(Serialize)]
struct BuiltIn {
    profile: String,
    models: Vec<String>,
    bytes: u64,
}

/// Lists to standard output.
pub(crate) fn run(settings: &ZeroShotSettings, args: &Args) -> Result<Outcome> {
    let named: Vec<ModelName> =
        Role::ALL.iter().map(|&role| settings.model(role).name.parse()).collect::<Result<_, _>>()?;
    let store = args.directory.store(settings);
    let list =
        List { built_in: built_in(), directory: store.directory().to_owned(), models: store.entries(&named) };
    let mut out = stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&list)?)?;
    } else {
        write!(out, "{list}")?;
    }
    Ok(Outcome::Done)
}

/// None in a program that was built without models.
fn built_in() -> Option<BuiltIn> {
    let source = ProfileSource::Embedded;
    let profile = source.folder("").ok()?.read("profile.json").ok()?;
    let profile: serde_json::Value = serde_json::from_slice(&profile).ok()?;
    let text = |value: &serde_json::Value| value.as_str().map(ToOwned::to_owned);
    let models: Vec<String> = profile["models"].as_array()?.iter().filter_map(text).collect();
    let folders = models
        .iter()
        .chain(text(&profile["trunk"]).as_ref())
        .filter_map(|f| source.folder(f).ok())
        .collect::<Vec<_>>();
    let size = |file: &str| folders.iter().filter_map(|f| Some(f.read(file).ok()?.len() as u64)).sum::<u64>();
    let bytes = FILES.iter().map(|file| size(file)).sum();
    Some(BuiltIn { profile: text(&profile["name"])?, models, bytes })
}

impl Display for List {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(BuiltIn { profile, models, bytes }) = &self.built_in {
            let name = format!("built in ({profile})");
            let about = format!("{}, int8, {}", models.join(", "), mib(*bytes));
            let about = hanging(&about, name.chars().count() + 2, columns());
            writeln!(f, "{}  {about}", styled(STRONG, name))?;
        }
        writeln!(f, "{}", styled(STRONG, self.directory.display()))?;
        let width = self.models.iter().map(|m| m.name.chars().count()).max().unwrap_or(0);
        // In a narrow terminal each model has a line for its name and one for the rest.
        let narrow = columns().is_some_and(|columns| columns < width + TABLE);
        let below = if narrow { 0 } else { width };
        if !narrow {
            let head = format!(
                "{:width$}  {:<11}{:<12}{:<11}{:>12}  {:<12}{}",
                "", "", "type", "precision", "size", "revision", "verified"
            );
            writeln!(f, "  {}", styled(FAINT, head))?;
        }
        for model in &self.models {
            let none = || "–".to_owned();
            let (style, state) = match &model.state {
                State::Present => (Style::new(), "present"),
                State::Incomplete(_) => (ALARM, "incomplete"),
                State::Missing => (FAINT, "missing"),
            };
            let verified = match &model.verified {
                Verified::At(at) => day(at).to_owned(),
                Verified::Fetched(at) => format!("fetched {}", day(at)),
                Verified::Changed => styled(ALARM, "changed"),
                Verified::Unknown if model.state == State::Missing => none(),
                Verified::Unknown => "unknown".to_owned(),
            };
            let kind = model.model_type.clone().unwrap_or_else(none);
            let precision = model.precision.clone().unwrap_or_else(none);
            let size = model.bytes.map_or_else(none, mib);
            let revision = model.revision.as_deref().map_or_else(none, |r| short(r).to_owned());
            if narrow {
                writeln!(f, "  {}  {}", model.name, styled(style, state))?;
                let known =
                    [kind, precision, size, revision, verified].into_iter().filter(|what| *what != none());
                let known = known.collect::<Vec<_>>().join(", ");
                if !known.is_empty() {
                    writeln!(f, "    {known}")?;
                }
            } else {
                let row = format!("{kind:<12}{precision:<11}{size:>12}  {revision:<12}{verified}");
                let state = styled(style, format!("{state:<11}"));
                writeln!(f, "  {:width$}  {state}{row}", model.name)?;
            }
            if let State::Incomplete(missing) = &model.state {
                writeln!(f, "  {:below$}  {} is missing", "", missing.join(", "))?;
            }
            if let Some(why) = &model.unusable {
                writeln!(f, "  {:below$}  {}", "", styled(ALARM, why))?;
            }
        }
        if self.models.iter().any(|m| m.state == State::Missing) {
            writeln!(f, "\n  {}", styled(FAINT, "`ash-nlp models pull` fetches the missing ones"))?;
        }
        Ok(())
    }
}
