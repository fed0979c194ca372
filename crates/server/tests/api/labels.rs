//! /admin/labels with models that know only the labels they were trained with (`zero_shot` has the others).

use serde_json::json;

use crate::harness::Running;

#[test]
fn trained_labels_are_told_as_one_set_that_cannot_be_exchanged() {
    let server = Running::new();
    let current = server.get("/admin/labels/current").json;
    assert_eq!((&current["current_set"], &current["can_switch"]), (&json!("trained"), &json!(false)));
    let list = server.get("/admin/labels/list").json;
    assert_eq!((&list["current_set"], &list["total_sets"]), (&json!("trained"), &json!(1)));
    assert_eq!(list["sets"][0]["is_current"], true);
    assert_eq!(list["sets"][0]["labels"]["sentiment"], 5);
    let details = server.get("/admin/labels/details/trained").json;
    let labels = details["models"]["depression"]["labels"].as_array().unwrap();
    assert_eq!(labels[4], json!({"label": "critical", "severity": 1.0, "level": "critical"}));
    assert_eq!(details["models"]["depression"]["hypothesis_template"], json!(null));
    assert_eq!(server.get("/admin/labels/validate").json["valid"], true);

    for unknown in ["lgbtqia", "%FF", "trained%2Fx"] {
        let reply = server.get(&format!("/admin/labels/details/{unknown}"));
        assert_eq!(
            (reply.status, &reply.json["error"]["code"]),
            (404, &json!("unknown_label_set")),
            "{unknown}"
        );
    }

    let same = server.post("/admin/labels/switch", json!({"label_set": "trained"}).to_string());
    assert_eq!((same.status, &same.json["current_set"]), (200, &json!("trained")));
    let other = server.post("/admin/labels/switch", json!({"label_set": "lgbtqia"}).to_string());
    assert_eq!((other.status, &other.json["error"]["code"]), (400, &json!("unknown_label_set")));
    let missing = server.post("/admin/labels/switch", "{}");
    assert_eq!((missing.status, &missing.json["error"]["field"]), (422, &json!("label_set")));
    assert_eq!(server.post("/admin/labels/switch", "[").status, 400);
    assert_eq!(server.post("/admin/labels/switch", r#"{"label_set": 5}"#).status, 422);
}
