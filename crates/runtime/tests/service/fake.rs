//! A model whose answers a test can choose, and a service over it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ash_analysis::{
    AnalyzerSettings, Classifier, ClassifyError, Label, Message, MessageText, ModelAnswer, ModelInfo, Reading,
};
use ash_runtime::{Overrides, Service, Settings};

/// One model: sure of "critical" for messages with "danger" in them; it can be told to misbehave.
pub(crate) struct Fake {
    models: Vec<Arc<ModelInfo>>,
    pub(crate) fails: AtomicBool,
    pub(crate) slow: AtomicBool,
    /// How many messages it was asked about.
    pub(crate) asked: AtomicUsize,
    /// See [`Fake::hold`].
    held: Mutex<Option<(Sender<()>, Receiver<()>)>>,
}

impl Fake {
    pub(crate) fn new() -> Arc<Self> {
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
            asked: AtomicUsize::new(0),
            held: Mutex::new(None),
        })
    }

    /// Holds the next batch: tells when it is there, and waits until it is released.
    pub(crate) fn hold(&self) -> (Receiver<()>, Sender<()>) {
        let ((enter, entered), (release, released)) = (channel(), channel());
        *self.held.lock().unwrap() = Some((enter, released));
        (entered, release)
    }
}

impl Classifier for Fake {
    fn models(&self) -> Vec<Arc<ModelInfo>> {
        self.models.clone()
    }

    fn classify(&self, messages: &[&Message]) -> Vec<(Arc<ModelInfo>, ModelAnswer)> {
        self.asked.fetch_add(messages.len(), Ordering::SeqCst);
        let held = self.held.lock().unwrap().take();
        if let Some((enter, released)) = held {
            enter.send(()).unwrap();
            released.recv().unwrap();
        }
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

/// The settings that a service over it runs by.
pub(crate) fn settings(overrides: Overrides) -> Settings {
    let mut settings = Settings::load(None, overrides).unwrap();
    settings.analysis = AnalyzerSettings::unfitted(["fake"]);
    settings
}

pub(crate) fn service(fake: &Arc<Fake>, overrides: Overrides) -> Service {
    let (settings, fake) = (settings(overrides), Arc::clone(fake) as Arc<dyn Classifier>);
    // On a thread of its own, for tests are async and warming up blocks.
    std::thread::spawn(|| Service::with_classifier(settings, fake)).join().unwrap().unwrap()
}

pub(crate) fn text(text: &str) -> MessageText {
    MessageText::parse(text).unwrap()
}
