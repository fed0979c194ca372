//! Help, colours, completions and manual pages, as a terminal, a pipe, a shell and `man` get them.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::harness::{code, command, err, out, run};

#[test]
fn colours_are_for_terminals_and_for_who_asks() {
    let commands: [&[&str]; 10] = [
        &["--help"],
        &["models", "pull", "-h"],
        &["analyse"],
        &["serve", "--bind", "here"],
        &["keys", "list"],
        &["analyze", "i just feel so empty lately"],
        &["config", "explain", "server.bind"],
        &["labels", "show", "compact"],
        &["models", "list"],
        &["patterns", "explain", "i don't want to die"],
    ];
    let asked = |args: &[&str], environment: &[(&str, &str)]| {
        let output = command(args).envs(environment.iter().copied()).output().expect("the program starts");
        [output.stdout, output.stderr].concat().contains(&0x1b)
    };
    for args in commands {
        let with = |option| [args, &["--color", option]].concat();
        assert!(!asked(args, &[]), "{args:?} into a pipe");
        assert!(asked(&with("always"), &[]), "{args:?} --color always");
        assert!(asked(args, &[("CLICOLOR_FORCE", "1")]), "CLICOLOR_FORCE=1 {args:?}");
        assert!(!asked(args, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]), "NO_COLOR=1 {args:?}");
        assert!(!asked(&with("never"), &[("CLICOLOR_FORCE", "1")]), "{args:?} --color never");
    }
}

/// Runs a program of the system; none if it is not there, which is said.
fn runs(program: &str, args: &[&str]) -> Option<std::process::Output> {
    match Command::new(program).args(args).stdin(Stdio::null()).output() {
        Ok(output) => Some(output),
        Err(error) => {
            // Not by a macro, whose words the test harness keeps to itself when a test passes.
            let said = writeln!(std::io::stderr(), "skipped, {program} is not there: {error}");
            said.expect("standard error is there");
            None
        }
    }
}

#[test]
fn nothing_is_broken_in_a_narrow_terminal() {
    let commands: [&[&str]; 8] = [
        &["--help"],
        &["config", "explain", "queue"],
        &["config", "explain", "models.zero_shot.label_set"],
        &["labels", "show", "compact"],
        &["models", "list"],
        &["analyze", "'i have it all planned for tonight. thank you for everything you did for me, goodbye'"],
        &["profile", "--runs", "1", "--depth", "4", "'hello there'", "2>/dev/null"],
        &["profile", "--runs", "1", "--batch", "2", "'hello there'", "'good evening'", "2>/dev/null"],
    ];
    for columns in [60, 80] {
        for args in commands {
            let program = env!("CARGO_BIN_EXE_ash-nlp");
            let line = format!("stty cols {columns} rows 24; '{program}' --color never {}", args.join(" "));
            // A terminal of that width, which a pipe is not.
            let Some(shown) = runs("script", &["--quiet", "--return", "--command", &line, "/dev/null"])
            else {
                return;
            };
            let shown = out(&shown);
            assert!(shown.lines().count() > 3, "{args:?}: {shown}");
            for line in shown.lines() {
                assert!(line.chars().count() <= columns, "{args:?} in {columns} columns: {line}");
            }
        }
    }
}

#[test]
fn bash_completes_subcommands_options_and_their_values() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), out(&run(&["completions", "bash"]))).expect("written");
    let completed = |line: &[&str]| -> Option<String> {
        let script = "source \"$1\"; shift; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); \
            _ash__nlp ash-nlp \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD - 1]}\"; \
            printf '%s ' \"${COMPREPLY[@]}\"";
        let path = file.path().to_str().expect("a name");
        let args = [&["--norc", "--noprofile", "-c", script, "bash", path], line].concat();
        let output = runs("bash", &args)?;
        assert!(output.stderr.is_empty(), "{}", err(&output));
        Some(out(&output).trim().to_owned())
    };
    for (line, completion) in [
        (&["ash-nlp", "ana"][..], "analyze"),
        (&["ash-nlp", "models", "q"], "quantize"),
        (&["ash-nlp", "serve", "--allow"], "--allow-anonymous"),
        (&["ash-nlp", "analyze", "--fail-at", "cr"], "critical"),
        (&["ash-nlp", "--profile", "z"], "zero-shot"),
        (&["ash-nlp", "completions", "f"], "fish"),
    ] {
        let Some(found) = completed(line) else { return };
        assert_eq!(found, completion, "{line:?}");
    }
}

#[test]
fn every_shell_gets_a_script_of_its_own_that_knows_all_subcommands() {
    let scripts = ["bash", "elvish", "fish", "powershell", "zsh"].map(|shell| {
        let output = run(&["completions", shell]);
        assert_eq!(code(&output), 0, "{shell}: {}", err(&output));
        (shell, out(&output))
    });
    for (at, (shell, script)) in scripts.iter().enumerate() {
        for word in ["analyze", "serve", "quantize", "explain", "--allow-anonymous", "completions"] {
            let word = if *shell == "fish" { word.trim_start_matches('-') } else { word };
            assert!(script.contains(word), "{shell} does not know {word}");
        }
        assert!(scripts[..at].iter().all(|(_, other)| other != script), "{shell} gets another shell's");
    }
}

#[test]
fn every_subcommand_has_a_page_that_man_shows_without_a_complaint() {
    let folder = tempfile::tempdir().expect("a folder");
    let pages = folder.path().join("share/man1");
    let output = run(&["man", "--out", pages.to_str().expect("a name")]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let mut names = Vec::new();
    for page in fs::read_dir(&pages).expect("the folder was made") {
        let path = page.expect("an entry").path();
        let file = path.to_str().expect("a name");
        names.push(path.file_name().expect("a name").to_string_lossy().into_owned());
        let Some(shown) = runs("groff", &["-man", "-ww", "-Kutf8", "-Tutf8", "-P-cbou", file]) else {
            return;
        };
        assert!(shown.stderr.is_empty(), "{file}: {}", err(&shown));
        let text = out(&shown);
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "EXAMPLES"] {
            assert!(text.contains(section), "{file} has no {section}\n{text}");
        }
        assert!(text.contains("ash-nlp"), "hyphens are hyphens: {text}");
    }
    for page in ["ash-nlp.1", "ash-nlp-analyze.1", "ash-nlp-models-pull.1", "ash-nlp-man.1"] {
        assert!(names.iter().any(|name| name == page), "no {page} among {names:?}");
    }
    let main = fs::read(pages.join("ash-nlp.1")).expect("it is there");
    assert_eq!(run(&["man"]).stdout, main, "without --out the main page is printed");
}
