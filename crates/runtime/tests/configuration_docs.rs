//! docs/configuration.md says what config/ash.toml and the code say.

use std::path::Path;

use ash_runtime::configuration_tables;

const BEGIN: &str = "<!-- settings: begin (written by UPDATE_DOCS=1 cargo test -p ash-runtime --test configuration_docs) -->\n";
const END: &str = "<!-- settings: end -->";

#[test]
fn the_tables_in_the_documentation_are_those_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the marker that begins the tables");
    let (tables, after) = rest.split_once(END).expect("the marker that ends the tables");
    let wanted = format!("\n{}", configuration_tables());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{wanted}{END}{after}")).unwrap();
        return;
    }
    assert!(
        tables == wanted,
        "docs/configuration.md is not what config/ash.toml says: run UPDATE_DOCS=1 cargo test -p ash-runtime \
         --test configuration_docs"
    );
}
