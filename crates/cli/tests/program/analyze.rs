//! `ash-nlp analyze` on the embedded models: order, errors in place, streams, colours, exit codes.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use crate::harness::{code, command, err, json_lines, out, run, run_with};

const CALM: &str = "anyone up for a round of cards later?";
const URGENT: &str = "i don't want to be alive any more";

#[test]
fn json_has_the_fields_of_post_analyze_in_input_order() {
    let output = run(&["analyze", "--json", CALM, URGENT, "what a nice day"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let answers = json_lines(&output);
    assert_eq!(answers.len(), 3);
    for key in [
        "needs_response",
        "crisis_level",
        "crisis_score",
        "confidence_score",
        "detected_categories",
        "method",
        "processing_time_ms",
        "model_info",
        "reasoning",
        "requires_staff_review",
        "gaps_detected",
        "analysis",
        "severity",
        "recommended_action",
        "signals",
        "models_used",
        "is_degraded",
        "request_id",
        "timestamp",
        "explanation",
        "level",
        "timing",
        "model_versions",
    ] {
        assert!(answers.iter().all(|a| a.get(key).is_some()), "{key} is missing");
    }
    let urgent = |i: usize| ["high", "critical"].contains(&answers[i]["level"].as_str().unwrap_or_default());
    assert!(urgent(1), "{}", answers[1]);
    assert!(!urgent(0) && !urgent(2));
    assert!(answers.iter().all(|a| a["is_degraded"] == false));
}

#[test]
fn bad_lines_are_reported_in_place_and_the_others_go_on() {
    let mut input = format!("{CALM}\n\n   \nab\u{e9}\n").into_bytes();
    input.extend(b"not \xff text\n");
    input.extend(vec![b'x'; 1 << 20]);
    input.push(b'\n');
    input.extend(URGENT.as_bytes());

    let output = run_with(&["analyze", "-", "--json"], &input);
    assert_eq!(code(&output), 1, "{}", err(&output));
    let lines = json_lines(&output);
    let error = |i: usize| (lines[i]["line"].as_u64(), lines[i]["error"]["code"].as_str());
    assert_eq!(lines.len(), 7);
    assert_eq!(error(1), (Some(2), Some("blank_message")));
    assert_eq!(error(2), (Some(3), Some("blank_message")));
    assert_eq!(error(4), (Some(5), Some("invalid_utf8")));
    assert_eq!(error(5), (Some(6), Some("message_too_long")));
    for judged in [0, 3, 6] {
        assert!(lines[judged]["level"].is_string(), "{}", lines[judged]);
    }

    let output = run_with(&["analyze", "-"], &input);
    assert!(out(&output).contains("line 5: the line is not UTF-8 (byte 5 is wrong)"), "{}", out(&output));
}

#[test]
fn anything_that_people_write_gets_a_verdict() {
    let long = "no one is listening to me. ".repeat(3000);
    let messages = [
        "💔😭",
        "я больше не могу",
        "もう疲れた",
        "لا أستطيع النوم",
        "z̴a̷l̶g̸o̵ t̷e̸x̶t̵",
        "\u{202e}abc",
        "```code```",
        "> quoted",
        "<@123> <:sad:456>",
        "?",
        "-rf",
        long.as_str(),
    ];
    let args: Vec<&str> = ["analyze", "--json", "--"].into_iter().chain(messages).collect();
    let output = run(&args);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let answers = json_lines(&output);
    assert_eq!(answers.len(), messages.len());
    assert!(answers.iter().all(|a| a["level"].is_string()));
    assert_eq!(answers.last().map(|a| a["truncated"].clone()), Some(true.into()));
}

#[test]
fn a_file_of_many_lines_keeps_order_and_count() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let lines: String =
        (0..100).flat_map(|i| if i % 10 == 7 { ["\r", "\n"] } else { ["fine", "\r\n"] }).collect();
    std::fs::write(file.path(), lines).expect("written");
    let output = run(&["analyze", "--json", "--file", file.path().to_str().expect("a name")]);
    assert_eq!(code(&output), 1);
    let lines = json_lines(&output);
    assert_eq!(lines.len(), 100);
    for (i, line) in lines.iter().enumerate() {
        assert_eq!(line["line"].as_u64(), (i % 10 == 7).then_some(i as u64 + 1), "line {}", i + 1);
    }
}

#[test]
fn a_pipe_is_answered_line_by_line_while_it_stays_open() {
    let mut child = command(&["analyze", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut answers = BufReader::new(child.stdout.take().expect("a pipe"));
    for message in [CALM, URGENT] {
        writeln!(stdin, "{message}").expect("it listens");
        let mut answer = String::new();
        answers.read_line(&mut answer).expect("it answers");
        assert!(answer.contains("\"level\""), "{answer}");
    }
    drop(stdin);
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let mut child = command(&["analyze", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().expect("a pipe");
    // It may be gone before it has read everything.
    let _ = stdin.write_all(format!("{CALM}\n").repeat(200).as_bytes());
    drop(stdin);
    let mut error = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut error).expect("UTF-8");
    assert!(child.wait().expect("it ends").success(), "{error}");
    assert_eq!(error, "");
}

#[test]
fn fail_at_is_for_scripts() {
    assert_eq!(code(&run(&["analyze", CALM, URGENT, "--fail-at", "high"])), 3);
    assert_eq!(code(&run(&["analyze", CALM, "--fail-at", "high"])), 0);
    assert_eq!(code(&run(&["analyze", URGENT, " ", "--fail-at", "high"])), 3);
}

#[test]
fn colour_only_where_it_is_wanted() {
    let coloured = |args: &[&str], env: Option<(&str, &str)>| {
        let output = command(args).envs(env).output().expect("the program starts");
        assert_eq!(code(&output), 0, "{}", err(&output));
        output.stdout.contains(&0x1b)
    };
    assert!(!coloured(&["analyze", CALM], None), "a pipe gets no colour");
    assert!(coloured(&["analyze", CALM, "--color", "always"], None));
    assert!(!coloured(&["analyze", CALM, "--color", "never"], Some(("CLICOLOR_FORCE", "1"))));
    assert!(!coloured(&["analyze", CALM], Some(("NO_COLOR", "1"))));

    let plain = out(&run(&["analyze", URGENT]));
    for said in
        ["score", "confidence", "depression", "sentiment", "emotional_distress", "why", "advice", "review"]
    {
        assert!(plain.contains(said), "{said} is not in\n{plain}");
    }
}
