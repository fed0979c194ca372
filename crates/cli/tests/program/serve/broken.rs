//! Models that are missing or broken: the service says so, answers by what works, and recovers by itself.

use serde_json::Value;

use super::profile::Breakable;
use super::served::{Served, serving};

const URGENT: &str = "i have the pills here and i am going to take all of them tonight. goodbye everyone";

/// Waits for `status` and fails if `never` is said before.
fn health_becomes(served: &Served, status: &str, never: &str) -> Value {
    served.eventually(&format!("becomes {status}"), |served| {
        let health = served.health();
        assert_ne!(health["status"], never, "{health}");
        (health["status"] == status).then_some(health)
    })
}

#[test]
fn a_model_that_is_missing_or_broken_is_named_and_taken_up_when_it_is_mended() {
    type Damage = fn(&Breakable);
    let cases: [(&str, Damage); 3] =
        [("missing", |_| {}), ("cut short", Breakable::cut), ("no model at all", Breakable::garble)];
    for (case, break_it) in cases {
        let models = Breakable::new("sentiment");
        break_it(&models);
        let served =
            Served::bound(serving(&["--models", models.path()]).env("ASH_MODELS__RETRY_SECONDS", "1"));
        let health = health_becomes(&served, "degraded", "healthy");
        assert_eq!((&health["ready"], &health["degraded"]), (&true.into(), &true.into()), "{case}: {health}");
        assert!(health["degraded_reasons"].to_string().contains("sentiment"), "{case}: {health}");
        assert_eq!(health["warmup_status"]["ready_for_production"], false, "{case}: {health}");
        let manager = &health["model_coordination_manager"];
        assert_eq!(
            (&manager["models_configured"], &manager["models_loaded"]),
            (&3.into(), &2.into()),
            "{case}"
        );
        let verdict = served.verdict(&format!("a message while it is {case}"));
        assert_eq!(
            (&verdict["is_degraded"], &verdict["requires_staff_review"]),
            (&true.into(), &true.into()),
            "{case}: {verdict}"
        );

        models.mend();
        let health = health_becomes(&served, "healthy", "starting");
        assert_eq!(health["degraded_reasons"], serde_json::json!([]), "{case}");
        let verdict = served.verdict(&format!("a message while it is {case}"));
        assert_eq!(verdict["is_degraded"], false, "{case}: what was degraded is not remembered: {verdict}");
        assert_eq!(verdict["models_used"].as_array().map(Vec::len), Some(3), "{case}: {verdict}");
    }
}

#[test]
fn without_any_model_words_answer_and_nobody_says_healthy() {
    let models = Breakable::new("trunk");
    models.garble();
    let served = Served::bound(serving(&["--models", models.path()]).env("ASH_MODELS__RETRY_SECONDS", "1"));
    let health = health_becomes(&served, "degraded", "healthy");
    assert!(health["degraded_reasons"].to_string().contains("trunk"), "{health}");
    assert_eq!(served.get("/ready").status, 200, "it takes messages");
    let verdict = served.verdict(URGENT);
    assert_eq!(verdict["is_degraded"], true, "{verdict}");
    assert_eq!(verdict["requires_intervention"], true, "{verdict}");
    assert_eq!(verdict["models_used"], serde_json::json!([]), "{verdict}");
    let everyday = served.verdict("anyone up for a round of minecraft after dinner?");
    assert_eq!((&everyday["is_degraded"], &everyday["requires_staff_review"]), (&true.into(), &true.into()));

    models.mend();
    health_becomes(&served, "healthy", "starting");
    assert_eq!(served.verdict(URGENT)["is_degraded"], false);
}
