//! `config import`: from the environment file of the Python service to an ash.toml.
//!
//! `envfile` reads lines · `mapping` is the table of what became of each name · `convert` reads values · `secrets`
//! holds back what nobody may see · `plan` decides about each variable · `written` is the new file, `report` what
//! is told. Nothing of a file reaches an error message.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use ash_runtime::{Configuration, Overrides};

use crate::outcome::Outcome;

mod convert;
mod envfile;
mod mapping;
#[cfg(test)]
mod page;
mod plan;
mod report;
mod secrets;
mod written;

use envfile::{EnvFile, LARGEST};
use plan::Plan;

/// Arguments of `config import`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Environment file of the old service, NAME=value a line; `-` is standard input
    #[arg(value_name = "OLD.env")]
    source: PathBuf,
    /// The file to write
    #[arg(long, value_name = "FILE", default_value = "ash.toml")]
    out: PathBuf,
    /// Replace that file if it exists
    #[arg(long)]
    force: bool,
    /// Tell what became of each variable as one JSON object
    #[arg(long)]
    json: bool,
}

/// `--help`, below the options.
pub(super) const EXAMPLES: &str = "\
Examples:
  ash-nlp config import old/.env                       write ash.toml, and tell
  ash-nlp config import .env --out new.toml --json
  docker exec ash-nlp env | ash-nlp config import -    as the container sees it

Exit codes:
  0  the file is written
  1  it is written, but a variable with an equivalent could not be taken over
  2  nothing is written";

/// Reads, decides, writes; what to print.
pub(super) fn report(args: &Args) -> Result<(String, Outcome)> {
    let name = match args.source.to_str() {
        Some("-") => "standard input".to_owned(),
        _ => args.source.display().to_string(),
    };
    let file = EnvFile::read(&bytes(&args.source, &name)?).with_context(|| name.clone())?;
    let plan = Plan::of(file).with_context(|| name.clone())?;
    write(&args.out, &written::toml(&name, &plan), args.force)?;
    let out = args.out.display().to_string();
    let text = if args.json {
        format!("{:#}\n", report::json(&plan, &name, &out))
    } else {
        report::told(&plan, &out)?
    };
    let unread = plan.remarks.iter().any(|remark| matches!(remark, envfile::Remark::NotRead { .. }));
    let outcome = if plan.refused.is_empty() && !unread { Outcome::Done } else { Outcome::SomeFailed };
    Ok((text, outcome))
}

/// What is to be read, and not much more than may be.
fn bytes(source: &Path, name: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = LARGEST + 1;
    let read = if source.as_os_str() == "-" {
        io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else {
        fs::File::open(source).and_then(|file| file.take(most).read_to_end(&mut bytes))
    };
    read.with_context(|| format!("cannot read {name}"))?;
    Ok(bytes)
}

/// Writes the file beside its place, loads it as the service would, and only then puts it there.
fn write(out: &Path, text: &str, force: bool) -> Result<()> {
    let exists = || format!("{} exists already; --force replaces it, --out writes another", out.display());
    if !force && out.symlink_metadata().is_ok() {
        bail!(exists());
    }
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let unwritable = || format!("cannot write {}", out.display());
    let mut new = new_file(folder).with_context(unwritable)?;
    new.write_all(text.as_bytes()).and_then(|()| new.as_file().sync_all()).with_context(unwritable)?;
    Configuration::load(Some(new.path()), Overrides::default())
        .context("these settings do not go together, so nothing is written")?;
    let put = if force { new.persist(out) } else { new.persist_noclobber(out) };
    match put {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => bail!(exists()),
        Err(error) => Err(error.error).with_context(unwritable),
    }
}

/// Settings are no secret: whoever the umask lets may read them, as the service must.
fn new_file(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".ash-").suffix(".toml");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o644));
    }
    builder.tempfile_in(folder)
}
