//! GET /admin/thresholds/status tells the thresholds of the mode that judges.

use serde_json::json;

use crate::harness::Running;

#[test]
fn the_thresholds_are_those_of_the_mode_in_force() {
    let server = Running::new();
    let status = server.get("/admin/thresholds/status").json;
    let even = json!({"low": 0.2, "medium": 0.4, "high": 0.6, "critical": 0.8});
    assert_eq!((&status["status"], &status["ensemble_mode"]), (&json!("success"), &json!("weighted")));
    assert_eq!((&status["thresholds"], &status["configured"]), (&even, &even));
    assert_eq!(status["learned_offsets"], json!({"low": 0.0, "medium": 0.0, "high": 0.0, "critical": 0.0}));
    assert_eq!(status["by_mode"]["majority"], even);
    assert!(status["model_thresholds"]["sentiment"]["high"].is_number(), "{status}");
    assert_eq!(status["needs_response_from"], "low");
    server.post("/ensemble/set-weights?ensemble_mode=consensus", "");
    assert_eq!(server.get("/admin/thresholds/status").json["ensemble_mode"], "consensus");
}
