//! `ash-nlp profile` on the embedded models: its report is whole and adds up, its files can be read, and what a message
//! says is in none of them. How fast anything is, is not tested.

use std::fs;

use serde_json::Value;

use crate::harness::{code, err, out, run, run_with};
use crate::hub::tiny;

/// A word that no code, model or figure contains.
const SECRET: &str = "zwetschgenknoedel";

fn report(args: &[&str], input: &[u8]) -> Value {
    let output = run_with(&[&["profile", "--json", "--runs", "3"], args].concat(), input);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(err(&output).is_empty(), "no progress where nobody sees it: {}", err(&output));
    serde_json::from_str(&out(&output)).expect("JSON")
}

fn number(value: &Value, key: &str) -> f64 {
    value.pointer(key).and_then(Value::as_f64).unwrap_or_else(|| panic!("{key} is no number in {value:#}"))
}

fn names(of: &Value) -> Vec<&str> {
    let children = of["children"].as_array().expect("children");
    children.iter().filter_map(|child| child["name"].as_str()).collect()
}

fn child<'a>(of: &'a Value, name: &str) -> &'a Value {
    let children = of["children"].as_array().expect("children");
    children.iter().find(|child| child["name"] == name).unwrap_or_else(|| panic!("{name} is not in {of:#}"))
}

/// What is inside of a place, and what is its own, is all of it, all the way down.
fn adds_up(of: &Value) {
    let children = of["children"].as_array().map_or(&[][..], Vec::as_slice);
    let inside: f64 = children.iter().map(|c| number(c, "/ms")).sum();
    let rounded = 1e-4 * (children.len() + 2) as f64;
    assert!((number(of, "/ms") - inside - number(of, "/own_ms")).abs() <= rounded, "{of:#}");
    assert!(number(of, "/own_ms") >= 0.0, "{of:#}");
    children.iter().for_each(adds_up);
}

#[test]
fn the_report_tells_where_the_time_of_a_message_goes_and_it_adds_up() {
    let report = report(&["--threads", "2", "i am so tired of all this"], b"");
    for (key, expected) in [("messages", 1), ("batch", 1), ("batches", 1), ("runs", 3), ("threads", 2)] {
        assert_eq!(report[key], expected, "{key}");
    }
    assert_eq!((&report["profile"], &report["precision"]), (&"compact".into(), &"int8".into()));
    assert_eq!(report["model_versions"].as_object().map(serde_json::Map::len), Some(3));
    let total = ["/total_ms/min", "/total_ms/median", "/total_ms/max"].map(|key| number(&report, key));
    assert!(total.is_sorted() && total[0] > 0.0, "{total:?}");
    assert_eq!(report["target_ms"], 50.0);
    assert!((number(&report, "/gap_ms") - (50.0 - total[1])).abs() < 1e-3);
    for limit in ["int8_gops", "f32_gops", "memory_gb_s"] {
        assert!(number(&report, &format!("/limits/{limit}")) > 0.0, "{limit}");
    }
    let tree = &report["tree"];
    adds_up(tree);
    assert_eq!(names(tree), ["normalise", "tokenise", "models", "patterns", "decide"]);
    let models = child(tree, "models");
    let mut parts = names(models);
    parts[1..].sort_unstable();
    assert_eq!(parts, ["trunk", "depression", "emotional_distress", "sentiment"]);
    let layer = child(child(models, "trunk"), "layer 0");
    for operation in [
        "quantise",
        "query",
        "key + value",
        "attention",
        "attention output",
        "intermediate + GELU",
        "output",
        "residual + norm",
    ] {
        let figures = child(layer, operation);
        assert!(number(figures, "/calls") >= 1.0 && number(figures, "/busy_ms") > 0.0, "{figures:#}");
    }
    // Base size: 768 wide, 3072 inside. Every row is a token.
    let tokens = number(&report, "/tokens");
    let widened = child(layer, "intermediate + GELU");
    let operations = 2.0 * tokens * 768.0 * 3072.0;
    assert!((number(&widened["work"], "/int8_operations") - operations).abs() < 1.0, "{widened:#}");
    assert!(number(widened, "/gops") > 0.0 && number(widened, "/of_limit") > 0.0);
    // The same operations, once by place and once by kind.
    let all = report["operations"].as_array().expect("operations");
    let queries = all.iter().find(|o| o["name"] == "query").expect("queries");
    assert_eq!(queries["calls"], 10.0, "four layers below, four, one and one above");
    let steps = report["next_steps"].as_array().expect("steps");
    assert!(steps.len() <= 3, "{steps:?}");
    let saved: Vec<f64> = steps.iter().map(|step| number(step, "/saves_ms")).collect();
    assert!(saved.windows(2).all(|w| w[0] >= w[1]), "{saved:?}");
}

#[test]
fn one_thread_where_there_are_more_is_a_step() {
    let report = report(&["--threads", "1", "i am so tired of all this"], b"");
    let said = report["next_steps"].to_string();
    let is_alone = std::thread::available_parallelism().is_ok_and(|cores| cores.get() == 1);
    assert_eq!(said.contains("(models.threads)"), !is_alone, "{said}");
}

#[test]
fn messages_come_from_a_file_or_a_pipe_and_are_judged_in_batches() {
    let lines = "one\n{\"id\":\"A1\",\"text\":\"two\"}\n\n{\"message\":\"three\"}\nfour\nfive\n";
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), lines).expect("written");
    let path = file.path().to_str().expect("a name");
    for report in [report(&[path, "--batch", "2"], b""), report(&["-", "--batch", "2"], lines.as_bytes())] {
        for (key, expected) in [("messages", 5), ("batch", 2), ("batches", 3)] {
            assert_eq!(report[key], expected, "{key}");
        }
        adds_up(&report["tree"]);
        // Special tokens around each: two.
        assert!(number(&report, "/tokens") >= 15.0);
    }
}

#[test]
fn the_trace_is_what_trace_viewers_read() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let path = file.path().to_str().expect("a name");
    report(&["--trace", path, "hello there", "good evening"], b"");
    let trace: Value = serde_json::from_slice(&fs::read(path).expect("the trace")).expect("JSON");
    let events = trace["traceEvents"].as_array().expect("events");
    let (named, complete): (Vec<&Value>, Vec<&Value>) = events.iter().partition(|e| e["ph"] == "M");
    let threads: Vec<&Value> =
        named.iter().filter(|e| e["name"] == "thread_name").map(|e| &e["tid"]).collect();
    assert!(threads.len() >= 2, "{named:?}");
    let mut spans: std::collections::BTreeMap<String, Vec<(f64, f64)>> = std::collections::BTreeMap::new();
    for event in &complete {
        assert_eq!((&event["ph"], &event["pid"]), (&"X".into(), &1.into()), "{event}");
        assert!(event["name"].is_string() && threads.contains(&&event["tid"]), "{event}");
        let (start, took) = (number(event, "/ts"), number(event, "/dur"));
        assert!(start >= 0.0 && took >= 0.0, "{event}");
        if event["cat"] == "operation" {
            for key in ["rows", "operations", "bytes"] {
                assert!(event["args"][key].is_u64(), "{event}");
            }
        }
        spans.entry(event["tid"].to_string()).or_default().push((start, start + took));
    }
    for category in ["stage", "model", "layer", "operation", "part"] {
        assert!(complete.iter().any(|e| e["cat"] == category), "{category}");
    }
    let stages = |name: &str| complete.iter().filter(|e| e["name"] == name && e["cat"] == "stage").count();
    assert_eq!((stages("models"), stages("patterns")), (2, 2), "two messages, one after the other");
    // On a thread, spans nest or lie apart: viewers stack them.
    for mut spans in spans.into_values() {
        spans.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
        let mut open: Vec<f64> = Vec::new();
        for (start, end) in spans {
            // Nanoseconds, less what a float loses.
            open.retain(|&until| until > start + 1e-4);
            assert!(open.last().is_none_or(|&until| end <= until + 1e-3), "{start} to {end} in {open:?}");
            open.push(end);
        }
    }
}

/// The elements of an SVG, checked to be closed in order; attribute values must be quoted.
fn elements(svg: &str) -> Vec<String> {
    let (mut open, mut all) = (Vec::new(), Vec::new());
    for piece in svg.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect("a tag ends");
        assert!(!text.contains('&') || text.contains(';'), "{text}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "closed out of order");
            continue;
        }
        let name = tag.split([' ', '/']).next().expect("a name").to_owned();
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        if !tag.ends_with('/') {
            open.push(name.clone());
        }
        all.push(name);
    }
    assert!(open.is_empty(), "{open:?} are not closed");
    all
}

#[test]
fn the_flame_graph_is_a_picture_that_needs_nothing_beside_it() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let path = file.path().to_str().expect("a name");
    report(&["--flame", path, "hello there"], b"");
    let svg = fs::read_to_string(path).expect("the picture");
    let elements = elements(&svg);
    assert_eq!(elements[0], "svg");
    let count = |name: &str| elements.iter().filter(|e| *e == name).count();
    assert!(count("rect") > 20 && count("title") == count("rect") + 1, "{elements:?}");
    assert!(!elements.iter().any(|e| ["script", "image", "use", "a"].contains(&e.as_str())));
    assert_eq!(svg.matches("http").count(), 1, "only the name space of SVG");
    assert!(svg.contains("prefers-color-scheme: dark"));
    for name in ["models", "trunk", "layer 0", "% of the limit"] {
        assert!(svg.contains(name), "{name}");
    }
}

#[test]
fn what_a_message_says_is_nowhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("a name").to_owned();
    let (trace, flame) = (path("trace.json"), path("flame.svg"));
    let message = format!("{SECRET} and nobody would notice if i was gone");
    let args = ["profile", "--runs", "2", "--depth", "4", "--trace", &trace, "--flame", &flame, &message];
    let output = run(&args);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let shown = [out(&output), err(&output), fs::read_to_string(&trace).expect("a trace")];
    let json = run(&["profile", "--runs", "2", "--json", &message]);
    let files = [fs::read_to_string(&flame).expect("a picture"), printed(&json)];
    for text in shown.iter().chain(&files) {
        assert!(!text.is_empty());
        let words = text.to_lowercase();
        assert!(!words.contains(SECRET) && !words.contains("nobody would notice"), "{text}");
    }
    // Nor in the error about it.
    let output = run_with(&["profile", "-"], format!("{{\"other\": \"{SECRET}\"}}\n").as_bytes());
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("standard input:1") && !err(&output).contains(SECRET), "{}", err(&output));
}

fn printed(output: &std::process::Output) -> String {
    assert_eq!(code(output), 0, "{}", err(output));
    out(output)
}

#[test]
fn the_view_is_as_deep_as_asked() {
    let view = |depth: &str| {
        let output = run(&["profile", "--runs", "1", "--depth", depth, "hello there"]);
        assert_eq!(code(&output), 0, "{}", err(&output));
        assert!(!out(&output).contains('\u{1b}'), "no colours in a pipe");
        out(&output)
    };
    let (stages, models, layers, operations) = (view("1"), view("2"), view("3"), view("4"));
    assert!(stages.contains("├ patterns") && !stages.contains("trunk"), "{stages}");
    assert!(models.contains("trunk") && models.contains("operations of all layers"), "{models}");
    assert!(!models.contains("layer 0") && layers.contains("layer 0"), "{layers}");
    assert!(operations.contains("key + value") && !operations.contains("operations of all"), "{operations}");
    for view in [stages, models, layers, operations] {
        let longest = view.lines().map(|line| line.chars().count()).max();
        assert!(longest.is_some_and(|longest| longest <= 110), "{view}");
        assert!(view.contains("below the target of 50 ms") || view.contains("above the target"), "{view}");
    }
}

#[test]
fn what_cannot_be_profiled_is_one_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = folder.path().join("no/such/folder/trace.json");
    let cases: [(&[&str], &str); 6] = [
        (&["profile", "--batch", "0", "hi"], "0 is not in 1..=1024"),
        (&["profile", "--depth", "5", "hi"], "5 is not in 1..=4"),
        (&["profile", " "], "message 1: "),
        (&["profile"], "standard input has no message"),
        (&["profile", "hi", "--models", "no/such/dir"], "no/such/dir"),
        (&["profile", "hi", "--runs", "1", "--trace", nowhere.to_str().expect("a name")], "cannot write "),
    ];
    for (args, says) in cases {
        let output = run(args);
        let error = err(&output);
        assert_eq!(code(&output), 2, "{args:?}: {error}");
        assert!(
            error.contains(says) && !error.contains("panicked"),
            "{args:?}: {error} does not say {says:?}"
        );
        assert!(output.stdout.is_empty(), "{args:?} wrote to standard output");
    }
}

#[test]
fn a_file_is_never_judged_as_a_message_without_a_word() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("a name").to_owned();
    let (file, other, nothing) = (path("messages.txt"), path("others.txt"), path("mesages.txt"));
    fs::write(&file, "one\ntwo\n").expect("written");
    fs::write(&other, "three\n").expect("written");
    let refused: [(&[&str], &str); 4] = [
        (&[&path("")], "is a folder"),
        (&[&file, &other], "messages.txt is a file, and of those only one"),
        (&["hello there", &file], "messages.txt is a file, and of those only one"),
        (&["hello there", "--trace", &path("")], "it is a folder"),
    ];
    for (args, says) in refused {
        let output = run(&[&["profile", "--runs", "1"], args].concat());
        assert_eq!(code(&output), 2, "{args:?}");
        assert!(err(&output).contains(says), "{args:?}: {} does not say {says:?}", err(&output));
    }

    let output = run(&["profile", "--runs", "1", "--json", &nothing]);
    let said = err(&output);
    assert_eq!(code(&output), 0, "{said}");
    assert!(
        said.contains("message 1: no such file; taken as a message") && !said.contains("mesages"),
        "{said}"
    );
}

#[cfg(unix)]
#[test]
fn a_pipe_that_has_a_name_is_read() {
    let program = env!("CARGO_BIN_EXE_ash-nlp");
    let line = format!("printf 'one\\ntwo\\n' | '{program}' profile --runs 1 --json /dev/stdin");
    let output = std::process::Command::new("sh").args(["-c", &line]).output().expect("a shell");
    let report: Value = serde_json::from_str(&printed(&output)).expect("JSON");
    assert_eq!(report["messages"], 2);
}

#[test]
fn nothing_is_overwritten_before_there_is_something_to_write() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("a name").to_owned();
    let (messages, old) = (path("messages.txt"), path("old.json"));
    fs::write(&messages, "one\ntwo\n").expect("written");
    fs::write(&old, "old").expect("written");
    let roundabout = path("./messages.txt");
    let cases: [(&[&str], &str); 5] = [
        (&[&messages, "--trace", &messages], "the messages are in it"),
        (&[&messages, "--flame", &roundabout], "the messages are in it"),
        (&["hi", "--trace", &old, "--flame", &old], "--trace and --flame are the same file"),
        (
            &["hi", "--trace", &path("new"), "--flame", &path("./new")],
            "--trace and --flame are the same file",
        ),
        (&["hi", "--trace", &old, "--models", "no/such/dir"], "no/such/dir"),
    ];
    for (args, says) in cases {
        let output = run(&[&["profile", "--runs", "1"], args].concat());
        assert_eq!(code(&output), 2, "{args:?}");
        assert!(err(&output).contains(says), "{args:?}: {} does not say {says:?}", err(&output));
    }
    assert_eq!(fs::read_to_string(&messages).expect("there"), "one\ntwo\n");
    assert_eq!(fs::read_to_string(&old).expect("there"), "old");
    assert!(!folder.path().join("new").exists());
}

#[test]
fn zero_shot_models_are_profiled_with_all_that_they_are_asked() {
    let models = tempfile::tempdir().expect("a folder");
    for model in [
        "MoritzLaurer--deberta-v3-base-zeroshot-v2.0",
        "Lowerated--lm6-deberta-v3-topic-sentiment",
        "MoritzLaurer--mDeBERTa-v3-base-mnli-xnli",
    ] {
        let folder = models.path().join(model);
        fs::create_dir(&folder).expect("a folder");
        for file in ["config.json", "tokenizer.json", "model.safetensors"] {
            fs::copy(tiny("deberta-v3").join(file), folder.join(file)).expect("copied");
        }
    }
    let directory = models.path().to_str().expect("a name");
    let report = report(&["--profile", "zero-shot", "--models", directory, "hello there"], b"");
    assert_eq!(report["profile"], "zero-shot");
    adds_up(&report["tree"]);
    let asked = child(&report["tree"], "models");
    assert_eq!(names(asked), ["depression", "sentiment", "emotional_distress"]);
    for role in names(asked) {
        let layer = child(child(asked, role), "layer 0");
        assert!(
            names(layer).contains(&"position tables") && names(layer).contains(&"attention"),
            "{layer:#}"
        );
    }
    // 37 pairs of the message with a hypothesis, each with three special tokens.
    assert!(number(&report, "/tokens") > 37.0 * 5.0, "{report:#}");
}
