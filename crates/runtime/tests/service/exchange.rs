//! What judges can be exchanged while it runs, whole or not at all.

use ash_analysis::{AnalyzerSettings, Level, Mode};
use ash_runtime::telemetry::Source;
use ash_runtime::{Overrides, Request, Status};

use crate::fake::{Fake, service, settings, text};

#[tokio::test(flavor = "multi_thread")]
async fn new_settings_judge_from_the_next_message_on_and_nothing_old_is_remembered() {
    let service = service(&Fake::new(), Overrides::default());
    let ask = async || service.submit(Request::new(text("danger"))).await.unwrap();
    assert_eq!(ask().await.assessment.level, Level::Critical);
    let mut new = settings(Overrides::default());
    new.analysis.ensemble.mode = Mode::Majority;
    assert_eq!(service.reload(&new).unwrap(), Vec::<String>::new());
    let after = ask().await;
    assert_eq!(after.source, Source::Miss);
    assert_eq!(after.assessment.mode, Mode::Majority);
    assert_eq!(ask().await.source, Source::Hit, "and is remembered in its turn");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_do_not_fit_the_models_change_nothing() {
    let service = service(&Fake::new(), Overrides::default());
    let mut bad = settings(Overrides::default());
    bad.analysis = AnalyzerSettings::unfitted(["somebody else"]);
    let error = service.reload(&bad).unwrap_err().to_string();
    assert!(error.contains("fake"), "{error}");
    let level = service.submit(Request::new(text("danger"))).await.unwrap().assessment.level;
    assert_eq!((level, service.health().status), (Level::Critical, Status::Healthy));
}

#[test]
fn packs_that_cannot_be_read_change_nothing() {
    let service = service(&Fake::new(), Overrides::default());
    let before = service.analyzer().patterns().rules().len();
    let bad = settings(Overrides::default().set("patterns.path", "/nowhere/at/all"));
    let error = service.reload(&bad).unwrap_err().to_string();
    assert!(error.contains("/nowhere/at/all"), "{error}");
    assert!(before > 0);
    assert_eq!(service.analyzer().patterns().rules().len(), before);
}

#[test]
fn what_needs_a_restart_is_named() {
    let service = service(&Fake::new(), Overrides::default());
    let new = settings(
        Overrides::default().set("queue.capacity_tokens", 1024).set("compat.critical_as_high", true),
    );
    assert_eq!(service.reload(&new).unwrap(), ["queue.capacity_tokens"]);
    assert!(service.settings().compat.critical_as_high);
    assert_ne!(service.queue().capacity, 1024);
}
