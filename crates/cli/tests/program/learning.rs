//! `ash-nlp learning`: what staff said is counted, exported and forgotten, and never by mistake.

use std::fs;
use std::path::Path;
use std::process::Output;

use ash_analysis::{Level, MessageText};
use ash_learning::{Feedback, Kind, Learning, LearningSettings, Moment};
use serde_json::json;

use crate::harness::{code, command, err, json_lines, out, run};

/// A database in which staff said of six messages that they were too high, and of one that it was too low.
fn said(path: &Path, keep_text: bool) {
    let settings = LearningSettings { path: path.to_owned(), keep_text, ..LearningSettings::default() };
    let mut learning = Learning::open(settings).expect("a database");
    for n in 0..7 {
        let (kind, given, correct) = match n {
            6 => (Kind::FalseNegative, Level::None, Level::High),
            _ => (Kind::FalsePositive, Level::Medium, Level::None),
        };
        let text = MessageText::parse(&format!("an unmistakable text, number {n}")).expect("text");
        let context = json!({ "user_id": "Kim", "note": "they wrote it twice", "source": "button" });
        let feedback = Feedback::new(kind, given, correct, text)
            .expect("feedback")
            .with_id(format!("bot-{n}").parse().expect("an id"))
            .with_context(context.as_object().expect("an object").clone());
        learning.learn(&feedback, Moment::now()).expect("learnt");
    }
}

/// `ash-nlp learning …` on that database.
fn learning(path: &Path, args: &[&str]) -> Output {
    run(&[&["learning"], args, &["--path", path.to_str().expect("a name")]].concat())
}

#[test]
fn figures_are_for_people_and_programs() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("learning.db");
    said(&path, false);
    let told = learning(&path, &["stats"]);
    assert_eq!(code(&told), 0, "{}", err(&told));
    for line in [
        "records        7  6 too high, 1 too low",
        "with text      0",
        "low       0",
        "medium    +0.0600",
        "high      -0.0100",
        "medium    none            6",
        "none      high            1",
    ] {
        assert!(out(&told).lines().any(|told| told == line), "{line:?} is missing:\n{}", out(&told));
    }

    let told = learning(&path, &["stats", "--json"]);
    let figures: serde_json::Value = serde_json::from_str(&out(&told)).expect("JSON");
    assert_eq!(
        (&figures["total"], &figures["false_positives"], &figures["with_text"]),
        (&json!(7), &json!(6), &json!(0))
    );
    assert_eq!(figures["offsets"], json!({"low": 0.0, "medium": 0.06, "high": -0.01, "critical": 0.0}));
    let correction = json!({"kind": "false_negative", "given": "none", "correct": "high", "records": 1});
    assert_eq!(figures["corrections"][1], correction);
}

#[test]
fn figures_are_of_the_configured_database_and_by_the_configured_bounds() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("learning.db");
    said(&path, false);
    let offsets = |key: &str, value: &str| {
        let told = command(&["learning", "stats", "--json"])
            .env("ASH_LEARNING__PATH", &path)
            .env(key, value)
            .output()
            .expect("it starts");
        assert_eq!(code(&told), 0, "{}", err(&told));
        serde_json::from_str::<serde_json::Value>(&out(&told)).expect("JSON")["offsets"]["medium"].clone()
    };
    assert_eq!(offsets("ASH_LEARNING__MAX_ADJUSTMENT", "0.03"), json!(0.03));
    assert_eq!(offsets("ASH_LEARNING__MIN_RECORDS", "8"), json!(0.0));
    assert_eq!(offsets("ASH_LEARNING__ENABLED", "false"), json!(0.0));
}

#[test]
fn an_export_has_no_text_unless_it_was_kept_and_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let (without, with) = (folder.path().join("without.db"), folder.path().join("with.db"));
    said(&without, false);
    said(&with, true);
    for (path, args) in
        [(&without, &["export"][..]), (&with, &["export"]), (&without, &["export", "--with-text"])]
    {
        let exported = learning(path, args);
        assert_eq!(code(&exported), 0, "{}", err(&exported));
        for never in ["unmistakable", "Kim", "twice"] {
            assert!(!out(&exported).contains(never) && !err(&exported).contains(never), "{never}");
        }
    }
    let lines = json_lines(&learning(&without, &["export"]));
    assert_eq!(lines.len(), 7);
    assert_eq!(lines[0]["kind"], "false_positive");
    assert!(lines[0]["id"].as_str().expect("an id").starts_with("fb_"), "the client's id is hashed");
    assert_eq!((&lines[6]["given"], &lines[6]["correct"]), (&json!("none"), &json!("high")));
    assert_eq!(lines[0]["context"]["source"], "button");

    let none = learning(&without, &["export", "--with-text"]);
    assert_eq!(out(&none), "");
    assert!(err(&none).contains("7 more were kept without their text"), "{}", err(&none));
    let texts = json_lines(&learning(&with, &["export", "--with-text"]));
    assert_eq!(
        (&texts[6]["text"], &texts[6]["level"]),
        (&json!("an unmistakable text, number 6"), &json!("high"))
    );
}

#[test]
fn an_export_with_text_can_be_read_as_labelled_messages() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, rows) = (folder.path().join("learning.db"), folder.path().join("rows.jsonl"));
    said(&path, true);
    let rows_name = rows.to_str().expect("a name");
    let exported = learning(&path, &["export", "--with-text", "--out", rows_name]);
    assert_eq!((code(&exported), out(&exported).as_str()), (0, ""), "{}", err(&exported));
    assert!(err(&exported).contains("7 records written to"), "{}", err(&exported));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&rows).expect("the file").permissions().mode() & 0o777, 0o600);
    }
    let measured = run(&["patterns", "measure", rows_name, "--json"]);
    assert_eq!(code(&measured), 0, "{}", err(&measured));
}

#[test]
fn an_export_never_overwrites_the_database() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("learning.db");
    said(&path, false);
    let refused = learning(&path, &["export", "--out", path.to_str().expect("a name")]);
    assert_eq!(code(&refused), 2);
    assert!(err(&refused).contains("it is the database itself"), "{}", err(&refused));
    assert_eq!(json_lines(&learning(&path, &["export"])).len(), 7);
}

#[test]
fn nothing_is_forgotten_unless_it_is_said_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("learning.db");
    said(&path, false);
    let asked = learning(&path, &["reset"]);
    assert_eq!((code(&asked), out(&asked).as_str()), (2, ""));
    assert!(err(&asked).contains("7 records of") && err(&asked).contains("--yes"), "{}", err(&asked));
    assert_eq!(json_lines(&learning(&path, &["export"])).len(), 7);

    let done = learning(&path, &["reset", "--yes"]);
    assert_eq!(code(&done), 0, "{}", err(&done));
    assert!(err(&done).contains("7 records deleted"), "{}", err(&done));
    assert_eq!(out(&learning(&path, &["export"])), "");
    assert_eq!(code(&learning(&path, &["stats"])), 0);
}

#[test]
fn to_look_needs_a_database_and_makes_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let (none, letter) = (folder.path().join("none.db"), folder.path().join("letter.txt"));
    fs::write(&letter, "Dear all,\n".repeat(100)).expect("a file");
    for args in [&["stats"][..], &["export"], &["reset", "--yes"]] {
        let missing = learning(&none, args);
        assert_eq!((code(&missing), out(&missing).as_str()), (2, ""));
        assert!(err(&missing).contains("staff have said nothing yet"), "{}", err(&missing));
        let other = learning(&letter, args);
        assert_eq!((code(&other), out(&other).as_str()), (2, ""));
        assert!(err(&other).contains("letter.txt is no learning database"), "{}", err(&other));
        let memory = learning(Path::new(":memory:"), args);
        assert_eq!(code(&memory), 2);
        assert!(err(&memory).contains("GET /learning_statistics"), "{}", err(&memory));
    }
    let left: Vec<_> = fs::read_dir(folder.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert_eq!(left, ["letter.txt"]);
    assert_eq!(fs::read_to_string(&letter).expect("the file"), "Dear all,\n".repeat(100));
}

#[test]
fn every_subcommand_has_help_with_examples() {
    for subcommand in [&[][..], &["stats"], &["export"], &["reset"]] {
        let help = run(&[&["learning"], subcommand, &["--help"]].concat());
        assert_eq!(code(&help), 0);
        let example = ["ash-nlp learning", subcommand.first().copied().unwrap_or("stats")].join(" ");
        assert!(out(&help).contains("Example") && out(&help).contains(&example), "{}", out(&help));
    }
}
