//! docs/metrics.md says what the program prints.

use std::path::Path;

use ash_runtime::telemetry::metrics_table;

const BEGIN: &str =
    "<!-- metrics: begin (written by UPDATE_DOCS=1 cargo test -p ash-runtime --test metrics_docs) -->\n";
const END: &str = "<!-- metrics: end -->";

#[test]
fn the_table_in_the_documentation_is_the_one_in_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the marker that begins the table");
    let (table, after) = rest.split_once(END).expect("the marker that ends the table");
    let wanted = format!("\n{}\n", metrics_table());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{wanted}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(table, wanted, "run UPDATE_DOCS=1 cargo test -p ash-runtime --test metrics_docs");
}
