//! One line of the history: what was measured, on what, and how fast the machine was at that moment.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};
use std::thread::available_parallelism;

use ash_learning::Moment;
use ash_runtime::VERSION;
use serde::{Deserialize, Serialize};

/// What a measurement tells of itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Facts {
    /// The command: `engine`, `validate`, `load`, `compare`.
    pub(crate) kind: &'static str,
    /// How it was asked, as far as it changes the figures: "closed, 64 clients, spawned". Only what has the same setup is
    /// compared. Names no path, no address and no key.
    pub(crate) setup: String,
    pub(crate) of: Built,
    /// By name; a name ends with its unit.
    pub(crate) figures: BTreeMap<&'static str, f64>,
}

/// The program that was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Built {
    /// Absent if the server does not tell.
    pub(crate) version: Option<String>,
    /// The instructions of its matrix products.
    pub(crate) kernel: Option<String>,
    /// Whether the compiler optimised it.
    pub(crate) optimised: Option<bool>,
    /// Of its settings.
    pub(crate) config_fingerprint: Option<String>,
}

impl Built {
    /// This program, with settings of that fingerprint.
    pub(crate) fn this(config_fingerprint: String) -> Self {
        Built {
            version: Some(VERSION.to_owned()),
            kernel: Some(ash_runtime::kernel_name().to_owned()),
            optimised: Some(!cfg!(debug_assertions)),
            config_fingerprint: Some(config_fingerprint),
        }
    }

    /// What GET /status says; nothing if it may not be read.
    pub(crate) fn told(status: &serde_json::Value) -> Self {
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        Built {
            version: text(&status["version"]),
            kernel: text(&status["build"]["kernel"]),
            optimised: status["build"]["optimised"].as_bool(),
            config_fingerprint: text(&status["config_fingerprint"]),
        }
    }
}

/// A line of the history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// RFC 3339, UTC.
    pub(crate) date: String,
    #[serde(default)]
    pub(crate) label: Option<String>,
    pub(crate) kind: String,
    pub(crate) setup: String,
    /// `git describe` where the program ran, else its version.
    pub(crate) commit: String,
    #[serde(default)]
    pub(crate) version: Option<String>,
    pub(crate) machine: Machine,
    #[serde(default)]
    pub(crate) config_fingerprint: Option<String>,
    /// How long the fixed work took meanwhile, in milliseconds; see [`super::calibration`].
    pub(crate) baseline_ms: f64,
    pub(crate) figures: BTreeMap<String, f64>,
}

/// What it ran on. Only figures of equal machines are compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    #[serde(default)]
    pub(crate) kernel: Option<String>,
    #[serde(default)]
    pub(crate) optimised: Option<bool>,
}

impl Machine {
    /// This one, running a program that was built so.
    fn running(built: &Built) -> Self {
        Machine {
            cpu: processor(&fs::read_to_string("/proc/cpuinfo").unwrap_or_default()),
            cores: available_parallelism().map_or(1, Into::into),
            kernel: built.kernel.clone(),
            optimised: built.optimised,
        }
    }
}

impl Entry {
    /// The facts, here and now.
    pub(crate) fn now(facts: Facts, label: Option<String>, baseline_ms: f64) -> Self {
        Entry {
            date: Moment::now().to_rfc3339(),
            label,
            kind: facts.kind.to_owned(),
            setup: facts.setup,
            commit: commit().unwrap_or_else(|| VERSION.to_owned()),
            machine: Machine::running(&facts.of),
            version: facts.of.version,
            config_fingerprint: facts.of.config_fingerprint,
            baseline_ms,
            figures: facts.figures.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        }
    }
}

/// The name of the processor as the kernel tells it; else its architecture.
fn processor(cpuinfo: &str) -> String {
    let named = cpuinfo.lines().filter_map(|line| line.split_once(':'));
    let model = named.filter(|(name, _)| name.trim() == "model name").map(|(_, model)| model.trim()).next();
    model.filter(|m| !m.is_empty()).unwrap_or(std::env::consts::ARCH).to_owned()
}

/// What git calls the state of the working folder, if it is one of git's. That the history itself changed, as it does with
/// every measurement, is no change.
fn commit() -> Option<String> {
    let at = git(&["describe", "--always", "--tags"]).filter(|at| !at.is_empty())?;
    let elsewhere = [":(top)", ":(top,exclude)bench/history.jsonl"];
    let changed = git(&[&["status", "--porcelain", "--untracked-files=no", "--"], &elsewhere[..]].concat())?;
    Some(if changed.is_empty() { at } else { at + "-dirty" })
}

fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_named_by_the_kernel_or_by_its_kind() {
        assert_eq!(processor("processor\t: 0\nmodel name\t: AMD EPYC 9B14\nflags\t: a b\n"), "AMD EPYC 9B14");
        assert_eq!(processor("processor\t: 0\n"), std::env::consts::ARCH);
    }

    #[test]
    fn what_a_server_does_not_tell_is_unknown() {
        let status = serde_json::json!({"version": "1", "build": {"kernel": "avx2", "optimised": true}});
        let told = Built::told(&status);
        assert_eq!((told.kernel.as_deref(), told.optimised), (Some("avx2"), Some(true)));
        assert_eq!((told.version.as_deref(), told.config_fingerprint), (Some("1"), None));
        assert_eq!(Built::told(&serde_json::Value::Null).version, None);
    }
}
