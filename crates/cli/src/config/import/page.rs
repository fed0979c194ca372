//! The table of variables in docs/migration.md is the mapping's.

use std::fmt::Write;
use std::path::Path;

use super::mapping::{ABSENT, SETTINGS};

const BEGIN: &str =
    "<!-- variables: begin (written by UPDATE_DOCS=1 cargo test -p ash-nlp --bin ash-nlp import::page) -->\n";
const END: &str = "<!-- variables: end -->";

#[test]
fn the_variables_in_the_documentation_are_those_of_the_mapping() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/migration.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the marker that begins the tables");
    let (tables, after) = rest.split_once(END).expect("the marker that ends the tables");
    let wanted = tables_of_the_mapping();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{wanted}{END}{after}")).unwrap();
        return;
    }
    assert!(
        tables == wanted,
        "docs/migration.md is not what the mapping says: run UPDATE_DOCS=1 cargo test -p ash-nlp --bin ash-nlp \
         import::page"
    );
}

fn tables_of_the_mapping() -> String {
    let code = |names: &[&str]| {
        names.iter().map(|name| format!("`{}`", name.replace('*', "…"))).collect::<Vec<_>>().join(", ")
    };
    let mut text = "\n| old variable | setting |\n|---|---|\n".to_owned();
    for row in SETTINGS {
        writeln!(text, "| {} | `{}`{} |", code(row.names), row.key, row.reading.remark()).unwrap();
    }
    text.push_str("\n| no equivalent | old variables | why, and what instead |\n|---|---|---|\n");
    for row in ABSENT {
        writeln!(text, "| {} | {} | {} |", row.about, code(row.names), row.why).unwrap();
    }
    text.push('\n');
    text
}
