//! `ash-nlp alerts`: a test arrives or says why not, and no address is ever shown.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{code, err, out, run};

/// A receiver that answers every request with `status`, and what it was sent.
fn receiver(status: u16) -> (String, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (told, bodies) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
            let mut length = 0;
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).expect("a line");
                match line.trim_end().to_ascii_lowercase().split_once(": ") {
                    Some(("content-length", value)) => length = value.parse().expect("a length"),
                    None if line.trim_end().is_empty() => break,
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("a body");
            let _ = told.send(serde_json::from_slice(&body).expect("JSON"));
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).expect("an answer");
        }
    });
    (format!("http://{address}/hook/secret-path"), bodies)
}

/// A configuration of webhooks, each by its address.
fn configured(folder: &TempDir, webhooks: &[(&str, &str)]) -> PathBuf {
    let sections = webhooks.iter().map(|(name, url)| {
        let file = folder.path().join(name);
        fs::write(&file, format!("{url}\n")).expect("a file");
        format!("[alerts.webhooks.{name}]\nkind = \"json\"\nurl_file = '{}'\n", file.display())
    });
    let path = folder.path().join("ash.toml");
    fs::write(&path, sections.collect::<Vec<_>>().concat()).expect("a file");
    path
}

fn alerts(config: &Path, args: &[&str]) -> Output {
    run(&[&["alerts"], args, &["--config", config.to_str().expect("a name")]].concat())
}

#[test]
fn a_test_arrives_and_says_that_nobody_needs_help() {
    let folder = tempfile::tempdir().expect("a folder");
    let (url, bodies) = receiver(204);
    let config = configured(&folder, &[("team", &url)]);
    let tested = alerts(&config, &["test"]);
    assert_eq!(code(&tested), 0, "{}", err(&tested));
    assert!(out(&tested).starts_with("team  taken in "), "{}", out(&tested));
    let body = bodies.recv().expect("it was sent");
    assert_eq!(body["type"], "test");
    assert!(body["reason"].as_str().is_some_and(|told| told.contains("There is nothing to do")), "{body}");
}

#[test]
fn a_test_that_fails_says_why_tries_the_others_and_shows_no_address() {
    let folder = tempfile::tempdir().expect("a folder");
    let (gone, _) = receiver(404);
    let (works, bodies) = receiver(200);
    let config =
        configured(&folder, &[("gone", &gone), ("odd", "no address, a secret-path"), ("works", &works)]);
    let tested = alerts(&config, &["test"]);
    assert_eq!(code(&tested), 1);
    let told = out(&tested);
    let lines: Vec<&str> = told.lines().collect();
    assert!(lines[0].starts_with("gone   status_404: the receiver does not know the address"), "{told}");
    assert!(lines[1].starts_with("odd    unusable: ") && lines[1].contains("https://host/path"), "{told}");
    assert!(lines[2].starts_with("works  taken in "), "{told}");
    assert!(bodies.recv().is_ok());
    assert!(!told.contains("secret-path") && !err(&tested).contains("secret-path"), "{told}");
}

#[test]
fn a_webhook_that_is_not_there_is_named_with_those_that_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = configured(&folder, &[("team", "https://localhost/secret-path")]);
    let tested = alerts(&config, &["test", "tema"]);
    assert_eq!((code(&tested), out(&tested).as_str()), (2, ""));
    assert!(err(&tested).contains("no webhook \"tema\"; there are: team"), "{}", err(&tested));
    let nobody = alerts(&configured(&folder, &[]), &["test"]);
    assert_eq!(code(&nobody), 2);
    assert!(err(&nobody).contains("[alerts.webhooks.NAME]"), "{}", err(&nobody));
}

#[test]
fn webhooks_are_listed_for_people_and_programs_without_their_addresses() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = configured(&folder, &[("team", "https://localhost/secret-path")]);
    let listed = out(&alerts(&config, &["list"]));
    assert_eq!(listed, "name  kind     from      notes\nteam  json     high      alerts are off\n");
    let json: Value = serde_json::from_str(&out(&alerts(&config, &["list", "--json"]))).expect("JSON");
    assert_eq!(json["webhooks"][0]["name"], "team");
    assert_eq!(json["webhooks"][0]["sends_text"], false);
    assert!(!json.to_string().contains("localhost"), "{json}");
}
