//! Prometheus' own tool on the rules and on the page of a running server.
//!
//! Without it a test says so and passes, unless `ASH_PROMTOOL` is `required`, as in `.ci/run`.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::files::repository;
use crate::harness::{err, out};
use crate::served::{Served, serving};

const INSTALL: &str = "run tests/monitoring/install first";

/// The tool, in the folder of the rules; none if it is nowhere.
fn promtool() -> Option<Command> {
    let here = repository().join("target/monitoring/promtool");
    let places = [here.into_os_string(), "promtool".into()];
    let works = |program: &&std::ffi::OsString| {
        let asked =
            Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    };
    if let Some(program) = places.iter().find(works) {
        let mut command = Command::new(program);
        command.current_dir(repository().join("monitoring/prometheus"));
        return Some(command);
    }
    assert_ne!(std::env::var("ASH_PROMTOOL").as_deref(), Ok("required"), "no promtool: {INSTALL}");
    // Not by a macro, whose words the test harness keeps to itself when a test passes.
    let said = writeln!(std::io::stderr(), "skipped, promtool is not there: {INSTALL}");
    said.expect("standard error is there");
    None
}

fn accepts(args: &[&str]) {
    let Some(mut promtool) = promtool() else { return };
    let output = promtool.args(args).output().expect("promtool starts");
    assert!(output.status.success(), "promtool {args:?}\n{}\n{}", out(&output), err(&output));
    assert!(out(&output).contains("SUCCESS"), "promtool {args:?} looked at nothing\n{}", out(&output));
}

#[test]
fn prometheus_takes_the_rules_and_the_configuration() {
    accepts(&["check", "rules", "ash-nlp.rules.yml"]);
    accepts(&["check", "config", "prometheus.yml"]);
}

#[test]
fn each_alert_speaks_where_it_must_and_is_silent_where_it_must() {
    accepts(&["test", "rules", "ash-nlp.rules.test.yml", "ash-nlp.days.rules.test.yml"]);
}

/// The page as the tool reads it: in the older text format `_total` belongs to a counter's name.
fn in_the_older_format(page: &str) -> String {
    let counters: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter")).collect();
    let line = |line: &str| match line
        .split_once(' ')
        .map(|(_, rest)| rest.splitn(3, ' ').collect::<Vec<_>>())
    {
        Some(parts) if line.starts_with('#') && parts.get(1).is_some_and(|name| counters.contains(name)) => {
            format!("# {} {}_total {}\n", parts[0], parts[1], parts[2])
        }
        _ => format!("{line}\n"),
    };
    page.lines().map(line).collect()
}

#[test]
fn prometheus_finds_no_fault_with_the_page_of_a_running_server() {
    let Some(mut promtool) = promtool() else { return };
    let served = Served::ready(&mut serving(&[]));
    served.verdict("i just feel so empty lately");
    let page = in_the_older_format(&served.get("/metrics").body);
    let piped = || Stdio::piped();
    let mut child = promtool
        .args(["check", "metrics"])
        .stdin(piped())
        .stdout(piped())
        .stderr(piped())
        .spawn()
        .expect("promtool starts");
    child.stdin.take().expect("a pipe").write_all(page.as_bytes()).expect("promtool reads");
    let output = child.wait_with_output().expect("promtool ends");
    assert!(output.status.success(), "{}{}\n{page}", out(&output), err(&output));
}
