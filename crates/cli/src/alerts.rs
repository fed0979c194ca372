//! `ash-nlp alerts`: would the webhooks of the configuration arrive? Nothing here touches what waits in the outbox of a
//! running service.

use std::io::Write;

use anstream::stdout;
use anyhow::{Result, bail};
use ash_alerts::{AlertSettings, Kind, TestError, send_test};
use ash_runtime::Overrides;
use clap::Subcommand;
use serde_json::json;

use crate::args::Global;
use crate::outcome::Outcome;
use crate::setup;
use crate::terminal::{ALARM, FAINT, STRONG, styled};

/// Arguments of `alerts`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp alerts list --config ash.toml         who is told of which levels
  ash-nlp alerts test --config ash.toml         send a test to everybody
  ash-nlp alerts test team --config ash.toml    send a test to one webhook

docs/alerts.md shows how to set up Discord, Slack and receivers of your own.";

#[derive(Debug, Subcommand)]
enum What {
    /// The webhooks of the configuration; never their addresses
    #[command(after_help = "\
Examples:
  ash-nlp alerts list --config ash.toml
  ash-nlp alerts list --json | jq -r '.webhooks[].name'")]
    List {
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
    /// Send an alert that says that it is a test, once, and tell what became of it
    ///
    /// Works beside a running service, and before alerts are enabled.
    #[command(after_help = "\
Examples:
  ash-nlp alerts test --config ash.toml
  ash-nlp alerts test team ops --config ash.toml

Exit codes:
  0  every receiver took it
  1  some did not
  2  nothing was sent: wrong usage or configuration")]
    Test {
        /// Webhooks, as the configuration names them [default: all]
        names: Vec<String>,
    },
}

/// Runs one of the subcommands.
pub(crate) fn run(global: &Global, args: Args) -> Result<Outcome> {
    let settings = setup::settings(global, Overrides::default())?.alerts;
    match args.what {
        What::List { json } => list(&settings, json),
        What::Test { names } => test(&settings, names),
    }
}

fn list(settings: &AlertSettings, as_json: bool) -> Result<Outcome> {
    let mut out = stdout().lock();
    if as_json {
        let webhooks: Vec<_> = settings
            .webhooks
            .iter()
            .map(|(name, webhook)| {
                json!({
                    "name": name,
                    "kind": webhook.kind,
                    "from": webhook.from,
                    "sends_text": settings.include_text && webhook.include_text,
                    "is_signed": webhook.signing_key_file.is_some(),
                })
            })
            .collect();
        let all = json!({ "enabled": settings.enabled, "webhooks": webhooks });
        writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
        return Ok(Outcome::Done);
    }
    let width = width(settings.webhooks.keys());
    writeln!(out, "{}", styled(FAINT, format!("{:width$}  kind     from      notes", "name")))?;
    for (name, webhook) in &settings.webhooks {
        let kind = match webhook.kind {
            Kind::Discord => "discord",
            Kind::Slack => "slack",
            Kind::Json => "json",
        };
        let text = (settings.include_text && webhook.include_text).then_some("with the message");
        let signed = webhook.signing_key_file.is_some().then_some("signed");
        let off = (!settings.enabled).then_some("alerts are off");
        let notes: Vec<&str> = [text, signed, off].into_iter().flatten().collect();
        let line = format!("{kind:7}  {:8}  {}", webhook.from, notes.join(", "));
        writeln!(out, "{}  {}", styled(STRONG, format!("{name:width$}")), line.trim_end())?;
    }
    Ok(Outcome::Done)
}

fn test(settings: &AlertSettings, names: Vec<String>) -> Result<Outcome> {
    let names = if names.is_empty() { settings.webhooks.keys().cloned().collect() } else { names };
    if names.is_empty() {
        bail!(
            "there is no webhook in the configuration; add [alerts.webhooks.NAME], as docs/alerts.md shows"
        );
    }
    let unknown = names.iter().find(|name| !settings.webhooks.contains_key(*name));
    if let Some(name) = unknown {
        let known: Vec<&str> = settings.webhooks.keys().map(String::as_str).collect();
        bail!("there is no webhook {name:?}; there are: {}", known.join(", "));
    }
    let width = width(names.iter());
    let mut outcome = Outcome::Done;
    for name in &names {
        let told = match send_test(settings, name) {
            Ok(took) => format!("taken in {} ms", took.as_millis()),
            Err(TestError::Failed { why, hint }) => {
                outcome = Outcome::SomeFailed;
                format!("{}: {hint}", styled(ALARM, why))
            }
            // Its address or its key cannot be read: the others may still be tried.
            Err(error) => {
                outcome = Outcome::SomeFailed;
                format!("{}: {:#}", styled(ALARM, "unusable"), anyhow::Error::from(error))
            }
        };
        writeln!(stdout(), "{}  {told}", styled(STRONG, format!("{name:width$}")))?;
    }
    Ok(outcome)
}

fn width<'a>(names: impl Iterator<Item = &'a String>) -> usize {
    names.map(String::len).max().unwrap_or(0).max(4)
}
