//! `ash-nlp models pull`.

use std::io::Write;
use std::path::{Path, PathBuf};

use anstream::{eprintln, stdout};
use anyhow::{Context, Result, bail};
use ash_models::pull::{Pulled, pull, pull_directory};
use ash_models::{Hub, HubOptions, ModelName, Store, Wanted};
use ash_runtime::ZeroShotSettings;
use serde::Serialize;

use super::figures::{mib, short};
use super::transfer::Bars;
use super::{Directory, named};
use crate::outcome::Outcome;
use crate::terminal::{ALARM, FAINT, STRONG, styled};

/// Arguments of `models pull`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Repositories of the hub, or directories (with a ./ or / in front) [default: the three models of the
    /// profile zero-shot]
    #[arg(value_name = "REPO[@REVISION]|DIR")]
    what: Vec<String>,
    #[command(flatten)]
    directory: Directory,
    /// Use no network: only what is here and in the cache of the hub's own tools
    #[arg(long)]
    offline: bool,
    /// File with the access token for private and gated models
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The name under which a directory is taken over [default: the directory's own]
    #[arg(long, value_name = "OWNER/NAME")]
    name: Option<ModelName>,
    /// Link to a directory's files instead of copying them
    #[arg(long)]
    link: bool,
    /// Print a line of JSON a model
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp models pull
  ash-nlp models pull MoritzLaurer/deberta-v3-base-zeroshot-v2.0@main
  ash-nlp models pull OWNER/NAME@refs/pr/1 --token-file ~/.token
  ash-nlp models pull /mnt/usb/my-model --name OWNER/NAME --link

A branch is pinned: ash-model.json holds the commit that it was. Checksums are
compared with the hub's. What breaks off is continued by the next pull. A model
is replaced only when the new one is whole.

Environment: HF_ENDPOINT, HF_TOKEN, HF_TOKEN_PATH, HF_HOME, HF_HUB_CACHE,
HF_HUB_OFFLINE; HTTPS_PROXY, NO_PROXY; SSL_CERT_FILE for the certificates of a
company's proxy. Exit code 1: some models could not be pulled.";

/// One model to get.
enum Source {
    Repository(Wanted),
    Directory { path: PathBuf, name: ModelName },
}

/// A line of `--json`.
#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<&'a Path>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    precision: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    was_there: Option<bool>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    without_checksum: &'a [String],
}

/// Pulls one after another; one that fails leaves the others.
pub(crate) fn run(settings: &ZeroShotSettings, args: &Args) -> Result<Outcome> {
    let sources = sources(settings, args)?;
    let store = args.directory.store(settings);
    let options = HubOptions { token_file: args.token_file.clone(), offline: args.offline };
    let mut hub = None; // its environment is read only if it is needed
    let (mut failed, all) = (0, sources.len());
    for source in sources {
        let done = one(&store, &mut hub, &options, &source, args.link);
        let name = match &source {
            Source::Repository(wanted) => wanted.to_string(),
            Source::Directory { name, .. } => name.to_string(),
        };
        failed += usize::from(done.is_err());
        report(&name, &done, args.json)?;
    }
    Ok(match failed {
        0 => Outcome::Done,
        _ if failed == all => Outcome::Unusable,
        _ => Outcome::SomeFailed,
    })
}

fn one(
    store: &Store,
    hub: &mut Option<Hub>,
    options: &HubOptions,
    source: &Source,
    link: bool,
) -> Result<Pulled> {
    let bars = Bars::default();
    match source {
        Source::Repository(wanted) => {
            let hub = match hub {
                Some(hub) => hub,
                None => hub.insert(Hub::from_env(options)?),
            };
            Ok(pull(store, hub, wanted, &bars)?)
        }
        Source::Directory { path, name } => Ok(pull_directory(store, path, name, link, &bars)?),
    }
}

fn sources(settings: &ZeroShotSettings, args: &Args) -> Result<Vec<Source>> {
    let wanted = if args.what.is_empty() { named(settings) } else { args.what.clone() };
    let directories = wanted.iter().filter(|text| is_directory(text)).count();
    if args.name.is_some() && (directories != 1 || wanted.len() != 1) {
        bail!("--name names one directory; give exactly one, with ./ or / in front");
    }
    if args.link && directories != wanted.len() {
        bail!("--link is for directories; a repository is always fetched");
    }
    wanted
        .iter()
        .map(|text| {
            if !is_directory(text) {
                return Ok(Source::Repository(text.parse()?));
            }
            let path = PathBuf::from(text);
            let name = args.name.clone().map_or_else(|| own_name(&path), Ok)?;
            Ok(Source::Directory { path, name })
        })
        .collect()
}

/// `a/b` is a repository, `./a/b` a directory, whatever lies in the current one.
fn is_directory(text: &str) -> bool {
    text.starts_with('.') || Path::new(text).is_absolute()
}

fn own_name(path: &Path) -> Result<ModelName> {
    let full = path.canonicalize().with_context(|| format!("cannot read {}", path.display()))?;
    let folder = full.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let name = ModelName::of_folder(folder).or_else(|| folder.parse().ok());
    name.with_context(|| format!("{folder:?} is no name for a model: choose one with --name OWNER/NAME"))
}

fn report(name: &str, done: &Result<Pulled>, json: bool) -> Result<()> {
    let mut out = stdout().lock();
    match done {
        Err(error) if json => {
            let line = Line {
                name,
                ok: false,
                error: Some(crate::told_once(error)),
                folder: None,
                revision: None,
                precision: None,
                bytes: None,
                was_there: None,
                without_checksum: &[],
            };
            writeln!(out, "{}", serde_json::to_string(&line)?)?;
        }
        Err(error) => eprintln!("{} {}", styled(ALARM, "error:"), crate::told_once(error)),
        Ok(Pulled { folder, record, was_there, unchecked }) => {
            let bytes = record.files.iter().map(|f| f.size).sum();
            if json {
                let line = Line {
                    name,
                    ok: true,
                    error: None,
                    folder: Some(folder),
                    revision: record.revision.as_deref(),
                    precision: Some(&record.precision),
                    bytes: Some(bytes),
                    was_there: Some(*was_there),
                    without_checksum: unchecked,
                };
                writeln!(out, "{}", serde_json::to_string(&line)?)?;
                return Ok(());
            }
            let did = if *was_there { "here already" } else { "pulled" };
            let revision = record.revision.as_deref().map(|r| format!(", revision {}", short(r)));
            let about = format!("{}{}, {}", record.precision, revision.unwrap_or_default(), mib(bytes));
            writeln!(out, "{did:<12}  {}  {about}", styled(STRONG, name))?;
            writeln!(out, "              {}", styled(FAINT, folder.display()))?;
            if !unchecked.is_empty() {
                let note = format!("the hub gave no checksum of {}", unchecked.join(", "));
                writeln!(out, "              {}", styled(ALARM, note))?;
            }
        }
    }
    Ok(())
}
