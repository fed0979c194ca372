//! What a person meets first: help, mistakes, settings. None of it needs a model.

use crate::harness::{code, command, err, out, run};

#[test]
fn every_subcommand_has_help_with_examples() {
    for subcommand in
        ["analyze", "serve", "eval", "tune", "bench", "profile", "labels", "patterns", "keys", "alerts"]
    {
        let output = run(&[subcommand, "--help"]);
        assert_eq!(code(&output), 0);
        let help = out(&output);
        assert!(help.contains("Example"), "{subcommand} has no example:\n{help}");
        assert!(help.contains(&format!("ash-nlp {subcommand}")), "{help}");
    }
    for subcommand in ["list", "pull", "verify", "quantize", "bench"] {
        let help = out(&run(&["models", subcommand, "--help"]));
        assert!(
            help.contains(&format!("ash-nlp models {subcommand}")),
            "{subcommand} has no example:\n{help}"
        );
    }
    for subcommand in ["show", "check", "explain", "default"] {
        let help = out(&run(&["config", subcommand, "--help"]));
        assert!(
            help.contains(&format!("ash-nlp config {subcommand}")),
            "{subcommand} has no example:\n{help}"
        );
    }
    let help = out(&run(&["--help"]));
    assert!(help.contains("Exit codes"), "{help}");
    assert!(out(&run(&["analyze", "--help"])).contains("3  a message reached the level"));
}

#[test]
fn a_mistake_is_one_sentence_and_code_2() {
    struct Case {
        args: &'static [&'static str],
        says: &'static str,
    }
    let cases = [
        Case { args: &["analyse", "hi"], says: "analyze" },
        Case { args: &["analyze", "hi", "--fail-at", "terrible"], says: "possible values: none, low" },
        Case { args: &["analyze", "hi", "--file", "x"], says: "cannot be used with" },
        Case { args: &["analyze", "--file", "no/such/file"], says: "cannot open no/such/file" },
        Case { args: &["eval", "no/such/file"], says: "cannot open no/such/file" },
        Case { args: &["serve", "--bind", "here"], says: "invalid socket address" },
        Case { args: &["--threads", "5000", "config", "show"], says: "models.threads is 5000" },
        Case { args: &["--config", "no.toml", "config", "show"], says: "cannot read no.toml" },
        Case { args: &["analyze", "hi", "--models", "no/such/dir"], says: "no/such/dir" },
    ];
    for Case { args, says } in cases {
        let output = run(args);
        let error = err(&output);
        assert_eq!(code(&output), 2, "{args:?}: {error}");
        assert!(error.contains(says), "{args:?} does not say {says:?}: {error}");
        assert!(output.stdout.is_empty(), "{args:?} wrote to standard output");
        assert!(!error.contains("panicked"), "{error}");
    }
}

#[test]
fn options_win_over_the_environment_and_that_over_defaults() {
    let shown = |args: &[&str]| {
        let output = command(args).env("ASH_MODELS__THREADS", "3").output().expect("the program starts");
        assert_eq!(code(&output), 0, "{}", err(&output));
        out(&output)
    };
    assert!(shown(&["config", "show"]).contains("threads = 3"));
    assert!(shown(&["config", "show", "--threads", "4"]).contains("threads = 4"));
    assert!(shown(&["config", "show", "--precision", "f32"]).contains("precision = \"f32\""));
}

#[test]
fn shown_settings_are_a_configuration_file_that_says_the_same() {
    let first = out(&run(&["config", "show"]));
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), &first).expect("written");
    let path = file.path().to_str().expect("a name");
    assert_eq!(out(&run(&["--config", path, "config", "show"])), first);
    let default = out(&run(&["config", "default"]));
    assert!(default.contains('#') && default.contains("[server]"), "{default}");
}
