//! One line of the history: what was measured, on what, and how fast the machine was at that moment.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::available_parallelism;

use ash_learning::Moment;
use ash_runtime::VERSION;
use serde::{Deserialize, Serialize};

use crate::bench::output::HISTORY;

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
    /// `git describe` of the folder where the program ran if that is this project, else its version.
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
    /// The facts, here and now, for that file.
    pub(crate) fn now(facts: Facts, label: Option<String>, baseline_ms: f64, history: &Path) -> Self {
        Entry {
            date: Moment::now().to_rfc3339(),
            label,
            kind: facts.kind.to_owned(),
            setup: facts.setup,
            commit: commit(Path::new("."), history).unwrap_or_else(|| VERSION.to_owned()),
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

/// What git calls the state of a folder, if that is one of this project: what another project is at says nothing of this
/// program. That `history` itself changed, as it does with every measurement, is no change.
fn commit(folder: &Path, history: &Path) -> Option<String> {
    let git = |args: &[&str]| git(folder, args);
    let top = PathBuf::from(git(&["rev-parse", "--show-toplevel"])?).canonicalize().ok()?;
    if !is_this_project(&top) {
        return None;
    }
    let at = git(&["describe", "--always", "--tags"]).filter(|at| !at.is_empty())?;
    let mut elsewhere = vec![":(top)".to_owned(), format!(":(top,exclude){HISTORY}")];
    // Git knows no paths outside, and those change nothing.
    let history = history.canonicalize().ok();
    if let Some(inside) = history.as_ref().and_then(|history| history.strip_prefix(&top).ok()) {
        elsewhere.push(format!(":(top,exclude,literal){}", inside.to_str()?));
    }
    let elsewhere = elsewhere.iter().map(String::as_str);
    let args: Vec<&str> =
        ["status", "--porcelain", "--untracked-files=no", "--"].into_iter().chain(elsewhere).collect();
    Some(if git(&args)?.is_empty() { at } else { at + "-dirty" })
}

/// Whether the sources of this program lie there.
fn is_this_project(top: &Path) -> bool {
    let manifest = fs::read_to_string(top.join("crates/cli/Cargo.toml")).unwrap_or_default();
    let manifest = manifest.parse::<toml::Table>().unwrap_or_default();
    let name = manifest.get("package").and_then(|package| package.get("name"));
    name.and_then(toml::Value::as_str) == Some(env!("CARGO_PKG_NAME"))
}

fn git(folder: &Path, args: &[&str]) -> Option<String> {
    let mut git = Command::new("git");
    // A hook that runs this has named its own repository there.
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        git.env_remove(name);
    }
    git.arg("-C").arg(folder).args(args).stdin(Stdio::null()).stderr(Stdio::null());
    let output = git.output().ok()?;
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
    fn the_commit_is_that_of_this_project_and_measuring_does_not_change_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let top = folder.path();
        let git = |args: &[&str]| super::git(top, args).unwrap_or_else(|| panic!("git {args:?}"));
        let write = |file: &str, text: &str| {
            fs::create_dir_all(top.join(file).parent().expect("a folder")).expect("made");
            fs::write(top.join(file), text).expect("written");
        };
        let history = top.join("my [history].jsonl");
        write("my [history].jsonl", "");
        write("a.txt", "");
        git(&["init"]);
        let commit_all = || {
            git(&["add", "."]);
            let plain = [
                "user.name=a",
                "user.email=a@example.org",
                "commit.gpgsign=false",
                "core.hooksPath=/dev/null",
            ];
            let options = plain.iter().flat_map(|option| ["-c", option]);
            git(&options.chain(["commit", "-m", "all"]).collect::<Vec<_>>());
        };
        commit_all();
        assert_eq!(commit(top, &history), None, "another project");
        write("crates/cli/Cargo.toml", "[package]\nname = \"ash-nlp\"\n");
        commit_all();
        let at = git(&["describe", "--always"]);
        write("my [history].jsonl", "{}\n");
        assert_eq!(commit(top, &history).as_ref(), Some(&at));
        assert_eq!(commit(&top.join("crates"), &history).as_ref(), Some(&at));
        let elsewhere = tempfile::NamedTempFile::new().expect("a file");
        let dirty = Some(format!("{at}-dirty"));
        assert_eq!(commit(top, elsewhere.path()), dirty, "a file like any other, if it is not the history");
        git(&["checkout", "."]);
        assert_eq!(commit(top, elsewhere.path()), Some(at));
        write("a.txt", "changed");
        assert_eq!(commit(top, &history), dirty);
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
