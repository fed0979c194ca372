//! It keeps its promises whatever its models do.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ash_analysis::{ClassifyError, Level};
use ash_runtime::{AnalyzeError, Overrides, Request, Status};

use crate::fake::{Fake, service, text};

#[test]
fn everyone_gets_their_own_answer() {
    let service = service(&Fake::new(), Overrides::default());
    std::thread::scope(|scope| {
        for caller in 0..8 {
            let service = &service;
            scope.spawn(move || {
                let is_danger = |i: usize| (i * 7 + caller).is_multiple_of(3);
                let texts = (0..200).map(|i| text(if is_danger(i) { "danger" } else { "hello" })).collect();
                for (i, analyzed) in service.analyze(texts).unwrap().iter().enumerate() {
                    let expected = if is_danger(i) { Level::Critical } else { Level::None };
                    assert_eq!(analyzed.assessment.level, expected, "caller {caller}, message {i}");
                }
            });
        }
    });
}

#[test]
fn more_messages_than_fit_into_the_queue_wait_for_room() {
    let service = service(&Fake::new(), Overrides::default().set("queue.capacity_tokens", 512));
    let analyzed = service.analyze(vec![text("danger"); 1000]).unwrap();
    assert_eq!(analyzed.len(), 1000);
}

#[test]
fn a_message_that_panics_fails_alone_and_the_thread_lives() {
    let fake = Fake::new();
    let service = service(&fake, Overrides::default());
    fake.slow.store(true, Ordering::SeqCst);
    std::thread::scope(|scope| {
        let texts = ["danger", "poison", "danger", "danger"];
        let callers = texts.map(|t| scope.spawn(|| service.analyze(vec![text(t)])));
        let outcomes = callers.map(|caller| caller.join().unwrap().map(|a| a[0].assessment.level));
        let expected =
            [Ok(Level::Critical), Err(AnalyzeError::Failed), Ok(Level::Critical), Ok(Level::Critical)];
        assert_eq!(outcomes, expected);
    });
}

#[test]
fn a_warm_up_that_failed_is_not_called_a_success() {
    let fake = Fake::new();
    fake.fails.store(true, Ordering::SeqCst);
    let health = service(&fake, Overrides::default()).health();
    assert_eq!((health.status, health.degraded), (Status::Degraded, true));
    assert!(!health.warmup.warmup_success && !health.warmup.pipeline_warmed);
    assert!(!health.warmup.cold_start_eliminated && !health.warmup.ready_for_production);
    assert!(health.warmup.error.unwrap().contains("told to"));
}

#[test]
fn models_that_fail_never_end_in_a_silent_none() {
    let fake = Fake::new();
    let service = service(&fake, Overrides::default());
    fake.fails.store(true, Ordering::SeqCst);
    let assessment = service.analyze(vec![text("hello")]).unwrap().remove(0).assessment;
    assert!(assessment.is_degraded() && assessment.requires_staff_review);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_finds_no_room_is_judged_by_its_words_and_a_human_is_asked() {
    let fake = Fake::new();
    let service = Arc::new(service(&fake, Overrides::default().set("queue.capacity_tokens", 512)));
    fake.slow.store(true, Ordering::SeqCst);
    let submit = |i: usize| {
        let service = Arc::clone(&service);
        tokio::spawn(async move { service.submit(Request::new(text(&format!("danger {i}")))).await })
    };
    let waiting: Vec<_> = (0..400).map(submit).collect();
    let (mut by_models, mut by_words) = (0, 0);
    for outcome in waiting {
        match outcome.await.unwrap() {
            Ok(analyzed) if !analyzed.assessment.is_degraded() => {
                assert_eq!(analyzed.assessment.level, Level::Critical);
                by_models += 1;
            }
            Ok(analyzed) => {
                assert!(analyzed.assessment.requires_staff_review);
                assert!(
                    matches!(&analyzed.assessment.failures[..], [ClassifyError::NotAsked { model, .. }] if model == "fake")
                );
                by_words += 1;
            }
            Err(AnalyzeError::Overloaded { retry_after }) => assert!(retry_after >= Duration::from_secs(1)),
            Err(other) => panic!("{other}"),
        }
    }
    assert!(by_models > 0 && by_words > 0, "{by_models} {by_words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_too_long_is_judged_by_its_words() {
    let fake = Fake::new();
    let service = Arc::new(service(&fake, Overrides::default().set("queue.max_wait_ms", 1000)));
    let (entered, release) = fake.hold();
    let submit = |words: &'static str| {
        let service = Arc::clone(&service);
        tokio::spawn(async move { service.submit(Request::new(text(words))).await })
    };
    let first = submit("danger");
    entered.recv_timeout(Duration::from_secs(20)).expect("the first is judged by its model");
    let late = submit("danger too");
    tokio::time::sleep(Duration::from_secs(2)).await;
    release.send(()).unwrap();
    let late = late.await.unwrap().unwrap().assessment;
    assert!(late.is_degraded() && late.requires_staff_review, "{late:?}");
    assert!(late.failures[0].to_string().contains("waited too long"), "{:?}", late.failures);
    assert!(!first.await.unwrap().unwrap().assessment.is_degraded());
}

#[test]
fn draining_is_said_and_what_was_accepted_is_answered() {
    let fake = Fake::new();
    let service = Arc::new(service(&fake, Overrides::default()));
    fake.slow.store(true, Ordering::SeqCst);
    let caller = std::thread::spawn({
        let service = Arc::clone(&service);
        move || service.analyze(vec![text("danger"); 5])
    });
    std::thread::sleep(Duration::from_millis(20));
    service.drain();
    assert_eq!(service.health().status, Status::Draining);
    assert!(!service.health().ready);
    drop(service);
    assert_eq!(caller.join().unwrap().unwrap().len(), 5);
}
