//! The service keeps its promises whatever its models do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ash_analysis::{
    AnalyzerSettings, Classifier, ClassifyError, Label, Level, Message, MessageText, ModelAnswer, ModelInfo,
    Reading,
};
use ash_runtime::{AnalyzeError, Overrides, Service, Settings, Status};

/// One model: sure of "critical" for messages with "danger" in them; it can be told to misbehave.
struct Fake {
    models: Vec<Arc<ModelInfo>>,
    fails: AtomicBool,
    slow: AtomicBool,
}

impl Fake {
    fn new() -> Arc<Self> {
        let label = |name: &str, severity| Label { name: name.to_owned(), severity };
        let info = ModelInfo {
            name: "fake".into(),
            labels: vec![label("safe", 0.0), label("danger", 1.0)],
            exclusive: true,
            tags: Vec::new(),
            version: "1".into(),
            precision: "f32".into(),
        };
        Arc::new(Fake {
            models: vec![Arc::new(info)],
            fails: AtomicBool::new(false),
            slow: AtomicBool::new(false),
        })
    }
}

impl Classifier for Fake {
    fn models(&self) -> Vec<Arc<ModelInfo>> {
        self.models.clone()
    }

    fn classify(&self, messages: &[&Message]) -> Vec<(Arc<ModelInfo>, ModelAnswer)> {
        if self.slow.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(100));
        }
        assert!(!messages.iter().any(|m| m.clean().contains("poison")), "a poisonous message");
        if self.fails.load(Ordering::SeqCst) {
            let error = ClassifyError::Failed { model: "fake".into(), why: "told to".into() };
            return vec![(Arc::clone(&self.models[0]), Err(error))];
        }
        let reading = |message: &&Message| {
            let danger = f32::from(u8::from(message.clean().contains("danger")));
            Reading { probabilities: vec![1.0 - danger, danger], tags: Vec::new(), truncated: false }
        };
        vec![(Arc::clone(&self.models[0]), Ok(messages.iter().map(reading).collect()))]
    }
}

fn service(fake: &Arc<Fake>, overrides: Overrides) -> Service {
    let mut settings = Settings::load(None, overrides).unwrap();
    settings.analysis = AnalyzerSettings::unfitted(["fake"]);
    Service::with_classifier(settings, Arc::clone(fake) as Arc<dyn Classifier>).unwrap()
}

fn text(text: &str) -> MessageText {
    MessageText::parse(text).unwrap()
}

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
    let service = service(&Fake::new(), Overrides::default().set("queue.capacity", 3));
    let analyzed = service.analyze(vec![text("danger"); 100]).unwrap();
    assert_eq!(analyzed.len(), 100);
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
async fn a_full_queue_refuses_at_once() {
    let fake = Fake::new();
    let service = Arc::new(service(&fake, Overrides::default().set("queue.capacity", 2)));
    fake.slow.store(true, Ordering::SeqCst);
    let submit = || {
        let service = Arc::clone(&service);
        tokio::spawn(async move { service.submit(text("danger")).await })
    };
    let waiting: Vec<_> = (0..12).map(|_| submit()).collect();
    let mut refused = 0;
    for outcome in waiting {
        match outcome.await.unwrap() {
            Ok(analyzed) => assert_eq!(analyzed.assessment.level, Level::Critical),
            Err(AnalyzeError::Overloaded { capacity, retry_after }) => {
                assert_eq!(capacity, 2);
                assert!(retry_after >= Duration::from_secs(1));
                refused += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!((1..12).contains(&refused), "{refused}");
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
