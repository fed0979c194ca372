//! What is remembered never changes what is said.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ash_analysis::Level;
use ash_runtime::telemetry::Source;
use ash_runtime::{History, Overrides, PastMessage, Request, Service};

use crate::fake::{Fake, service, text};

async fn ask(service: &Service, message: &str) -> (Level, Source) {
    let analyzed = service.submit(Request::new(text(message))).await.unwrap();
    (analyzed.assessment.level, analyzed.source)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hit_is_the_miss_once_more() {
    let fake = Fake::new();
    let service = service(&fake, Overrides::default());
    let miss = service.submit(Request::new(text("danger"))).await.unwrap();
    let asked = fake.asked.load(Ordering::SeqCst);
    let hit = service.submit(Request::new(text("danger"))).await.unwrap();
    assert_eq!((miss.source, hit.source), (Source::Miss, Source::Hit));
    assert_eq!(miss.assessment, hit.assessment);
    assert_eq!((hit.timing.batch, hit.timing.tokens, &hit.timing.inference_ms.0[..]), (0, 0, &[][..]));
    assert_eq!(fake.asked.load(Ordering::SeqCst), asked, "nobody was asked again");
    let counts = service.caches().await.0.counts;
    assert_eq!((counts.hits, counts.misses, counts.coalesced), (1, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_word_more_is_another_message() {
    let service = service(&Fake::new(), Overrides::default());
    assert_eq!(ask(&service, "no danger").await, (Level::Critical, Source::Miss));
    assert_eq!(ask(&service, "no danger at all").await, (Level::Critical, Source::Miss));
    assert_eq!(ask(&service, "no").await, (Level::None, Source::Miss));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_message_at_the_same_time_is_judged_once() {
    let fake = Fake::new();
    let service = Arc::new(service(&fake, Overrides::default()));
    fake.slow.store(true, Ordering::SeqCst);
    let before = fake.asked.load(Ordering::SeqCst);
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let service = Arc::clone(&service);
            tokio::spawn(async move { ask(&service, "danger").await })
        })
        .collect();
    let mut sources = Vec::new();
    for caller in callers {
        let (level, source) = caller.await.unwrap();
        assert_eq!(level, Level::Critical);
        sources.push(source);
    }
    assert_eq!(fake.asked.load(Ordering::SeqCst) - before, 1);
    assert_eq!(sources.iter().filter(|&&source| source == Source::Miss).count(), 1, "{sources:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_leaves_does_not_take_the_answer_of_the_others_with_it() {
    let fake = Fake::new();
    let service = Arc::new(service(&fake, Overrides::default()));
    fake.slow.store(true, Ordering::SeqCst);
    let begin = |wait| {
        let service = Arc::clone(&service);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(wait)).await;
            ask(&service, "danger").await
        })
    };
    let (leaves, stays) = (begin(0), begin(30));
    tokio::time::sleep(Duration::from_millis(60)).await;
    leaves.abort();
    assert_eq!(stays.await.unwrap().0, Level::Critical);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_degraded_verdict_is_not_remembered() {
    let fake = Fake::new();
    let service = service(&fake, Overrides::default());
    fake.fails.store(true, Ordering::SeqCst);
    let degraded = service.submit(Request::new(text("danger"))).await.unwrap();
    assert!(degraded.assessment.is_degraded());
    fake.fails.store(false, Ordering::SeqCst);
    assert_eq!(ask(&service, "danger").await, (Level::Critical, Source::Miss));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_changes_the_answer_though_the_message_is_remembered() {
    let service = service(&Fake::new(), Overrides::default());
    ask(&service, "danger").await;
    let past = PastMessage { text: Some(text("hello")), at: Some(0), score: None };
    let history = History { messages: vec![past], at: Some(60), ..History::default() };
    let request = Request { history, ..Request::new(text("danger")) };
    let analyzed = service.submit(request).await.unwrap();
    assert_eq!(analyzed.source, Source::Hit);
    assert_eq!(analyzed.assessment.context.unwrap().messages_considered, 1);
    let alone = service.submit(Request::new(text("danger"))).await.unwrap();
    assert!(alone.assessment.context.is_none(), "what was remembered has no history");
}

#[tokio::test(flavor = "multi_thread")]
async fn switched_off_nothing_is_remembered_and_the_verdict_is_the_same() {
    let service = service(&Fake::new(), Overrides::default().set("cache.enabled", false));
    for _ in 0..2 {
        assert_eq!(ask(&service, "danger").await, (Level::Critical, Source::Bypass));
    }
}
