//! Rules and dashboard ask only for what the program tells: metrics, labels, and the words that labels have.

use std::collections::{BTreeMap, BTreeSet};

use ash_runtime::telemetry::{METRICS, Metric, MetricKind};

use crate::files;
use crate::selector::{Selector, grouping, selectors};
use crate::served::{Served, serving};

/// Labels that Prometheus gives itself.
const TARGET: [&str; 2] = ["job", "instance"];

/// What our files ask for, each with where it stands.
fn asked() -> Vec<(String, String)> {
    let whole = |name: &str| (name.to_owned(), files::text(name));
    let queries = files::queries().into_iter().map(|query| ("the dashboard".to_owned(), query));
    let rules = ["monitoring/prometheus/ash-nlp.rules.yml"].into_iter().chain(files::RULE_TESTS).map(whole);
    rules.chain(queries).collect()
}

/// The metric that a series belongs to: a histogram has three, everything else one.
fn metric(series: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| match metric.kind {
        MetricKind::Histogram => {
            ["_bucket", "_sum", "_count"].iter().any(|s| series.strip_suffix(s) == Some(metric.name))
        }
        MetricKind::Counter | MetricKind::Gauge => series == metric.name,
    })
}

/// The values that each label of each metric has on the page of a server that was asked once.
fn told() -> BTreeMap<(String, String), BTreeSet<String>> {
    let served = Served::ready(&mut serving(&[]));
    served.verdict("i just feel so empty lately");
    for path in ["/live", "/health", "/metrics"] {
        assert_eq!(served.get(path).status, 200, "{path}");
    }
    let mut told = BTreeMap::<_, BTreeSet<String>>::new();
    for selector in selectors(&served.get("/metrics").body) {
        for matcher in selector.matchers {
            told.entry((selector.name.clone(), matcher.label)).or_default().insert(matcher.value);
        }
    }
    told
}

#[test]
fn every_metric_and_label_exists() {
    let rules = files::rules();
    let recorded: BTreeSet<&str> =
        rules.lines().filter_map(|line| line.trim().strip_prefix("- record: ")).collect();
    let known: BTreeSet<&str> = METRICS
        .iter()
        .flat_map(|metric| metric.labels.iter().copied())
        .chain(TARGET)
        .chain(["le", "alertname", "severity"])
        .collect();
    let mut used = BTreeSet::new();
    for (place, query) in asked() {
        for Selector { name, matchers } in selectors(&query) {
            if name.contains(':') {
                assert!(recorded.contains(name.as_str()), "{place} asks for {name}, which no rule records");
                continue;
            }
            let metric =
                metric(&name).unwrap_or_else(|| panic!("{place} asks for {name}, which does not exist"));
            used.insert(metric.name);
            for matcher in matchers {
                let label = matcher.label.as_str();
                assert!(
                    metric.labels.contains(&label) || TARGET.contains(&label) || label == "le",
                    "{place} asks for the label {label} of {name}"
                );
            }
        }
        for label in grouping(&query) {
            assert!(known.contains(label.as_str()), "{place} groups by {label}: {query}");
        }
    }
    let unused: Vec<&str> =
        METRICS.iter().map(|metric| metric.name).filter(|name| !used.contains(name)).collect();
    assert_eq!(unused, Vec::<&str>::new(), "a metric that nobody looks at");
}

#[test]
fn every_value_of_a_label_is_one_that_the_program_gives() {
    let told = told();
    for (place, query) in asked() {
        for Selector { name, matchers } in selectors(&query) {
            for matcher in matchers.iter().filter(|m| !TARGET.contains(&m.label.as_str()) && m.label != "le")
            {
                for word in matcher.words() {
                    let exists = match matcher.label.as_str() {
                        // Any status may come, any model be configured.
                        "status" => word.len() == 3 && word.chars().all(|c| c.is_ascii_digit() || c == '.'),
                        // Whether somebody asked it already or not.
                        "route" => ash_server::routes().any(|(_, path, _)| path == word),
                        label => told
                            .get(&(name.clone(), label.to_owned()))
                            .is_some_and(|values| values.contains(&word)),
                    };
                    assert!(exists, "{place}: {name} has no {}={word:?}", matcher.label);
                }
            }
        }
    }
}
