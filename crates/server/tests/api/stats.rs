//! GET /stats counts what was answered, under the names that an older bot reads.

use serde_json::json;

use crate::harness::Running;

#[test]
fn the_figures_are_those_of_what_was_asked() {
    let server = Running::new();
    let before = server.get("/stats").json;
    assert_eq!((&before["total_requests"], &before["cache_hit_rate"]), (&json!(0), &json!(null)));
    server.analyze("high");
    server.analyze("high");
    server.analyze("broken");
    let stats = server.get("/stats").json;
    assert_eq!((&stats["total_requests"], &stats["successful_analyses"]), (&json!(3), &json!(2)));
    assert_eq!((&stats["failed_analyses"], &stats["levels"]["high"]), (&json!(1), &json!(2)));
    assert_eq!((&stats["model_loaded"], &stats["status"]), (&json!(true), &json!("healthy")));
    assert!((stats["cache_hit_rate"].as_f64().unwrap() - 0.3333).abs() < 1e-9, "{stats}");
    assert!(stats["uptime_seconds"].is_u64() && stats["model_version"].is_string(), "{stats}");
    assert!(stats["median_processing_time_ms"].is_number(), "{stats}");
}
