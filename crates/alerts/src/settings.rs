//! `[alerts]`: who is told of which verdicts.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use ash_analysis::Level;
use serde::{Deserialize, Serialize};

use crate::url::WebhookUrl;

/// `[alerts]`: who is told of which verdicts. What is left out has its default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlertSettings {
    /// Whether anybody is.
    pub enabled: bool,
    /// The database file in which alerts wait; ":memory:" loses what waits at the end of the process.
    pub outbox: PathBuf,
    /// Whether any webhook may send message text; each must say so too.
    pub include_text: bool,
    /// For this long a person is not told of again at the same or a lower level; 0 to 86400, 0: always told.
    pub repeat_after_seconds: u64,
    /// Alerts a webhook gets in a minute, before the rest becomes one summary; 1 to 600.
    pub max_per_minute: u32,
    /// How long a receiver that cannot be reached is tried; 1 to 168.
    pub give_up_after_hours: u32,
    /// How long a receiver may take to answer; 100 to 60000.
    pub timeout_ms: u64,
    /// How many alerts may wait in all; 1 to 1000000.
    pub max_waiting: usize,
    /// Who is told, by name: 1 to 64 letters, digits, `-` and `_`.
    pub webhooks: BTreeMap<String, WebhookSettings>,
}

/// `[alerts.webhooks.NAME]`: one receiver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// What the receiver understands.
    pub kind: Kind,
    /// The file that holds its address, which is a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_file: Option<PathBuf>,
    /// The address itself, of a receiver for which it is no secret; instead of `url_file`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<WebhookUrl>,
    /// The lowest level that is told; not `none`.
    #[serde(default = "high")]
    pub from: Level,
    /// Whether the message itself is sent, if [`AlertSettings::include_text`] allows it.
    #[serde(default)]
    pub include_text: bool,
    /// Whether the address may be http:// on another machine.
    #[serde(default)]
    pub allow_http: bool,
    /// The file that holds the key requests are signed with, at least 16 bytes; [`Kind::Json`] only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_key_file: Option<PathBuf>,
}

const fn high() -> Level {
    Level::High
}

/// What a receiver understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A webhook of a Discord channel.
    Discord,
    /// An incoming webhook of Slack.
    Slack,
    /// Anything else: documented JSON, signed on request.
    Json,
}

impl Default for AlertSettings {
    fn default() -> Self {
        AlertSettings {
            enabled: false,
            outbox: "ash-alerts.db".into(),
            include_text: false,
            repeat_after_seconds: 300,
            max_per_minute: 30,
            give_up_after_hours: 24,
            timeout_ms: 5_000,
            max_waiting: 10_000,
            webhooks: BTreeMap::new(),
        }
    }
}

/// A key below `[alerts]`, its value, and what is allowed. Never shows more of an address than its host.
pub type Fault = (String, String, String);

impl AlertSettings {
    /// The first key that is wrong.
    pub fn fault(&self) -> Option<Fault> {
        let empty = |key: &str| (key.to_owned(), "empty".to_owned(), "the path of a file".to_owned());
        out_of("repeat_after_seconds", self.repeat_after_seconds, 0..=86_400)
            .or_else(|| out_of("max_per_minute", self.max_per_minute, 1..=600))
            .or_else(|| out_of("give_up_after_hours", self.give_up_after_hours, 1..=168))
            .or_else(|| out_of("timeout_ms", self.timeout_ms, 100..=60_000))
            .or_else(|| out_of("max_waiting", self.max_waiting, 1..=1_000_000))
            .or_else(|| self.outbox.as_os_str().is_empty().then(|| empty("outbox")))
            .or_else(|| self.webhooks.iter().find_map(|(name, webhook)| webhook.fault(name)))
    }

    /// The lowest level that any webhook wants to know of; none if there is no webhook or alerts are off.
    pub fn lowest_level(&self) -> Option<Level> {
        self.webhooks.values().map(|webhook| webhook.from).min().filter(|_| self.enabled)
    }

    pub(crate) const fn repeat_after(&self) -> Duration {
        Duration::from_secs(self.repeat_after_seconds)
    }

    pub(crate) const fn give_up_after(&self) -> Duration {
        Duration::from_secs(self.give_up_after_hours as u64 * 3_600)
    }

    pub(crate) const fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    /// Whether the message itself goes to this webhook.
    pub(crate) const fn sends_text(&self, webhook: &WebhookSettings) -> bool {
        self.include_text && webhook.include_text
    }
}

impl WebhookSettings {
    fn fault(&self, name: &str) -> Option<Fault> {
        let fault = |key: &str, value: String, allowed: &str| {
            Some((format!("webhooks.{name}.{key}"), value, allowed.to_owned()))
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if name.is_empty() || name.len() > 64 || !name.chars().all(is_name) {
            let allowed = "a name of 1 to 64 letters, digits, - and _".to_owned();
            return Some(("webhooks".into(), format!("{name:?}"), allowed));
        }
        if self.from == Level::None {
            return fault("from", self.from.to_string(), "low, medium, high or critical");
        }
        match (&self.url_file, &self.url) {
            (None, None) => return fault("url_file", "not set".into(), "url_file or url"),
            (Some(_), Some(_)) => {
                return fault("url", "set beside url_file".into(), "only one of url_file and url");
            }
            (Some(file), None) if file.as_os_str().is_empty() => {
                return fault("url_file", "empty".into(), "the path of a file");
            }
            (Some(file), None) if file.as_os_str().to_string_lossy().contains("://") => {
                let allowed = "the path of a file that holds the address, not the address";
                return fault("url_file", "(hidden)".into(), allowed);
            }
            (Some(_), None) => {}
            (None, Some(url)) => {
                if let Some(allowed) = url.fault(self.allow_http) {
                    return fault("url", url.to_string(), allowed);
                }
            }
        }
        let file = self.signing_key_file.as_ref()?;
        let shown = file.display().to_string();
        match self.kind {
            Kind::Json if shown.is_empty() => fault("signing_key_file", "empty".into(), "the path of a file"),
            Kind::Json => None,
            _ => fault("signing_key_file", shown, "nothing: only receivers of kind json check a signature"),
        }
    }
}

fn out_of<T: PartialOrd + Display + Copy>(key: &str, value: T, range: RangeInclusive<T>) -> Option<Fault> {
    let allowed = format!("{} to {}", range.start(), range.end());
    (!range.contains(&value)).then(|| (key.to_owned(), value.to_string(), allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEAM: &str = "[webhooks.team]\nkind = \"discord\"\nurl_file = \"team.url\"\n";

    fn read(toml: &str) -> AlertSettings {
        toml::from_str(toml).unwrap_or_else(|error| panic!("{toml}: {error}"))
    }

    #[test]
    fn the_default_tells_nobody_and_is_valid() {
        let settings = AlertSettings::default();
        assert_eq!((settings.fault(), settings.lowest_level()), (None, None));
        assert_eq!(read(""), settings);
    }

    #[test]
    fn a_webhook_needs_little_and_is_told_of_high_without_text() {
        let settings = read(&format!("enabled = true\n{TEAM}"));
        assert_eq!(settings.fault(), None);
        assert_eq!(settings.lowest_level(), Some(Level::High));
        assert!(!settings.sends_text(&settings.webhooks["team"]));
    }

    #[test]
    fn text_needs_both_switches() {
        for (all, one) in [(false, false), (false, true), (true, false), (true, true)] {
            let settings = read(&format!("include_text = {all}\n{TEAM}include_text = {one}"));
            assert_eq!(settings.sends_text(&settings.webhooks["team"]), all && one);
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_what_is_allowed() {
        let cases = [
            ("repeat_after_seconds = 86401", "repeat_after_seconds is 86401: 0 to 86400"),
            ("max_per_minute = 0", "max_per_minute is 0: 1 to 600"),
            ("give_up_after_hours = 169", "give_up_after_hours is 169: 1 to 168"),
            ("timeout_ms = 99", "timeout_ms is 99: 100 to 60000"),
            ("max_waiting = 0", "max_waiting is 0: 1 to 1000000"),
            ("outbox = \"\"", "outbox is empty: the path of a file"),
            ("[webhooks.\"a b\"]\nkind = \"json\"", "webhooks is \"a b\": a name of 1 to 64 letters"),
            ("[webhooks.a]\nkind = \"json\"", "webhooks.a.url_file is not set: url_file or url"),
            (
                "[webhooks.a]\nkind = \"json\"\nurl = \"https://h/secret\"\nurl_file = \"f\"",
                "webhooks.a.url is set beside url_file: only one",
            ),
            (
                "[webhooks.a]\nkind = \"json\"\nurl_file = \"https://h/secret\"",
                "webhooks.a.url_file is (hidden): the path of a file that holds the address, not the address",
            ),
            (
                "[webhooks.a]\nkind = \"json\"\nurl = \"http://example.org/secret\"",
                "webhooks.a.url is http://example.org/…: https://, or http:// to this machine",
            ),
            (
                "[webhooks.a]\nkind = \"json\"\nurl_file = \"f\"\nfrom = \"none\"",
                "webhooks.a.from is none: low",
            ),
            (
                "[webhooks.a]\nkind = \"slack\"\nurl_file = \"f\"\nsigning_key_file = \"k\"",
                "webhooks.a.signing_key_file is k: nothing: only receivers of kind json",
            ),
        ];
        for (toml, wanted) in cases {
            let (key, value, allowed) = read(toml).fault().unwrap_or_else(|| panic!("{toml} is allowed"));
            let said = format!("{key} is {value}: {allowed}");
            assert!(said.starts_with(wanted), "{said}\nis not {wanted}");
            assert!(!said.contains("secret"), "{said}");
        }
    }
}
