//! The first request after the start shows whether the warm-up kept its promise.

use super::served::{Served, serving};

#[test]
fn the_first_live_request_is_held_against_the_warm_up() {
    let served = Served::ready(&mut serving(&[]));
    let warmup = served.health()["warmup_status"].clone();
    assert_eq!(warmup["first_live"], serde_json::Value::Null, "nobody asked yet: {warmup}");
    assert_eq!(served.verdict("the first message of the day")["is_degraded"], false);
    let warmup = served.health()["warmup_status"].clone();
    let first = &warmup["first_live"];
    for key in ["took_ms", "expected_ms"] {
        assert!(first[key].as_f64().is_some_and(|ms| ms > 0.0), "{key}: {warmup}");
    }
    let within = first["within"].as_bool().expect("it was judged");
    assert!(within || warmup["cold_start_eliminated"] == false, "claimed against what was seen: {warmup}");
    served.verdict("the second message of the day");
    assert_eq!(&served.health()["warmup_status"]["first_live"], first, "there is one first");
}
