//! The document of the interface, held against the interface: here against the table of routes, `answers` against
//! what is answered, `bodies` against what is read; `page` is how people see it.

mod answers;
mod bodies;
mod page;
mod schema;

use ash_runtime::Overrides;
use ash_server::{NewEntry, Role, add_key, routes};
use serde_json::{Value, json};

use self::schema::{document, operations, references};
use crate::harness::Running;

#[test]
fn every_route_is_documented_with_its_role_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.toml");
    add_key(&file, &NewEntry { name: "any".into(), role: Role::Read, critical_as_high: false }).unwrap();
    let running = Running::with(Overrides::default().set("auth.keys_file", &file));
    let document = document(&running);
    let documented = operations(&document);
    // The page that shows the document is for people.
    let routes: Vec<_> = routes().filter(|(_, path, _)| !path.starts_with("/docs")).collect();
    for (method, path, _) in &documented {
        assert!(
            routes.iter().any(|(m, p, _)| (m.as_str(), *p) == (method, path)),
            "{method} {path} is no route"
        );
    }
    for (method, path, role) in routes {
        let found = documented.iter().find(|(m, p, _)| (m.as_str(), p.as_str()) == (method.as_str(), path));
        let (_, _, operation) = found.unwrap_or_else(|| panic!("{method} {path} is not documented"));
        let schemes = operation["security"].as_array().unwrap().len();
        match role {
            None => assert_eq!(schemes, 0, "{path}"),
            Some(role) => {
                assert_eq!(schemes, 2, "{path}");
                let said = operation["description"].as_str().unwrap();
                assert!(said.contains(&format!("Takes the role `{role}`")), "{path}: {said}");
                for status in ["401", "403", "429", "500", "503", "504"] {
                    assert!(operation["responses"][status].is_object(), "{path} {status}");
                }
            }
        }
        for said in ["summary", "operationId"] {
            assert!(operation[said].as_str().is_some_and(|words| !words.contains('.')), "{path} {said}");
        }
    }
    let mut ids: Vec<&Value> = documented.iter().map(|(_, _, operation)| &operation["operationId"]).collect();
    ids.sort_by_key(ToString::to_string);
    ids.dedup();
    assert_eq!(ids.len(), documented.len(), "every operation has an id of its own");
}

#[test]
fn a_service_without_keys_does_not_say_that_it_wants_one() {
    for (method, path, operation) in operations(&document(&Running::new())) {
        assert_eq!(operation["security"], json!([]), "{method} {path}");
        assert!(operation["responses"].get("401").is_none(), "{method} {path}");
    }
}

#[test]
fn every_reference_leads_somewhere_and_everything_defined_is_used() {
    let document = document(&Running::new());
    let mut found = Vec::new();
    references(&document, &mut found);
    for place in &found {
        assert!(document.pointer(place.trim_start_matches('#')).is_some(), "nothing at {place}");
    }
    for kind in ["schemas", "headers", "responses"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            assert!(name.chars().all(allowed), "{name} is no name of a component");
            let place = format!("#/components/{kind}/{name}");
            // Without keys nobody is asked for one.
            let of_keys = name.ends_with("Unauthorized") || name == "Challenge";
            assert!(of_keys || found.contains(&place.as_str()), "{place} is not used");
        }
    }
}
