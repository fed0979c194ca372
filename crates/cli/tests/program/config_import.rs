//! What an operator of the old service gets from its environment file. None of it needs a model.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{code, command, err, out, run_with};

const V2: &str = include_str!("old/v2.env");
const V3: &str = include_str!("old/v3.env");
const V5: &str = include_str!("old/v5.env");

/// A folder with an `old.env` in it, where the program runs.
struct Place(TempDir);

impl Place {
    fn with(env: impl AsRef<[u8]>) -> Self {
        let dir = TempDir::new().expect("a folder");
        fs::write(dir.path().join("old.env"), env).expect("written");
        Place(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn toml(&self) -> String {
        fs::read_to_string(self.path("ash.toml")).expect("ash.toml")
    }

    /// Exit code, standard output and standard error of `config import old.env` with more arguments.
    fn import(&self, more: &[&str]) -> (i32, String, String) {
        let args = [&["config", "import", "old.env"], more].concat();
        let output = command(&args).current_dir(self.0.path()).output().expect("the program starts");
        (code(&output), out(&output), err(&output))
    }
}

#[test]
fn an_old_file_of_each_generation_becomes_a_configuration_that_the_service_takes() {
    for (generation, env, ended) in [("v2", V2, 1), ("v3", V3, 1), ("v5", V5, 0)] {
        let place = Place::with(env);
        let (code, said, error) = place.import(&[]);
        assert_eq!((code, error.as_str()), (ended, ""), "{generation}");
        insta::assert_snapshot!(format!("config_import_{generation}"), said);
        insta::assert_snapshot!(format!("config_import_{generation}_toml"), place.toml());

        let checked = command(&["config", "check", "ash.toml", "--json"])
            .current_dir(place.0.path())
            .output()
            .expect("the program starts");
        let report: Value = serde_json::from_str(&out(&checked)).expect("JSON");
        let differing = report["differing"].as_array().expect("settings").len();
        assert_eq!(report["ok"], true, "{report:#}");
        assert!(said.contains(&format!("written and good, {differing} settings")), "{said}");
    }
}

#[test]
fn every_variable_is_accounted_for_once_and_no_secret_is_told() {
    for env in [V2, V3, V5] {
        let place = Place::with(env);
        let (_, json, errors) = place.import(&["--json"]);
        let (_, told, more_errors) = place.import(&["--force"]);
        let all = [&json, &told, &errors, &more_errors, &place.toml()].map(String::as_str).concat();
        assert!(!all.contains("secret-word"), "{all}");

        let report: Value = serde_json::from_str(&json).expect("JSON");
        let mut told: Vec<&str> = Vec::new();
        for list in ["taken_over", "same_as_default"] {
            let settings = report[list].as_array().expect(list);
            told.extend(settings.iter().flat_map(|s| s["from"].as_array().expect("from")).map(name_of));
        }
        for list in ["not_taken_over", "secrets"] {
            told.extend(report[list].as_array().expect(list).iter().map(name_of));
        }
        let absent = report["no_equivalent"].as_array().expect("reasons");
        told.extend(absent.iter().flat_map(|row| row["names"].as_array().expect("names")).map(text_of));
        for list in ["unknown", "left_alone"] {
            told.extend(report[list].as_array().expect(list).iter().map(text_of));
        }
        told.sort_unstable();
        told.dedup();

        let mut names: Vec<&str> = env
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.trim_start_matches("export ").split_once('='))
            .map(|(name, _)| name)
            .collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(told, names);
    }
}

fn name_of(row: &Value) -> &str {
    text_of(&row["name"])
}

fn text_of(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[test]
fn a_file_that_is_there_is_replaced_on_demand_only() {
    let place = Place::with("NLP_LOG_LEVEL=DEBUG\n");
    fs::write(place.path("ash.toml"), "# mine\n").expect("written");
    let (code, said, error) = place.import(&[]);
    assert_eq!((code, said.as_str()), (2, ""));
    assert_eq!(error, "error: ash.toml exists already; --force replaces it, --out writes another\n");
    assert_eq!(place.toml(), "# mine\n");

    assert_eq!(place.import(&["--out", "other.toml"]).0, 0);
    assert_eq!(place.toml(), "# mine\n");
    assert_eq!(place.import(&["--force"]).0, 0);
    assert_eq!(place.toml(), fs::read_to_string(place.path("other.toml")).expect("other.toml"));
    let left: Vec<_> = fs::read_dir(place.0.path()).expect("a folder").collect();
    assert_eq!(left.len(), 3, "no temporary file stays: {left:?}");
}

#[test]
fn a_value_that_no_setting_takes_is_told_with_its_line_and_the_default_stays() {
    let place = Place::with(
        "NLP_CACHE_TTL=0\nNLP_API_PORT=banana\nNLP_LOG_LEVEL=LOUD\nGLOBAL_CORS_ALLOWED_ORIGINS=*\n\
         NLP_ZERO_SHOT_LABEL_SET=mine\nNLP_CACHE_ENABLED=false\nNLP_PERFORMANCE_CACHE_ENABLED=true\n",
    );
    let (code, said, error) = place.import(&[]);
    assert_eq!((code, error.as_str()), (1, ""));
    for wanted in [
        "line 1: NLP_CACHE_TTL = 0 → cache.ttl_seconds: is 0, allowed is 1 to 86400",
        "line 2: NLP_API_PORT = banana → server.bind: it is not a port, 1 to 65535",
        "line 3: NLP_LOG_LEVEL = LOUD → log.level: it is none of DEBUG, INFO, WARNING, ERROR and CRITICAL",
        "line 4: GLOBAL_CORS_ALLOWED_ORIGINS = * → cors.allowed_origins: `*` would let any web page",
        "line 5: NLP_ZERO_SHOT_LABEL_SET = mine → models.zero_shot.label_set: there is no such label set",
        "line 7: NLP_PERFORMANCE_CACHE_ENABLED = true → cache.enabled: NLP_CACHE_ENABLED says otherwise",
    ] {
        assert!(said.contains(wanted), "{wanted}\nis not in\n{said}");
    }
    assert!(place.toml().ends_with("\n[cache]\n# was NLP_CACHE_ENABLED = false\nenabled = false\n"));
}

#[test]
fn nothing_of_a_secret_over_several_lines_is_told_quoted_or_not() {
    for quote in ["", "'", "\""] {
        let place = Place::with(format!(
            "NLP_LOG_LEVEL=DEBUG\nBOT_KEY={quote}-----BEGIN hunter2-----\nabchunter2TOKENdef==\nabchunter2def==\n\
             abchunter2def==\n-----END{quote}\nHOME=/hunter2\nASH_PORT=1\nNLP_TURBO=1\nHF_TOKEN=hunter2\n",
        ));
        let (_, told, errors) = place.import(&[]);
        let (_, json, more_errors) = place.import(&["--json", "--force"]);
        let all = [&told, &json, &errors, &more_errors, &place.toml()].map(String::as_str).concat();
        assert!(!all.contains("hunter2"), "{all}");
        // Whose names are no secret by any chance are named.
        for name in ["NLP_LOG_LEVEL", "NLP_TURBO", "ASH_PORT", "HF_TOKEN"] {
            assert!(told.contains(name) && json.contains(name), "{name} is not in {all}");
        }
        assert!(!all.contains("HOME"), "{all}");
        let unnamed = if quote.is_empty() { 4 } else { 1 };
        let report: Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(report["left_alone_unnamed"], unnamed, "{report:#}");
        let words =
            if quote.is_empty() { "4 whose names are not shown" } else { "1 whose name is not shown" };
        assert!(told.contains(words), "{told}");
    }
}

#[test]
fn an_old_value_cannot_write_settings_of_its_own() {
    let place =
        Place::with("NLP_LOG_LEVEL=\"debug\\nlevel = 1\"\nNLP_SENTIMENT_MODEL=\"a\\\"\\n[server]\"\n");
    let (code, said, _) = place.import(&[]);
    assert_eq!(code, 1);
    assert!(!said.contains("\nlevel") && !said.contains("\n[server]"), "{said}");
    assert!(place.toml().ends_with("# Nothing does.\n"), "{}", place.toml());
}

#[test]
fn standard_input_is_read_like_a_file() {
    let place = Place::with("");
    let target = place.path("ash.toml").display().to_string();
    let piped = run_with(&["config", "import", "-", "--out", &target], b"NLP_LOG_LEVEL=DEBUG\r\n");
    assert_eq!((code(&piped), err(&piped).as_str()), (0, ""));
    assert!(place.toml().contains("from standard input:"), "{}", place.toml());
    assert!(place.toml().ends_with("[log]\n# was NLP_LOG_LEVEL = DEBUG\nlevel = \"debug\"\n"));
}

#[test]
fn what_is_no_environment_file_is_refused_in_a_sentence_and_nothing_is_written() {
    struct Case(&'static str, Vec<u8>, &'static str);
    let long = vec![b'a'; 10 * 1024 * 1024];
    for Case(what, bytes, wanted) in [
        Case(
            "binary",
            b"NLP_LOG_LEVEL=INFO\n\x7fELF\x00\x01".to_vec(),
            "line 2 holds a byte 0: this is a binary",
        ),
        Case("not UTF-8", b"NLP_LOG_LEVEL=caf\xe9\n".to_vec(), "line 1 is not UTF-8"),
        Case("10 MiB without a line end", long, "it is longer than 1 MiB"),
        Case("empty", Vec::new(), "no line of it is NAME=value"),
        Case("prose", b"hunter2 is a secret\nand so is this\n".to_vec(), "no line of it is NAME=value"),
        Case(
            "another program's",
            b"POSTGRES_HOST=hunter2\n".to_vec(),
            "none of its 1 variables is one of the old",
        ),
    ] {
        let place = Place::with(bytes);
        let (code, said, error) = place.import(&[]);
        assert_eq!((code, said.as_str()), (2, ""), "{what}");
        assert!(error.starts_with("error: old.env: ") && error.contains(wanted), "{what}: {error}");
        assert!(!error.contains("hunter2"), "{what}: {error}");
        assert!(!place.path("ash.toml").exists(), "{what}");
    }
    let place = Place::with("NLP_LOG_LEVEL=DEBUG");
    let (code, _, error) = place.import(&["--out", "no/such/folder/ash.toml"]);
    assert_eq!(code, 2);
    assert!(error.starts_with("error: cannot write no/such/folder/ash.toml: "), "{error}");
    fs::remove_file(place.path("old.env")).expect("removed");
    let (code, _, error) = place.import(&[]);
    assert_eq!(code, 2);
    assert!(error.starts_with("error: cannot read old.env: "), "{error}");
}
