//! The dashboard is one that Grafana imports as it is: whole, of one data source, nothing twice or on top of another.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::files;

/// Grafana's grid has so many columns.
const COLUMNS: u64 = 24;

fn list<'a>(value: &'a Value, name: &str) -> &'a Vec<Value> {
    value[name].as_array().unwrap_or_else(|| panic!("{name} is no list: {value}"))
}

fn word<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is no text: {value}"))
}

#[test]
fn panels_have_an_id_a_title_and_a_place_of_their_own() {
    let dashboard = files::dashboard();
    let (mut ids, mut cells) = (BTreeSet::new(), BTreeSet::new());
    for panel in list(&dashboard, "panels") {
        let title = word(panel, "title");
        assert!(!title.is_empty(), "{panel}");
        assert!(ids.insert(panel["id"].as_u64()), "{title}: its id is another panel's");
        let place =
            |name: &str| panel["gridPos"][name].as_u64().unwrap_or_else(|| panic!("{title}: no {name}"));
        let (x, y, w, h) = (place("x"), place("y"), place("w"), place("h"));
        assert!(x + w <= COLUMNS, "{title} is out of the grid");
        for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(cells.insert(cell), "{title} lies on another panel");
        }
        if word(panel, "type") == "row" {
            continue;
        }
        assert!(!word(panel, "description").is_empty(), "{title} is not explained");
        let mut refs = BTreeSet::new();
        for target in list(panel, "targets") {
            assert!(refs.insert(word(target, "refId")), "{title}: {}", target["refId"]);
            assert!(!word(target, "expr").is_empty(), "{title}");
            assert_eq!(word(&target["datasource"], "uid"), "${datasource}", "{title}");
        }
        assert!(!refs.is_empty(), "{title} shows nothing");
    }
}

#[test]
fn the_data_source_the_job_and_the_instance_are_chosen_above() {
    let dashboard = files::dashboard();
    let names: Vec<&str> =
        list(&dashboard["templating"], "list").iter().map(|variable| word(variable, "name")).collect();
    assert_eq!(names, ["datasource", "job", "instance"]);
    assert_eq!(dashboard["id"], Value::Null, "an id of one Grafana would overwrite a dashboard of another");
    for query in
        files::queries().iter().filter(|query| query.contains("ash_") && !query.starts_with("label_"))
    {
        let all = query.matches("ash_").count();
        assert_eq!(query.matches(r#"{job=~"$job",instance=~"$instance""#).count(), all, "{query}");
    }
}
