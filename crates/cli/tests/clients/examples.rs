//! Every example of docs/api.md, against the real program: what it prints is what the page shows below it.
//!
//! A block of bash, Python or JavaScript is run as it stands, but for the address of the service; that in Rust is
//! crates/cli/examples/client.rs. The block of text behind it is what standard output must be, line by line; `…` stands
//! for anything within a line, and as a line of its own for any number of lines. Blocks marked `with-keys` ask a
//! service that wants a key, which may analyze once a second.

use std::process::{Command, Output, Stdio};
use std::{fs, io::Write as _};

use ash_server::routes;

use crate::harness::{err, out};
use crate::peers::{key, peer, repository};
use crate::served::{Served, serving};

#[path = "../../examples/client.rs"]
#[allow(dead_code, reason = "its `main` is not called here")]
mod client;

/// Where the page says that the service is.
const ADDRESS: &str = "localhost:8881";

/// An example and what it prints.
#[derive(Debug)]
struct Example {
    /// The line of its fence, from 1.
    line: usize,
    language: String,
    with_keys: bool,
    code: String,
    prints: String,
}

fn page() -> String {
    fs::read_to_string(repository().join("docs/api.md")).expect("docs/api.md")
}

/// The examples of the page: pairs of blocks.
fn examples(page: &str) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    let mut lines = (1..).zip(page.lines());
    let mut waits = false;
    while let Some((line, text)) = lines.next() {
        let Some(info) = text.strip_prefix("```") else { continue };
        let block: String = lines
            .by_ref()
            .map(|(_, text)| text)
            .take_while(|text| *text != "```")
            .flat_map(|text| [text, "\n"])
            .collect();
        if info == "text" {
            assert!(waits, "line {line}: what prints this?");
            found.last_mut().expect("an example").prints = block;
        } else {
            assert!(!waits, "line {line}: the example before this shows nothing");
            let (language, marks) = info.split_once(' ').unwrap_or((info, ""));
            let (language, with_keys) = (language.to_owned(), marks == "with-keys");
            found.push(Example { line, language, with_keys, code: block, prints: String::new() });
        }
        waits = info != "text";
    }
    assert!(!waits, "the last example shows nothing");
    found
}

/// Whether a line has the form of a pattern, in which `…` stands for anything.
fn like(line: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('…');
    let Some(rest) = parts.next().and_then(|first| line.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    let mut rest = rest;
    for part in middle {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// Whether the lines are those that are shown.
fn shows(lines: &[&str], shown: &[&str]) -> bool {
    match (lines, shown) {
        ([], []) => true,
        (_, ["…", rest @ ..]) => (0..=lines.len()).any(|skipped| shows(&lines[skipped..], rest)),
        ([line, more @ ..], [pattern, rest @ ..]) => like(line, pattern) && shows(more, rest),
        _ => false,
    }
}

/// A program of the system, with nothing of the tester's environment but where programs are; none if it or another
/// that it needs is not installed, which is said, and fails the test if `ASH_CLIENTS` is `required`.
fn system(program: &str, needs: &[&str]) -> Option<Command> {
    for name in [&[program], needs].concat() {
        let found = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if let Err(error) = found {
            assert_ne!(std::env::var("ASH_CLIENTS").as_deref(), Ok("required"), "{name}: {error}");
            // Not by a macro, whose words the test harness keeps to itself when a test passes.
            let said = writeln!(std::io::stderr(), "examples skipped, {name} is not there: {error}");
            said.expect("standard error is there");
            return None;
        }
    }
    let mut command = Command::new(program);
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    Some(command)
}

/// What it printed; none if the language is not installed here, which was said then.
fn run(example: &Example, served: &Served, key: &str) -> Option<String> {
    let code = example.code.replace(ADDRESS, &served.address.to_string());
    let mut command = match example.language.as_str() {
        "rust" => {
            let mut printed = Vec::new();
            let service = format!("http://{}", served.address);
            let messages = ["hello", "i just feel so empty lately"];
            client::tell(&service, &messages, &mut printed).expect("it answers");
            return Some(String::from_utf8(printed).expect("UTF-8"));
        }
        "bash" => system("bash", &["curl", "jq"])?,
        "javascript" => system("node", &[])?,
        "python" => peer("python")?,
        other => panic!("line {}: who runs {other}?", example.line),
    };
    match example.language.as_str() {
        "bash" => command.args(["-euo", "pipefail", "-s"]),
        "javascript" => command.args(["--input-type=module", "-"]),
        _ => command.arg("-"),
    };
    let output = piped(command.env("ASH_KEY", key), &code);
    let ended =
        if output.status.success() { String::new() } else { format!("{}\n{}", output.status, err(&output)) };
    Some(out(&output) + &ended)
}

/// Runs a program with its source on standard input.
fn piped(command: &mut Command, code: &str) -> Output {
    let streams = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = streams.spawn().expect("the program starts");
    let written = child.stdin.take().expect("a pipe").write_all(code.as_bytes());
    written.expect("the program reads");
    child.wait_with_output().expect("the program ends")
}

/// `ash-nlp serve` that forgets what it learns.
fn service() -> Command {
    let mut command = serving(&[]);
    command.env("ASH_LEARNING__PATH", ":memory:");
    command
}

#[test]
fn every_example_of_the_page_prints_what_the_page_shows() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, key) = key("analyze", folder.path());
    let open = Served::ready(&mut service());
    let locked = Served::ready(
        service()
            .env("ASH_AUTH__KEYS_FILE", file)
            .env("ASH_LIMITS__REQUESTS_PER_SECOND_PER_KEY", "1")
            .env("ASH_LIMITS__BURST_PER_KEY", "3"),
    );
    let mut wrong = Vec::new();
    for example in examples(&page()) {
        let served = if example.with_keys { &locked } else { &open };
        let Some(printed) = run(&example, served, &key) else { continue };
        let (lines, shown): (Vec<&str>, Vec<&str>) =
            (printed.lines().collect(), example.prints.lines().collect());
        if !shows(&lines, &shown) {
            wrong.push(format!(
                "docs/api.md:{}: it prints\n{printed}and the page shows\n{}",
                example.line, example.prints
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_example_in_rust_is_the_one_that_is_compiled() {
    let page = examples(&page());
    let in_rust: Vec<&Example> = page.iter().filter(|example| example.language == "rust").collect();
    assert_eq!(in_rust.len(), 1);
    assert_eq!(in_rust[0].code, include_str!("../../examples/client.rs"));
}

#[test]
fn every_language_and_every_route_is_on_the_page() {
    let page = page();
    let found = examples(&page);
    for language in ["bash", "python", "javascript", "rust"] {
        assert!(found.iter().any(|example| example.language == language), "{language}");
    }
    for (_, path, _) in routes().filter(|(_, path, _)| !path.contains("/versions/")) {
        let last = path.rsplit_once("/admin/labels").map_or(path, |(_, last)| last);
        let name = last.strip_prefix("/docs/").map_or(last, |_| "/docs");
        assert!(page.contains(name), "{path} is not on the page");
    }
}

#[test]
fn what_differs_is_left_out_and_nothing_else() {
    for (line, pattern, wanted) in [
        ("a 0.43 b", "a 0.4… b", true),
        ("a 0.43 b", "a 0.5… b", false),
        ("abc", "abc", true),
        ("abcd", "abc", false),
        ("abcd", "…", true),
        ("x1y2z", "x…y…z", true),
        ("x1z", "x…y…z", false),
    ] {
        assert_eq!(like(line, pattern), wanted, "{line} {pattern}");
    }
    assert!(shows(&["a", "b", "c"], &["a", "…"]) && shows(&["a"], &["a", "…"]));
    assert!(!shows(&["a", "b"], &["a"]) && !shows(&["a"], &["a", "b"]) && !shows(&["b"], &["…", "a"]));
}
