//! Programs that `tests/clients/install` has installed.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::harness::{code, err, out, run};

const INSTALL: &str = "run tests/clients/install first";

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file of tests/clients.
pub(crate) fn file(name: &str) -> PathBuf {
    repository().join("tests/clients").join(name)
}

/// A program of the Python installation, in an environment that holds nothing of the tester's; none if nothing is
/// installed, which is said, and fails the test if `ASH_CLIENTS` is `required`.
pub(crate) fn peer(program: &str) -> Option<Command> {
    let folder = repository().join("target/clients");
    if folder.join("venv/installed.txt").is_file() {
        let mut command = Command::new(folder.join("venv/bin").join(program));
        // Some keep caches where they are run.
        command.stdin(Stdio::null()).env_clear().env("PYTHONDONTWRITEBYTECODE", "1").current_dir(folder);
        return Some(command);
    }
    assert_ne!(std::env::var("ASH_CLIENTS").as_deref(), Ok("required"), "{program}: {INSTALL}");
    // Not by a macro, whose words the test harness keeps to itself when a test passes.
    let said = writeln!(std::io::stderr(), "skipped, {program} is not there: {INSTALL}");
    said.expect("standard error is there");
    None
}

/// Runs a peer to its end, which must be a good one; what it said is shown otherwise.
pub(crate) fn content(mut command: Command) -> String {
    let output = command.output().expect("the peer starts");
    let (said, program) = (out(&output), command.get_program());
    // Not what it was told, which may be a key.
    let program = program.display();
    assert!(output.status.success(), "{program} ended with {}\n{said}\n{}", output.status, err(&output));
    said
}

/// A file with one key of this role, and the key.
pub(crate) fn key(role: &str, folder: &Path) -> (PathBuf, String) {
    let file = folder.join("keys.toml");
    let added = run(&["keys", "add", "peer", "--role", role, "--file", file.to_str().expect("UTF-8")]);
    assert_eq!(code(&added), 0, "{}", err(&added));
    (file, out(&added).trim().to_owned())
}
