//! docs/clients.md names every promise that is tested here, and no other.

use std::collections::BTreeSet;

const PAGE: &str = include_str!("../../../../../docs/clients.md");

/// The files whose tests are promises to clients.
const FILES: [&str; 8] = [
    include_str!("bot_3_0.rs"),
    include_str!("bot_3_1.rs"),
    include_str!("bot_5_0.rs"),
    include_str!("dashboard.rs"),
    include_str!("errors.rs"),
    include_str!("feedback.rs"),
    include_str!("suite_3_1.rs"),
    include_str!("suite_5_0.rs"),
];

#[test]
fn the_page_about_clients_names_every_promise_that_is_tested_and_no_other() {
    let tested: BTreeSet<&str> = FILES
        .iter()
        .flat_map(|file| file.split("#[test]\nfn ").skip(1))
        .filter_map(|rest| rest.split('(').next())
        .collect();
    // Names of tests stand in backticks and have at least four underscores; nothing else on the page does.
    let named: BTreeSet<&str> = PAGE
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| {
            name.matches('_').count() >= 4 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        })
        .collect();
    let only = |one: &BTreeSet<&str>, other: &BTreeSet<&str>| -> Vec<String> {
        one.difference(other).map(|name| (*name).to_owned()).collect()
    };
    assert_eq!(only(&tested, &named), Vec::<String>::new(), "tested, but not on the page");
    assert_eq!(only(&named, &tested), Vec::<String>::new(), "on the page, but not tested");
    assert!(tested.len() > 40, "{}", tested.len());
}
