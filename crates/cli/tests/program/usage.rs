//! What a person meets first: help, mistakes, settings. None of it needs a model.

use crate::harness::{code, command, err, out, run};

#[test]
fn help_tells_exit_codes_and_is_the_same_by_both_ways() {
    let help = out(&run(&["--help"]));
    assert!(help.contains("Exit codes"), "{help}");
    assert!(out(&run(&["analyze", "--help"])).contains("3  a message reached the level"));
    assert_eq!(out(&run(&["help", "keys", "add"])), out(&run(&["keys", "add", "--help"])));
}

#[test]
fn a_mistake_is_one_sentence_with_a_hint_and_code_2() {
    struct Case {
        args: &'static [&'static str],
        says: &'static [&'static str],
    }
    let case = |args, says| Case { args, says };
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("an address").to_string();
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).expect("written");
        path.to_str().expect("a name").to_owned()
    };
    let (config, keys) = (file("ash.toml", "[server]\nbnd = 1\n"), file("keys.toml", "x = \n"));
    let rows = file("rows.jsonl", "{\"text\": \"a\"}\n");
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).expect("made");
    let empty = empty.to_str().expect("a name");
    let cases = [
        // Words.
        case(&["analyse", "hi"], &["unrecognized subcommand 'analyse'", "'analyze'"]),
        case(&["analyze", "hi", "--fail-at", "terrible"], &["'terrible'", "possible values: none, low"]),
        case(&["analyze", "hi", "--jsn"], &["unexpected argument '--jsn'", "'--json'"]),
        case(&["analyze", "hi", "--file", "x"], &["cannot be used with"]),
        case(&["completions", "tcsh"], &["possible values: bash, elvish, fish, powershell, zsh"]),
        case(
            &["labels", "show", "nope"],
            &["there is no label set \"nope\"; this program has clinical_focused"],
        ),
        case(&["config", "explain", "queue.maxwait"], &["did you mean queue.max_wait_ms?"]),
        case(
            &["--labels", "compact", "analyze", "hi"],
            &["needs the profile zero-shot: add `--profile zero-shot`"],
        ),
        case(&["--threads", "5000", "config", "show"], &["models.threads is 5000"]),
        // Files.
        case(&["analyze", "--file", "no/such/file"], &["cannot open no/such/file"]),
        case(&["eval", "no/such/file"], &["cannot open no/such/file"]),
        case(&["eval", "ROWS"], &["rows.jsonl:1: `id` is missing; expected {"]),
        case(
            &["--config", "no.toml", "config", "show"],
            &["there is no configuration file no.toml; `ash-nlp config default > no.toml`"],
        ),
        case(
            &["--config", "CONFIG", "serve"],
            &["ash.toml:2: server.bnd is an unknown key", "did you mean `bind`?"],
        ),
        case(&["keys", "list"], &["which key file? name it with --file"]),
        case(
            &["keys", "list", "--file", "no.toml"],
            &["cannot read the key file no.toml", "`ash-nlp keys add NAME"],
        ),
        case(&["keys", "list", "--file", "KEYS"], &["keys.toml:1: "]),
        case(&["patterns", "list", "--packs", "EMPTY"], &["a pack is a file NAME.toml"]),
        case(&["alerts", "test"], &["there is no webhook in the configuration; add [alerts.webhooks.NAME]"]),
        case(&["learning", "stats"], &["there is no ash-learning.db: staff have said nothing yet"]),
        // Models.
        case(
            &["analyze", "hi", "--models", "no/such/dir"],
            &["there are no models in no/such/dir", "without --models"],
        ),
        case(&["models", "verify", "nope"], &["there is no model nope", "`ash-nlp models pull` fetches it"]),
        // Addresses.
        case(&["serve", "--bind", "here"], &["an address and a port are needed, such as 127.0.0.1:8881"]),
        case(&["serve", "--bind", "9000"], &["such as 127.0.0.1:9000 for this machine alone"]),
        case(&["serve", "--bind", "::1"], &["such as [::1]:8881"]),
        case(&["serve", "--bind", "127.0.0.1:99999"], &["ports go from 0 to 65535"]),
        case(
            &["serve", "--bind", "0.0.0.0:0"],
            &["without API keys", "`ash-nlp keys add NAME", "--allow-anonymous"],
        ),
        case(&["serve", "--bind", "TAKEN"], &["is another instance running? (server.bind)"]),
    ];
    for Case { args, says } in cases {
        let word = |word: &'static str| match word {
            "CONFIG" => config.as_str(),
            "KEYS" => keys.as_str(),
            "ROWS" => rows.as_str(),
            "EMPTY" => empty,
            "TAKEN" => port.as_str(),
            word => word,
        };
        let args: Vec<&str> = args.iter().map(|arg| word(arg)).collect();
        let output = command(&args).current_dir(folder.path()).output().expect("the program starts");
        let error = err(&output);
        assert_eq!(code(&output), 2, "{args:?}: {error}");
        assert!(error.starts_with("error: "), "{args:?}: {error}");
        for says in says {
            assert!(error.contains(says), "{args:?} does not say {says:?}: {error}");
        }
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
