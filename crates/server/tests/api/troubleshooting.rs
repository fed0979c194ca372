//! docs/troubleshooting.md quotes what the service really says.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::sync::Arc;

use ash_analysis::{Classifier, ClassifyError, Message, ModelAnswer, ModelInfo};
use ash_runtime::{AnalyzeError, Overrides, PatternPackError, Profile, Service, Settings, SettingsError};
use ash_server::{KeyFile, KeyFileError, NewEntry, Role, ServeError, add_key, may_listen};
use serde_json::json;

use crate::harness::{Fake, Reply, Running, settings};
use crate::quotes::{PAGE, is_of, quotes};

/// Every line of `said` is on the page.
fn quoted(said: &str) {
    for line in said.lines().map(str::trim) {
        assert!(
            quotes().iter().any(|quote| is_of(quote, line)),
            "docs/troubleshooting.md does not quote: {line}"
        );
    }
}

/// An error over HTTP: its status and code are on the page, and what it says.
fn quoted_reply(reply: &Reply) {
    let error = &reply.json["error"];
    let row = format!("{} `{}`", reply.status, error["code"].as_str().unwrap());
    assert!(PAGE.contains(&row), "docs/troubleshooting.md has no {row}");
    quoted(error["message"].as_str().unwrap());
}

#[test]
fn requests_are_told_what_the_page_says() {
    let server = Running::new();
    for body in [
        "{}",
        r#"{"message":7}"#,
        r#"{"message":" "}"#,
        "[]",
        r#"{"message":"hi","verbosity":"much"}"#,
        &format!(r#"{{"message":"{}"}}"#, "a".repeat(40_000)),
        &"a".repeat(2 << 20),
    ] {
        quoted_reply(&server.post("/analyze", body));
    }
    quoted_reply(&server.post("/analyse", "{}"));
    quoted_reply(&server.get("/analyze"));
    let (starting, _release) = Running::held_back();
    quoted_reply(&starting.analyze("high"));
    // What differs is longer than what does not.
    let no_json = server.post("/analyze", "no").json["error"]["message"].as_str().unwrap().to_owned();
    assert!(
        no_json.starts_with("the body is not valid JSON: ")
            && PAGE.contains("`the body is not valid JSON: …`")
    );
}

#[test]
fn whoever_sends_half_a_body_or_too_much_is_told_what_the_page_says() {
    let narrow = Overrides::default()
        .set("limits.exempt_addresses", json!([]))
        .set("limits.requests_per_second_per_address", 1)
        .set("limits.burst_per_address", 1)
        .set("server.request_timeout_ms", 1500)
        .set("queue.max_wait_ms", 100);
    let server = Running::with(narrow);
    let half =
        "POST /analyze HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 99\r\n\r\n{";
    let late = server.raw(half.as_bytes());
    quoted(&message_of(&late).replace("1500 ms", "4500 ms"));
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let mut gone = TcpStream::connect(server.address).unwrap();
    gone.write_all(half.as_bytes()).unwrap();
    gone.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    gone.read_to_string(&mut answer).unwrap();
    quoted(&message_of(&answer));
    let limited = (0..50).map(|_| server.analyze("hi")).find(|reply| reply.status == 429);
    quoted_reply(&limited.expect("one a second is allowed"));
}

/// The error's sentence in an answer as it came over the wire.
fn message_of(answer: &str) -> String {
    let body = answer.split("\r\n\r\n").nth(1).unwrap();
    let json: serde_json::Value = serde_json::from_str(body).unwrap();
    json["error"]["message"].as_str().unwrap().to_owned()
}

#[test]
fn whoever_has_not_the_right_key_is_told_what_the_page_says() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.toml");
    let entry = NewEntry { name: "bot".to_owned(), role: Role::Read, critical_as_high: false };
    let key = add_key(&file, &entry).unwrap().expose().to_owned();
    let locked = Running::with(Overrides::default().set("auth.keys_file", &file));
    let none: &[(&str, &str)] = &[];
    let two = [("x-ash-internal-key", key.as_str()), ("authorization", "Bearer another")];
    for headers in [none, &[("x-ash-internal-key", "wrong")], &two, &two[..1]] {
        quoted_reply(&locked.send("POST", "/analyze", headers, r#"{"message":"hi"}"#));
    }
}

#[test]
fn it_does_not_start_for_reasons_that_the_page_names() {
    let address = "127.0.0.1:8881".parse().unwrap();
    let source = io::Error::other("Address already in use (os error 98)");
    quoted(&ServeError::Bind { address, source }.to_string());
    let exposed = may_listen("0.0.0.0:8881".parse().unwrap(), false, false).unwrap_err().to_string();
    quoted(&exposed.split_inclusive(" Make a key").next().unwrap().replace("Make a key", "…"));
    quoted(&SettingsError::OfAnotherProfile { profile: Profile::ZeroShot }.to_string());
    let missing = || io::Error::other("not there");
    let (keys, packs) = (Path::new("keys.toml"), Path::new("packs"));
    let unreadable = KeyFileError::Unreadable { path: keys.to_owned(), source: missing() }.to_string();
    quoted(unreadable.split_once("; ").unwrap().0);
    let boss = "# keys\n# of bots\n\n[[key]]\nname = \"bot\"\nrole = \"boss\"\nsha256 = \"00\"\n";
    quoted(&KeyFile::parse(boss, keys).unwrap_err().to_string());
    quoted(
        &PatternPackError::Unreadable { path: packs.to_owned(), source: io::Error::other("no") }.to_string(),
    );
    quoted(&PatternPackError::Empty { path: packs.to_owned() }.to_string());
    let (file, why) = ("packs/hopelessness.toml".to_owned(), "no".to_owned());
    quoted(&PatternPackError::Syntax { file: file.clone(), line: Some(10), why }.to_string());
    let misnamed = PatternPackError::Misnamed { file, name: "despair".to_owned() }.to_string();
    quoted(misnamed.split_inclusive("named ").next().unwrap().replace("named ", "named …").as_str());
}

#[test]
fn mistakes_in_a_configuration_look_as_on_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ash.toml");
    let said = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let error = Settings::load(Some(&file), Overrides::default()).unwrap_err().to_string();
        quoted(&error.replace(&format!("{}/", folder.path().display()), ""));
    };
    said("[queue]\ncapacity_tokens = 0\n\n[log]\nlevle = \"debug\"\n");
    said("[server\nbind = 1");
    said("[server]\nrequest_timeout_ms = 1000\n");
}

#[test]
fn models_that_cannot_be_loaded_are_named_as_on_the_page() {
    let said = |overrides: Overrides| {
        let settings = Settings::load(None, overrides).unwrap();
        Service::start_cold(settings).err().expect("there are no models").to_string()
    };
    let nowhere = said(Overrides::default().set("models.path", "nowhere"));
    quoted(&nowhere.replace("No such file or directory (os error 2)", "no"));
    let zero_shot = Overrides::default().set("models.profile", "zero-shot");
    let none = said(zero_shot.clone().set("models.zero_shot.directory", "nowhere"));
    let name = "MoritzLaurer/deberta-v3-base-zeroshot-v2.0";
    quoted(&none.replace(name, "a/b").replace("nowhere/MoritzLaurer--deberta-v3-base-zeroshot-v2.0", "c"));
    let labels = said(zero_shot.set("models.zero_shot.label_set", "nosuch"));
    quoted(&labels.split_inclusive("compact, ").next().unwrap().replace("compact, ", "compact, …"));
}

/// Models that are there and never answer.
struct Mute(Fake);

impl Classifier for Mute {
    fn models(&self) -> Vec<Arc<ModelInfo>> {
        self.0.models()
    }

    fn classify(&self, _: &[&Message]) -> Vec<(Arc<ModelInfo>, ModelAnswer)> {
        let failed = |info: Arc<ModelInfo>| {
            let (model, why) = (info.name.clone(), "told to".to_owned());
            (info, Err(ClassifyError::Failed { model, why }))
        };
        self.models().into_iter().map(failed).collect()
    }
}

#[test]
fn why_it_is_degraded_is_told_as_on_the_page() {
    let settings = settings(Overrides::default());
    let mute = settings.clone();
    let start = Box::new(|| Service::with_classifier(mute, Arc::new(Mute(Fake::new()))));
    let server = Running::starting(settings, start);
    server.wait_until_ready();
    let health = server.get("/health").json;
    assert_eq!(health["status"], "degraded", "{health}");
    quoted(health["degraded_reasons"][0].as_str().unwrap());
    let model = || "sentiment".to_owned();
    for (file, why) in [
        ("cannot read m/sentiment/model.safetensors", "no"),
        ("m/sentiment/model.safetensors is not valid", "no"),
    ] {
        quoted(&ClassifyError::NotLoaded { model: model(), why: format!("{file}: {why}") }.to_string());
    }
}

#[test]
fn why_models_did_not_read_a_message_is_told_as_on_the_page() {
    let first_factor = |server: &Running, message: &str| {
        let body = json!({"message": message, "verbosity": "detailed"}).to_string();
        let verdict = server.post("/analyze", body).json;
        assert_eq!(verdict["is_degraded"], true, "{verdict}");
        verdict["explanation"]["key_factors"][0].as_str().unwrap().to_owned()
    };
    quoted(&first_factor(&Running::new(), "broken").replace("a test asked for it.", "…"));
    let retry_after = std::time::Duration::from_secs(2);
    let nobody = ClassifyError::NobodyToAsk { why: "the models are being loaded".to_owned() };
    quoted(&format!("{nobody}.").replacen('n', "N", 1));
    for why in [AnalyzeError::Overloaded { retry_after }, AnalyzeError::Late] {
        let not_asked = ClassifyError::NotAsked { model: "depression".to_owned(), why: why.to_string() };
        // As the explanation writes it.
        quoted(&format!("{not_asked}.").replacen('m', "M", 1));
    }
}
