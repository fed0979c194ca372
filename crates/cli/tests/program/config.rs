//! What an operator asks of the configuration, and what a mistake in it looks like. None of it needs a model.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{code, command, err, out};

/// A folder with an `ash.toml` in it, where the program runs.
struct Place(TempDir);

impl Place {
    fn with(toml: &str) -> Self {
        let dir = TempDir::new().expect("a folder");
        fs::write(dir.path().join("ash.toml"), toml).expect("written");
        Place(dir)
    }

    /// Exit code, standard output and standard error of a run.
    fn run(&self, args: &[&str], env: &[(&str, &str)]) -> (i32, String, String) {
        let mut command = command(args);
        let output = command
            .current_dir(self.0.path())
            .envs(env.iter().copied())
            .output()
            .expect("the program starts");
        (code(&output), out(&output), err(&output))
    }

    /// What a run that succeeds prints.
    fn shown(&self, args: &[&str]) -> String {
        let (code, said, error) = self.run(args, &[]);
        assert_eq!((code, error.as_str()), (0, ""), "{args:?}");
        said
    }
}

const GOOD: &str = "\
[server]
bind = \"127.0.0.1:9000\"
max_body_bytes = 1048576

[analysis.ensemble.weights]
sentiment = 0.1
";

const BAD: &str = "\
[server]
bind = \"localhost\"

[queue]
capacity_tokens = 0

[log]
levle = \"info\"

[quue]
[models]
precision = \"int4\"
";

#[test]
fn a_good_configuration_is_checked_with_what_it_changes() {
    let place = Place::with(GOOD);
    insta::assert_snapshot!("config_check", place.shown(&["config", "check", "ash.toml"]));
    assert_eq!(
        place.shown(&["--config", "ash.toml", "config", "check"]),
        place.shown(&["config", "check", "ash.toml"]),
    );
    assert_eq!(
        place.shown(&["config", "check"]),
        "ok: the built-in defaults, every setting is the default\n"
    );
    let said = place.shown(&["--profile", "zero-shot", "config", "check"]);
    assert_eq!(
        said,
        "ok: the built-in defaults, 1 setting differs from the default\n  \
         models.profile = \"zero-shot\"  (command line)\n"
    );
    let (_, said, _) = place.run(&["config", "check", "ash.toml"], &[("ASH_LOG__FORMAT", "json")]);
    assert!(said.contains("log.format = \"json\"  (ASH_LOG__FORMAT)\n"), "{said}");

    let report: Value =
        serde_json::from_str(&place.shown(&["config", "check", "ash.toml", "--json"])).expect("JSON");
    assert_eq!(report["ok"], true);
    assert_eq!(
        report["differing"][0].to_string(),
        r#"{"key":"analysis.ensemble.weights.sentiment","value":0.1,"default":0.05,"origin":{"layer":"file","path":"ash.toml","line":6}}"#
    );
}

#[test]
fn a_bad_configuration_is_refused_with_every_fault_and_its_line() {
    let place = Place::with(BAD);
    let (code, said, error) = place.run(&["config", "check", "ash.toml"], &[("ASH_MODELS__THREADS", "many")]);
    assert_eq!((code, said.as_str()), (2, ""));
    insta::assert_snapshot!("config_check_bad", error);

    let (code, _, serve) = place.run(&["--config", "ash.toml", "serve"], &[("ASH_MODELS__THREADS", "many")]);
    assert_eq!((code, serve), (2, error), "`serve` refuses in the same words");

    let (code, said, error) = place.run(&["config", "check", "ash.toml", "--json"], &[]);
    assert_eq!((code, error.as_str()), (2, ""));
    let report: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(report["ok"], false);
    let faults = report["faults"].as_array().expect("faults");
    assert_eq!(faults.len(), 5, "{report:#}");
    assert_eq!(faults[2]["origin"]["line"], 8, "{report:#}");
    assert_eq!(faults[2]["suggestion"], "level", "{report:#}");

    let (code, _, error) = place.run(&["config", "check", "no.toml"], &[]);
    assert_eq!(code, 2);
    assert!(error.contains("there is no configuration file no.toml"), "{error}");
    let (code, _, error) = Place::with("[queue\n").run(&["config", "check", "ash.toml"], &[]);
    assert_eq!(code, 2);
    assert!(error.contains("ash.toml:1: this is no TOML: "), "{error}");
}

#[test]
fn the_mistakes_shown_in_the_documentation_look_like_that() {
    let place = Place::with("[queue]\ncapacity_tokens = 0\n\n[log]\nlevle = \"info\"\n");
    let (_, _, error) = place.run(&["config", "check", "ash.toml"], &[]);
    let page = include_str!("../../../../docs/configuration.md");
    assert!(page.contains(&error), "docs/configuration.md does not show\n{error}");
}

#[test]
fn a_setting_is_explained() {
    let place = Place::with(GOOD);
    insta::assert_snapshot!(
        "config_explain_key",
        place.shown(&["config", "explain", "queue.capacity_tokens"])
    );
    insta::assert_snapshot!(
        "config_explain_section",
        place.shown(&["--config", "ash.toml", "config", "explain", "analysis.ensemble"])
    );
    let said = place.shown(&["config", "explain", "models.path"]);
    assert!(said.contains("default   not set") && said.contains("instead of the embedded models"), "{said}");

    let all = place.shown(&["--config", "ash.toml", "config", "explain"]);
    assert!(all.lines().any(|line| line == "server.bind = \"127.0.0.1:9000\"  (ash.toml:2)"), "{all}");
    assert!(all.lines().any(|line| line == "patterns.path = not set"), "{all}");

    let json: Value =
        serde_json::from_str(&place.shown(&["config", "explain", "queue.capacity_tokens", "--json"]))
            .expect("JSON");
    assert_eq!(json[0]["allowed"], "a whole number, 512 to 16777216");
    assert_eq!(json[0]["variable"], "ASH_QUEUE__CAPACITY_TOKENS");
    assert_eq!(json[0]["reloadable"], false);
}

#[test]
fn an_unknown_setting_leads_to_the_nearest() {
    let (code, said, error) = Place::with("").run(&["config", "explain", "queue.capcity_tokens"], &[]);
    assert_eq!((code, said.as_str()), (2, ""));
    assert_eq!(
        error,
        "error: there is no setting \"queue.capcity_tokens\"; did you mean queue.capacity_tokens?\n"
    );
}

#[test]
fn shown_settings_say_where_they_come_from_and_are_still_a_file() {
    let place = Place::with(GOOD);
    let said = place.shown(&["--config", "ash.toml", "config", "show", "--origin", "--threads", "3"]);
    for line in [
        "bind = \"127.0.0.1:9000\"  # ash.toml:2",
        "threads = 3  # command line",
        "capacity_tokens = 65536  # default",
        "sentiment = 0.1  # ash.toml:6",
    ] {
        assert!(said.lines().any(|l| l == line), "{line} is not in\n{said}");
    }
    let again = Place::with(&said);
    let plain = ["--config", "ash.toml", "config", "show"];
    assert_eq!(
        again.shown(&plain),
        place.shown(&["--threads", "3", "--config", "ash.toml", "config", "show"])
    );

    let json: Value =
        serde_json::from_str(&place.shown(&["--config", "ash.toml", "config", "show", "--json"]))
            .expect("JSON");
    assert_eq!(json["server"]["bind"], "127.0.0.1:9000");
    assert_eq!(json["analysis"]["ensemble"]["weights"]["sentiment"].to_string(), "0.1");
    let args = ["--config", "ash.toml", "config", "show", "--json", "--origin"];
    let json: Value = serde_json::from_str(&place.shown(&args)).expect("JSON");
    assert_eq!(json["server.bind"]["origin"]["line"], 2, "{json}");
}
