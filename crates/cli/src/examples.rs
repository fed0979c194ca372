//! Every subcommand says what it does, shows how, and shows nothing that it would not take.

use clap::{Command, CommandFactory};

use crate::args::Cli;

/// Help is read in terminals of this width.
const COLUMNS: usize = 80;

/// Every command at every depth, with the words that call it.
fn commands() -> Vec<(String, Command)> {
    fn collect(command: &Command, called: &str, found: &mut Vec<(String, Command)>) {
        found.push((called.to_owned(), command.clone()));
        for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
            collect(below, &format!("{called} {}", below.get_name()), found);
        }
    }
    let mut program = Cli::command();
    program.build();
    let mut found = Vec::new();
    collect(&program, "ash-nlp", &mut found);
    found
}

fn after_help(command: &Command) -> String {
    let help = command.get_after_long_help().or_else(|| command.get_after_help());
    help.map(ToString::to_string).unwrap_or_default()
}

/// The lines of a text; one that ends with a backslash goes on in the next.
fn lines(help: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in help.lines() {
        let (line, more) = line.strip_suffix(" \\").map_or((line, false), |line| (line, true));
        match lines.last_mut().filter(|_| goes_on) {
            Some(last) => *last = format!("{last} {}", line.trim_start()),
            None => lines.push(line.to_owned()),
        }
        goes_on = more;
    }
    lines
}

/// The words of a line as a shell splits them, from `ash-nlp` to the end of its command: a pipe, a redirection, the
/// next command, or the two spaces before a remark.
fn words(line: &str) -> Option<Vec<String>> {
    let at = line.match_indices("ash-nlp ").map(|(at, _)| at).find(|at| {
        let before = line[..*at].trim_end();
        let assigns = |word: &str| {
            word.split_once('=')
                .is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
        };
        before.is_empty()
            || before.ends_with(['|', '$', ';'])
            || before.ends_with("&&")
            || before.split_whitespace().all(assigns)
    })?;
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut rest = line[at..].chars().peekable();
    while let Some(c) = rest.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('"') | None, '\\') => word.get_or_insert_default().extend(rest.next()),
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '|' | '>' | '<' | ';' | '&' | ')') => break,
            (None, ' ') => {
                words.extend(word.take());
                if rest.peek() == Some(&' ') {
                    break;
                }
            }
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

#[test]
fn a_line_of_an_example_is_split_as_a_shell_would() {
    let split = |line: &str| words(line).unwrap_or_default().join("·");
    assert_eq!(
        split(r#"  ash-nlp analyze "i can't" --json     judge one"#),
        "ash-nlp·analyze·i can't·--json"
    );
    assert_eq!(split(r"  cat a | ash-nlp analyze - | head"), "ash-nlp·analyze·-");
    assert_eq!(split(r"  A_B=1 ash-nlp serve > log"), "ash-nlp·serve");
    assert_eq!(words("  man ash-nlp analyze"), None);
    assert_eq!(lines("a \\\n   b\nc"), ["a b", "c"]);
}

#[test]
fn every_command_says_in_a_line_what_it_does() {
    for (called, command) in commands() {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        assert!(!about.trim().is_empty(), "{called} says nothing");
        for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
            assert!(argument.get_help().is_some(), "{called}: {} says nothing", argument.get_id());
        }
    }
}

#[test]
fn every_command_shows_examples_that_it_takes() {
    for (called, command) in commands() {
        let help = after_help(&command);
        assert!(help.contains("Examples:"), "{called} --help has no examples:\n{help}");
        let mut shown = 0;
        for line in lines(&help) {
            let Some(words) = words(&line) else { continue };
            if let Err(error) = Cli::command().try_get_matches_from(&words) {
                panic!("{called} --help shows {line:?}, which is no command: {error}");
            }
            shown +=
                usize::from(words.join(" ").contains(called.split_once(' ').map_or("", |(_, below)| below)));
        }
        assert!(shown > 0, "{called} --help shows no command of its own:\n{help}");
    }
}

#[test]
fn examples_fit_a_terminal() {
    let elsewhere =
        |called: &str| called.starts_with("ash-nlp bench") || called.starts_with("ash-nlp profile");
    for (called, command) in commands().into_iter().filter(|(called, _)| !elsewhere(called)) {
        for line in after_help(&command).lines() {
            assert!(
                line.chars().count() <= COLUMNS,
                "{called} --help: longer than {COLUMNS} columns: {line}"
            );
        }
    }
}

#[test]
fn the_exit_codes_are_told() {
    use crate::outcome::Outcome;
    let help = after_help(&Cli::command());
    for outcome in [Outcome::Done, Outcome::SomeFailed, Outcome::Unusable, Outcome::Reached] {
        let code = format!("  {}  ", outcome as u8);
        assert!(help.lines().any(|line| line.starts_with(&code)), "exit code {}:\n{help}", outcome as u8);
    }
}
