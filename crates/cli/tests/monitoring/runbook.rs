//! Whoever is woken by an alert reads what it is, what it means and what to do; and each alert was tried out.

use std::collections::BTreeSet;

use crate::files;

/// The alerts by name, each with the lines of its rule.
fn alerts(rules: &str) -> Vec<(&str, &str)> {
    rules
        .split("- alert: ")
        .skip(1)
        .map(|rule| rule.split_once('\n').expect("a rule has more than a name"))
        .map(|(name, rule)| (name, rule.split("\n  - name: ").next().unwrap_or(rule)))
        .collect()
}

/// The anchors of a page as forges make them of headings of one word.
fn anchors(page: &str) -> BTreeSet<String> {
    page.lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-"))
        .collect()
}

#[test]
fn each_alert_says_how_urgent_it_is_what_it_saw_and_where_the_remedy_stands() {
    let (rules, page) = (files::rules(), files::text("docs/monitoring.md"));
    let anchors = anchors(&page);
    let alerts = alerts(&rules);
    assert!(alerts.len() >= 13, "{} alerts", alerts.len());
    for (name, rule) in &alerts {
        let told = |field: &str| {
            let line = rule.lines().find_map(|line| line.trim().strip_prefix(field));
            line.unwrap_or_else(|| panic!("{name} has no {field}")).trim()
        };
        assert!(
            ["critical", "warning", "info"].contains(&told("severity:")),
            "{name}: {}",
            told("severity:")
        );
        assert!(!told("summary:").is_empty(), "{name}");
        let description =
            rule.split_once("description:").unwrap_or_else(|| panic!("{name}: no description")).1;
        assert!(description.contains("{{ $value"), "{name} does not tell its value");
        let (file, anchor) = told("runbook:").split_once('#').unwrap_or_else(|| panic!("{name}: no anchor"));
        assert_eq!((file, anchor), ("docs/monitoring.md", name.to_lowercase().as_str()), "{name}");
        assert!(anchors.contains(anchor), "docs/monitoring.md has no heading {name}");
    }
    let named: BTreeSet<String> = alerts.iter().map(|(name, _)| name.to_lowercase()).collect();
    let without: Vec<_> = anchors.iter().filter(|a| a.starts_with("ash") && !named.contains(*a)).collect();
    assert!(without.is_empty(), "docs/monitoring.md explains alerts that are no more: {without:?}");
}

#[test]
fn each_alert_is_tried_where_it_speaks_and_where_it_is_silent() {
    let tests: String = files::RULE_TESTS.map(files::text).concat();
    for (name, _) in alerts(&files::rules()) {
        let of_it = || tests.split("alertname: ").skip(1).filter(|test| test.lines().next() == Some(name));
        let silent = |test: &&str| test.lines().nth(2).is_some_and(|line| line.trim() == "exp_alerts: []");
        assert!(of_it().any(|test| silent(&test)), "{name} is never tried in silence");
        assert!(of_it().any(|test| !silent(&test)), "{name} is never tried aloud");
    }
}
