//! The shipped settings and the models inside the binary, through the same door as in production.

use ash_runtime::{Overrides, Service, Settings};

use crate::harness::{MODELS, Running};

#[test]
fn the_embedded_models_tell_danger_from_everyday_talk() {
    let settings = Settings::load(None, Overrides::default().set("server.bind", "127.0.0.1:0")).unwrap();
    let shipped = settings.clone();
    let server = Running::starting(settings, Box::new(|| Service::start(shipped)));
    server.wait_until_ready();

    let health = server.get("/health").json;
    assert_eq!(health["status"], "healthy", "{health}");
    assert_eq!(health["warmup_status"]["ready_for_production"], true, "{health}");

    let everyday = server.analyze("anyone up for a round of minecraft after dinner?").json;
    assert_eq!(
        (&everyday["severity"], &everyday["needs_response"]),
        (&"safe".into(), &false.into()),
        "{everyday}"
    );

    let danger = server
        .analyze("i have the pills here and i am going to take all of them tonight. goodbye everyone")
        .json;
    assert_eq!(danger["requires_intervention"], true, "{danger}");
    assert_eq!(danger["models_used"], serde_json::json!(MODELS));
}
