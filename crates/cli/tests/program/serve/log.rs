//! With `log.format = "json"` a machine reads standard error; no line may be anything else.

use rustix::process::Signal;
use serde_json::Value;

use super::client::message;
use super::served::{Served, serving};
use crate::harness::{code, command, err};

fn objects(said: &str) -> Vec<Value> {
    let object = |line: &str| serde_json::from_str::<Value>(line).ok().filter(Value::is_object);
    said.lines().map(|line| object(line).unwrap_or_else(|| panic!("not an object: {line}"))).collect()
}

#[test]
fn a_json_log_is_json_from_the_first_line_to_the_last() {
    let mut command = serving(&[]);
    command.env("ASH_LOG__FORMAT", "json").env("ASH_SERVER__SHUTDOWN_GRACE_MS", "60000");
    let served = Served::ready(&mut command);
    served.ask(&message("a message"));
    let address = served.address;
    served.signal(Signal::HUP);
    served.hear("the configuration was reloaded");
    served.signal(Signal::TERM);
    served.hear("shutting down");
    let (code, said) = served.stopped();
    assert_eq!(code, 1, "{said}");
    let lines = objects(&said);
    assert_eq!(lines[0]["message"], "listening", "{said}");
    assert_eq!(lines[0]["address"], format!("http://{address}"), "{said}");
    for line in &lines {
        assert!(line["timestamp"].is_string() && line["level"].is_string(), "{line}");
    }
    let last = lines.last().map(|line| line["error"].to_string()).unwrap_or_default();
    assert!(last.contains("second signal"), "the end is told too: {said}");
}

#[test]
fn where_it_listens_is_said_at_every_level() {
    let mut command = serving(&[]);
    command.env("ASH_LOG__FORMAT", "json").env("ASH_LOG__LEVEL", "error");
    let served = Served::bound(&mut command);
    let lines = objects(&served.said());
    assert_eq!(lines.len(), 1, "{lines:?}");
}

#[test]
fn a_bench_finds_a_server_whose_log_is_json() {
    let mut bench = command(&["bench", "validate", "--spawn", "--requests", "1", "--json"]);
    let output =
        bench.env("ASH_LOG__FORMAT", "json").env("ASH_LOG__LEVEL", "error").output().expect("it starts");
    assert_eq!(code(&output), 0, "{}", err(&output));
}

#[test]
fn a_service_that_cannot_start_says_so_in_the_format_of_the_log() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    for (format, is_json) in [("json", true), ("human", false)] {
        let output = command(&["serve", "--bind", &address])
            .env("ASH_LOG__FORMAT", format)
            .output()
            .expect("the program starts");
        let said = err(&output);
        assert_eq!(code(&output), 2, "{said}");
        assert!(said.contains(&address) && said.contains("cannot listen"), "{said}");
        assert_eq!(serde_json::from_str::<Value>(said.trim()).is_ok(), is_json, "{format}: {said}");
    }
}
