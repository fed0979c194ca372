//! docs/alerts.md says what is true, and its programs run.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use ash_alerts::{AlertSettings, send_test};
use ash_analysis::Level;
use serde_json::Value;

use crate::harness::{Receiver, alert, nobody, open, settings, webhook};

const DOCS: &str = include_str!("../../../../docs/alerts.md");

/// The blocks of code in a language, without what indents them.
fn blocks(language: &str) -> Vec<String> {
    let begin = format!("```{language}\n");
    let blocks = DOCS.split(&begin).skip(1).filter_map(|rest| rest.split("```").next());
    blocks.map(str::to_owned).collect()
}

#[test]
fn the_settings_shown_are_settings() {
    #[derive(serde::Deserialize)]
    struct File {
        alerts: AlertSettings,
    }
    let blocks = blocks("toml");
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        let file: File = toml::from_str(&block).unwrap_or_else(|error| panic!("{block}: {error}"));
        assert_eq!((file.alerts.fault(), file.alerts.webhooks.len()), (None, 1), "{block}");
    }
}

#[test]
fn the_alert_shown_has_the_keys_of_one() {
    let receiver = Receiver::new();
    let (settings, _folder) = settings([("team", webhook(receiver.url()))]);
    let (alerts, _) = open(&settings);
    alerts.raise(alert("req_1", Level::Critical));
    let told = receiver.next().json();
    let shown: Value = serde_json::from_str(&blocks("json")[0]).unwrap();
    let keys = |body: &Value| -> Vec<String> { body.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(keys(&told), keys(&shown));
    for key in keys(&told) {
        assert!(DOCS.contains(&format!("`{key}`")), "{key} is not explained");
    }
}

#[test]
fn the_log_shown_is_what_is_logged() {
    let mut source = String::new();
    for folder in ["src", "src/keeper", "src/outbox"] {
        for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
            source += &fs::read_to_string(file.unwrap().path()).unwrap_or_default();
        }
    }
    let log = blocks("text").remove(0);
    assert_eq!(log.lines().count(), 7);
    for line in log.lines() {
        let (level, told) = line.split_once(' ').unwrap();
        let words: Vec<&str> = told.split(' ').take_while(|word| !word.contains('=')).collect();
        assert!(source.contains(&format!("\"{}\"", words.join(" "))), "{line}");
        assert!(["INFO", "WARN", "ERROR"].contains(&level));
    }
}

/// A program that is ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "needs python3 and node"]
fn the_receivers_shown_take_what_is_signed_and_nothing_else() {
    for (language, program) in [("python", "python3"), ("javascript", "node")] {
        let (_, folder) = settings([]);
        let address = nobody();
        let code = blocks(language).remove(0).replace("9000", &address.port().to_string());
        let script = folder.file("receiver", code.as_bytes());
        let key = folder.file("team.key", b"0123456789abcdef0123456789abcdef\n");
        let child = Command::new(program)
            .arg(script)
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        let _running = Running(child);

        let mut team = webhook(format!("http://{address}/alerts"));
        team.signing_key_file = Some(key);
        let (settings, _own) = settings([("team", team.clone())]);
        let answer = (0..600).find_map(|_| match send_test(&settings, "team") {
            // It has not begun to listen.
            Err(error) if error.to_string().starts_with("refused") => {
                std::thread::sleep(std::time::Duration::from_millis(50));
                None
            }
            answer => Some(answer),
        });
        answer.expect("it listens").unwrap_or_else(|error| panic!("{program}: {error}"));

        for other in [Some(folder.file("other.key", b"another key that is long enough")), None] {
            let mut settings = settings.clone();
            settings.webhooks.get_mut("team").unwrap().signing_key_file = other;
            let error = send_test(&settings, "team").unwrap_err().to_string();
            assert!(error.starts_with("status_401"), "{program}: {error}");
        }
    }
}
