//! The dashboard in a real browser, against the real program. `tests/dashboard/checks.mjs` is what the browser does and
//! what must come of it; each of its checks is a test here. Without an installation (`tests/dashboard/install`) a test
//! says so and passes, unless `ASH_BROWSER` is `required`, as in `.ci/run`.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const INSTALL: &str = "run tests/dashboard/install first";

/// Runs one of the checks to its end, which must be a good one.
fn check(name: &str) {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    if !repository.join("target/dashboard/installed.json").is_file() {
        assert_ne!(std::env::var("ASH_BROWSER").as_deref(), Ok("required"), "{name}: {INSTALL}");
        // Not by a macro, whose words the test harness keeps to itself when a test passes.
        let said = writeln!(std::io::stderr(), "skipped, {name}: {INSTALL}");
        said.expect("standard error is there");
        return;
    }
    let script = repository.join("tests/dashboard/checks.mjs");
    let mut node = Command::new("node");
    node.arg(script).args([env!("CARGO_BIN_EXE_ash-nlp"), name]).stdin(Stdio::null());
    let output = node.output().expect("node starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{name}\n{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.trim(), format!("ok {name}"));
}

#[test]
fn the_dashboard_works_by_keyboard_and_says_what_happens() {
    check("keyboard");
}

#[test]
fn a_message_is_text_whatever_stands_in_it() {
    check("inert");
}

#[test]
fn a_message_that_is_tried_is_in_the_page_and_in_one_request() {
    check("quiet");
}

#[test]
fn the_page_lets_nothing_else_in_or_out() {
    check("policy");
}

#[test]
fn the_page_is_readable_in_light_and_dark_wide_and_narrow() {
    check("readable");
}

#[test]
fn a_service_with_keys_shows_nothing_without_one() {
    check("key");
}

#[test]
fn a_service_that_goes_and_comes_back_is_followed_and_not_held_up() {
    check("gone");
}

#[test]
fn the_start_is_shown_from_its_first_moment() {
    check("warming");
}

#[test]
fn what_is_missing_is_said_in_words() {
    check("degraded");
}
