//! `ash-nlp keys`: who may ask a service. The file holds hashes; a key is shown once, when it is made.

use std::io::Write;
use std::path::{Path, PathBuf};

use anstream::{eprintln, stdout};
use anyhow::{Context, Result};
use ash_runtime::Overrides;
use ash_server::{KeyFile, NewEntry, Role, add_key, remove_key};
use clap::{Subcommand, ValueEnum};
use serde_json::json;

use crate::args::Global;
use crate::outcome::Outcome;
use crate::setup;
use crate::terminal::{FAINT, STRONG, styled};

/// Arguments of `keys`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp keys add bot --role analyze --file keys.toml    make one, shown once
  ash-nlp keys list --file keys.toml                      who may do what
  ash-nlp keys remove bot --file keys.toml                take it back

Then start the service with that file, and ask with the key:
  ASH_AUTH__KEYS_FILE=keys.toml ash-nlp serve --bind 0.0.0.0:8881
  curl -s localhost:8881/analyze -H \"X-Ash-Internal-Key: $KEY\" \\
      -d '{\"message\": \"hello\"}'

To change a key without a gap: add a second one, give it to the client, remove
the first. A running service reads the file again on SIGHUP.";

#[derive(Debug, Subcommand)]
enum What {
    /// Make a key, add its hash to the file, and print it, this once
    ///
    /// The key is the only line of standard output. A new file can be read by its owner alone.
    #[command(after_help = "\
Examples:
  ash-nlp keys add bot --role analyze
  ash-nlp keys add old-bot --role analyze --critical-as-high
  ash-nlp keys add grafana --role read --file keys.toml > grafana.key

Roles, each with what those before it may do:
  read     state, figures, label sets
  analyze  have messages judged
  admin    change label set and weights")]
    Add {
        /// Whose key it is: 1 to 64 letters, digits, `-`, `_` and `.`
        name: String,
        /// What its bearer may do
        #[arg(long, value_enum)]
        role: RoleName,
        /// Tell this client `high` for critical; for bots that fail on "critical"
        #[arg(long)]
        critical_as_high: bool,
        #[command(flatten)]
        place: Place,
    },
    /// The keys of the file: names and roles
    #[command(after_help = "\
Examples:
  ash-nlp keys list
  ash-nlp keys list --json | jq -r '.keys[].name'")]
    List {
        /// Print them as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Take a key out of the file
    #[command(after_help = "\
Examples:
  ash-nlp keys remove bot
  ash-nlp keys remove bot --file keys.toml && kill -HUP \"$(pidof ash-nlp)\"")]
    Remove {
        /// The key, as `keys list` names it
        name: String,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Debug, clap::Args)]
struct Place {
    /// The key file [default: `auth.keys_file` of the configuration]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// `--role`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RoleName {
    /// Look
    Read,
    /// Have messages judged
    Analyze,
    /// Change how messages are judged
    Admin,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Read => Role::Read,
            RoleName::Analyze => Role::Analyze,
            RoleName::Admin => Role::Admin,
        }
    }
}

/// Runs one of the subcommands.
pub(crate) fn run(global: &Global, args: Args) -> Result<Outcome> {
    match args.what {
        What::Add { name, role, critical_as_high, place } => {
            let file = place.file(global)?;
            let key = add_key(&file, &NewEntry { name, role: role.into(), critical_as_high })?;
            writeln!(stdout(), "{}", key.expose())?;
            let told = format!(
                "This is shown once. {} holds its hash; a running service reads that on SIGHUP.",
                file.display()
            );
            eprintln!("{}", styled(FAINT, told));
        }
        What::List { json, place } => list(&place.file(global)?, json)?,
        What::Remove { name, place } => {
            let file = place.file(global)?;
            remove_key(&file, &name)?;
            let told = format!(
                "{name} is no longer in {}; a running service knows it until it gets SIGHUP.",
                file.display()
            );
            eprintln!("{}", styled(FAINT, told));
        }
    }
    Ok(Outcome::Done)
}

impl Place {
    fn file(self, global: &Global) -> Result<PathBuf> {
        if let Some(file) = self.file {
            return Ok(file);
        }
        let configured = setup::settings(global, Overrides::default())?.auth.keys_file;
        configured.context("which key file? name it with --file, or set auth.keys_file")
    }
}

fn list(file: &Path, as_json: bool) -> Result<()> {
    let keys = KeyFile::read(file)?;
    let mut out = stdout().lock();
    if as_json {
        let all = json!({ "file": file, "keys": keys.entries() });
        writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
        return Ok(());
    }
    let width = keys.entries().iter().map(|key| key.name().len()).max().unwrap_or(0).max(4);
    writeln!(out, "{}", styled(FAINT, format!("{:width$}  role     notes", "name")))?;
    for key in keys.entries() {
        let rate = key.requests_per_second().map(|rate| match rate {
            0 => "no rate limit".to_owned(),
            rate => format!("{rate} requests/s"),
        });
        let burst = key.burst().map(|burst| format!("burst {burst}"));
        let high = key.critical_as_high().then(|| "critical as high".to_owned());
        let notes: Vec<String> = [high, rate, burst].into_iter().flatten().collect();
        let line = format!("{:7}  {}", key.role(), notes.join(", "));
        writeln!(out, "{}  {}", styled(STRONG, format!("{:width$}", key.name())), line.trim_end())?;
    }
    Ok(())
}
