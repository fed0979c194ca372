//! The figures of `ash-nlp eval`, through the real program, on verdicts written down by hand (`--from`): every
//! number below was counted on paper.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{code, err, out, run};

/// id, group, level, pair; verdict, score, confidence, probability of urgent.
type Line<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str, f64, f64, f64);

/// Three urgent rows of which two are found, four none of which one is called, two low of which one is raised, one
/// medium; of the two pairs one is right.
const LINES: [Line; 10] = [
    ("A1", "a", "critical", "1", "critical", 0.90, 0.95, 0.95),
    ("A2", "a", "high", "2", "high", 0.70, 0.85, 0.75),
    ("A3", "b", "high", "", "low", 0.30, 0.45, 0.15),
    ("B1", "b", "medium", "", "medium", 0.50, 0.75, 0.25),
    ("C1", "c", "low", "1", "low", 0.25, 0.65, 0.05),
    ("C2", "c", "low", "", "medium", 0.45, 0.55, 0.15),
    ("D1", "d", "none", "2", "high", 0.65, 0.55, 0.65),
    ("D2", "d", "none", "", "none", 0.10, 0.95, 0.05),
    ("D3", "e", "none", "", "none", 0.05, 0.95, 0.05),
    ("D4", "e", "none", "", "none", 0.15, 0.95, 0.05),
];

struct Files {
    dir: TempDir,
    rows: PathBuf,
}

impl Files {
    fn new() -> Self {
        let dir = TempDir::new().expect("a folder");
        let row = |(id, group, level, pair, ..): &Line| {
            let pair = if pair.is_empty() { String::new() } else { format!(r#","pair":"{pair}""#) };
            format!(
                r#"{{"id":"{id}","group":"{group}","split":"test","text":"secret words of {id}, isn't it","level":"{level}","category":"c{}"{pair}}}"#,
                &id[..1]
            )
        };
        let rows = dir.path().join("rows.jsonl");
        fs::write(&rows, LINES.iter().map(row).collect::<Vec<_>>().join("\n")).expect("written");
        Files { dir, rows }
    }

    /// A file of verdicts; `change` may replace a row's verdict.
    fn verdicts(&self, name: &str, change: impl Fn(&str) -> Option<&'static str>) -> PathBuf {
        let line = |&(id, _, level, _, predicted, score, confidence, urgent): &Line| {
            let predicted = change(id).unwrap_or(predicted);
            format!(
                r#"{{"id":"{id}","level":"{level}","predicted":"{predicted}","score":{score},"confidence":{confidence},"urgent":{urgent},"votes":{{}}}}"#
            )
        };
        let path = self.dir.path().join(name);
        fs::write(&path, LINES.iter().map(line).collect::<Vec<_>>().join("\n")).expect("written");
        path
    }

    fn eval(&self, more: &[&str]) -> String {
        let judged = self.verdicts("judged.jsonl", |_| None);
        let args = [&["eval", name(&self.rows), "--from", name(&judged)], more].concat();
        let output = run(&args);
        assert_eq!(code(&output), 0, "{}", err(&output));
        out(&output)
    }

    fn report(&self, more: &[&str]) -> Value {
        serde_json::from_str(&self.eval(&[&["--json"], more].concat())).expect("JSON")
    }
}

fn name(path: &Path) -> &str {
    path.to_str().expect("a name")
}

fn is(report: &Value, key: &str, expected: f64) {
    let value = report.pointer(key).and_then(Value::as_f64).unwrap_or(f64::NAN);
    assert!((value - expected).abs() < 1e-6, "{key} is {value}, not {expected}");
}

#[test]
fn headline_figures_are_those_counted_by_hand() {
    let report =
        Files::new().report(&["--prevalence", "none=0.9,low=0.05,medium=0.02,high=0.02,critical=0.01"]);
    is(&report, "/accuracy", 0.7);
    // F1: none 2·3/(3+4), low 2·1/(2+2), medium 2·1/(2+1), high 2·1/(2+2), critical 1.
    is(&report, "/macro_f1", (6.0 / 7.0 + 0.5 + 2.0 / 3.0 + 0.5 + 1.0) / 5.0);
    is(&report, "/urgent_recall", 2.0 / 3.0);
    is(&report, "/false_alarms_per_1000", 250.0);
    is(&report, "/false_alarms_high_per_1000", 250.0);
    is(&report, "/low_raised", 0.5);
    is(&report, "/pairs_right", 0.5);
    // Of the seven others, 0.90 and 0.70 beat all and 0.30 beats four (0.25, 0.15, 0.10, 0.05).
    is(&report, "/auroc", 18.0 / 21.0);
    // The urgent rows stand at places 1, 2 and 6 of the ranking.
    is(&report, "/auprc", (1.0 + 1.0 + 3.0 / 6.0) / 3.0);
    is(&report, "/precision_at_recall_95", 0.5);
    // 900 none of which a quarter is called; half of 20 high; all of 10 critical.
    is(&report, "/alarms_per_1000", 225.0 + 10.0 + 10.0);
    is(&report, "/alarms_true", 20.0 / 245.0);
    is(&report, "/missed_per_1000", 10.0);
}

#[test]
fn reliability_is_counted_by_hand() {
    let report = Files::new().report(&[]);
    // Tenths: 0.4 (0.45, wrong), 0.5 (twice 0.55, wrong), 0.6, 0.7, 0.8 (one right each), 0.9 (four right).
    let distance = 0.45 + 2.0 * 0.55 + 0.35 + 0.25 + 0.15 + 4.0 * 0.05;
    is(&report, "/reliability/ece", distance / 10.0);
    is(&report, "/reliability/bins/1/rows", 2.0);
    is(&report, "/reliability/bins/1/accuracy", 0.0);
    // Tenths of the probability of urgent: 0.0 (four), 0.1 (two, one urgent), 0.2, 0.6, 0.7 (urgent), 0.9 (urgent).
    let distance = 4.0 * 0.05 + 2.0 * 0.35 + 0.25 + 0.65 + 0.25 + 0.05;
    is(&report, "/urgent_reliability/ece", distance / 10.0);
}

#[test]
fn intervals_hold_their_figures_and_are_the_same_in_every_run() {
    let files = Files::new();
    let report = files.report(&[]);
    let intervals = report["intervals"].as_object().expect("intervals");
    for key in
        ["accuracy", "macro_f1", "urgent_recall", "low_raised", "pairs_right", "auroc", "alarms_per_1000"]
    {
        let (low, high) = (intervals[key]["low"].as_f64(), intervals[key]["high"].as_f64());
        let value = report[key].as_f64();
        assert!(low <= value && value <= high, "{key}: {low:?} {value:?} {high:?}");
    }
    // All rows of C lie in one group: it is drawn whole or not at all.
    assert_eq!(intervals["low_raised"]["low"], intervals["low_raised"]["high"]);
    assert_eq!(files.report(&[]), report);
}

#[test]
fn two_runs_are_compared_by_figure_and_by_id() {
    let files = Files::new();
    let earlier = files.verdicts("earlier.jsonl", |id| match id {
        "A2" | "B1" => Some("low"),
        "D2" => Some("medium"),
        "C1" => Some("none"),
        "A1" => Some("high"),
        _ => None,
    });
    let report = files.report(&["--against", name(&earlier)]);
    let against = &report["against"];
    assert_eq!(
        (&against["compared"], &against["changed"], &against["unmatched"]),
        (&10.into(), &5.into(), &0.into())
    );
    assert_eq!((&against["better"], &against["worse"]), (&5.into(), &0.into()));
    let ids: Vec<&str> =
        against["examples"].as_array().expect("rows").iter().filter_map(|c| c["id"].as_str()).collect();
    assert_eq!(ids, ["A1", "A2", "B1", "C1", "D2"]);
    let differences = against["difference"].as_array().expect("figures");
    let recall = differences.iter().find(|d| d["figure"] == "urgent_recall").expect("recall");
    is(recall, "/before", 1.0 / 3.0);
    is(recall, "/change", 1.0 / 3.0);
    let same = files.report(&["--against", name(&files.verdicts("same.jsonl", |_| None))]);
    for difference in same["against"]["difference"].as_array().expect("figures") {
        is(difference, "/change", 0.0);
        is(difference, "/likely/low", 0.0);
        is(difference, "/likely/high", 0.0);
    }
}

#[test]
fn text_is_shown_only_on_request() {
    let files = Files::new();
    let page = files.dir.path().join("page.html");
    let table = files.eval(&["--html", name(&page)]);
    assert!(table.contains("A3") && table.contains("D1"), "the worst are named:\n{table}");
    let html = fs::read_to_string(&page).expect("the page");
    for report in [&table, &html, &files.report(&[]).to_string()] {
        assert!(!report.contains("secret"), "a report shows text:\n{report}");
    }
    assert!(html.contains("<svg") && html.contains("A3") && !html.contains("<script"), "{html}");
    let shown = files.eval(&["--show-text"]);
    assert!(shown.contains("secret words of A3") && !shown.contains("secret words of A1"), "{shown}");
    assert_eq!(code(&run(&["eval", name(&files.rows), "--show-text", "--json"])), 2);
}

#[test]
fn what_cannot_be_measured_is_said() {
    let files = Files::new();
    let few = files.dir.path().join("few.jsonl");
    fs::write(&few, r#"{"id":"A1","level":"none","predicted":"none","score":0.1,"votes":{}}"#)
        .expect("written");
    let error = err(&run(&["eval", name(&files.rows), "--from", name(&few)]));
    assert!(error.contains("few.jsonl") && error.contains("10 of 10 rows have no verdict"), "{error}");
    let error = err(&run(&["eval", name(&files.rows), "--prevalence", "none=0.5"]));
    assert!(error.contains("sum to 0.5000"), "{error}");
}

#[test]
fn disguised_messages_are_judged_again() {
    let files = Files::new();
    // The words alone judge: the models need not run for this.
    let output = run(&["eval", name(&files.rows), "--without", "models", "--robustness", "--json"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let report: Value = serde_json::from_str(&out(&output)).expect("JSON");
    let disguises = report["robustness"]["disguises"].as_array().expect("disguises");
    assert_eq!(disguises.len(), 12);
    for disguise in disguises {
        assert_eq!(disguise["rows"], 10, "{disguise}");
        assert!(disguise["unchanged"].as_f64() <= disguise["within_one"].as_f64(), "{disguise}");
    }
    is(&report, "/robustness/total/rows", 120.0);
}

#[test]
fn every_figure_is_explained() {
    let page = include_str!("../../../../docs/evaluation.md");
    let report = Files::new().report(&[]);
    for key in report["intervals"].as_object().expect("intervals").keys() {
        assert!(page.contains(&format!("`{key}`")), "docs/evaluation.md does not explain {key}");
    }
}
