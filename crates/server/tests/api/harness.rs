//! A server on a free port, a client, and models whose answers a test can choose.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use ash_analysis::{
    AnalyzerSettings, Classifier, ClassifyError, Label, Message, ModelAnswer, ModelInfo, Reading,
};
use ash_runtime::{Overrides, Service, Settings, StartError};
use ash_server::{Opening, Reload, ServeError, Server, Signal};
use serde_json::Value;
use tokio::sync::mpsc;

pub(crate) const MODELS: [&str; 3] = ["depression", "sentiment", "emotional_distress"];

/// Three models of five labels. A message that names a level gets that level from each of them;
/// "panic" panics, "slow" takes half a second, "stuck" longer than [`impatient`] allows, "broken" fails in the second model.
pub(crate) struct Fake(Vec<Arc<ModelInfo>>);

impl Fake {
    pub(crate) fn new() -> Self {
        let label = |name: &str, severity| Label { name: name.to_owned(), severity };
        let labels = [("none", 0.0), ("low", 0.25), ("medium", 0.5), ("high", 0.75), ("critical", 1.0)];
        let info = |name: &str| ModelInfo {
            name: name.to_owned(),
            labels: labels.map(|(name, severity)| label(name, severity)).into(),
            exclusive: true,
            tags: Vec::new(),
            version: format!("version of {name}"),
            precision: "int8".to_owned(),
        };
        Fake(MODELS.map(|name| Arc::new(info(name))).into())
    }

    fn reading(message: &Message) -> Reading {
        let named = |level: &str| message.clean().to_lowercase().contains(level);
        let level = ["critical", "high", "medium", "low"].into_iter().position(named).map_or(0, |i| 4 - i);
        let mut probabilities = vec![0.025; 5];
        probabilities[level] = 0.9;
        Reading { probabilities, tags: Vec::new(), truncated: message.clean().len() > 10_000 }
    }
}

impl Classifier for Fake {
    fn models(&self) -> Vec<Arc<ModelInfo>> {
        self.0.clone()
    }

    fn classify(&self, messages: &[&Message]) -> Vec<(Arc<ModelInfo>, ModelAnswer)> {
        let any = |word: &str| messages.iter().any(|m| m.clean().to_lowercase().contains(word));
        if any("slow") {
            std::thread::sleep(Duration::from_millis(500));
        }
        if any("stuck") {
            std::thread::sleep(Duration::from_millis(3500));
        }
        assert!(!any("panic"), "this text may quote the message: {}", messages[0].clean());
        let readings = || messages.iter().map(|m| Self::reading(m)).collect::<Vec<_>>();
        let fail = |name: &str| {
            Err(ClassifyError::Failed { model: name.to_owned(), why: "a test asked for it".into() })
        };
        let answer = |model: &Arc<ModelInfo>| {
            let broken = model.name == "sentiment" && any("broken");
            (Arc::clone(model), if broken { fail(&model.name) } else { Ok(readings()) })
        };
        self.0.iter().map(answer).collect()
    }
}

/// Words take over after nine tenths of these three seconds; what is left is enough for them on a busy machine too.
pub(crate) fn impatient(overrides: Overrides) -> Overrides {
    overrides.set("server.request_timeout_ms", 3000).set("queue.max_wait_ms", 1500)
}

/// The shipped settings on a free port, with an analysis that no later fitting changes, and no file in this folder.
pub(crate) fn settings(overrides: Overrides) -> Settings {
    let mut settings = Settings::load(None, overrides.set("server.bind", "127.0.0.1:0")).unwrap();
    settings.analysis = AnalyzerSettings::unfitted(MODELS);
    if !settings.learning.path.is_absolute() {
        settings.learning.path = ":memory:".into();
    }
    settings
}

/// A running server; dropping it shuts it down as a signal would.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    asks: Option<mpsc::Sender<Signal>>,
    thread: Option<JoinHandle<Result<(), ServeError>>>,
}

pub(crate) type Start = Box<dyn FnOnce() -> Result<Service, StartError> + Send>;

impl Running {
    /// With the fake models, ready.
    pub(crate) fn new() -> Self {
        Self::with(Overrides::default())
    }

    /// The same with other settings.
    pub(crate) fn with(overrides: Overrides) -> Self {
        let running = Self::serving(settings(overrides));
        running.wait_until_ready();
        running
    }

    /// With the fake models and all of these settings, perhaps not ready yet.
    pub(crate) fn serving(settings: Settings) -> Self {
        let service = settings.clone();
        Self::starting(settings, Box::new(|| Service::with_classifier(service, Arc::new(Fake::new()))))
    }

    /// Bound, with a service that does not start before the sender is dropped.
    pub(crate) fn held_back() -> (Self, std::sync::mpsc::Sender<()>) {
        // Whoever looks at it while it goes has time for it.
        let settings = settings(Overrides::default().set("server.shutdown_grace_ms", 3000));
        let (release, hold) = std::sync::mpsc::channel();
        let service = settings.clone();
        let start = move || {
            let _ = hold.recv();
            Service::with_classifier(service, Arc::new(Fake::new()))
        };
        (Running::starting(settings, Box::new(start)), release)
    }

    /// Through the same door as production, with a service that starts as `start` says.
    pub(crate) fn starting(settings: Settings, start: Start) -> Self {
        let again = settings.clone();
        Self::reloading(settings, start, Box::new(move || Ok(again.clone())))
    }

    /// The same, with what a reload finds.
    pub(crate) fn reloading(settings: Settings, start: Start, reload: Reload) -> Self {
        let start = |opening: Opening| {
            opening.go_live(Arc::new(start()?));
            Ok(())
        };
        Self::begun(settings, start, reload)
    }

    /// The same, with all that a start may do.
    pub(crate) fn begun(
        settings: Settings,
        start: impl FnOnce(Opening) -> Result<(), StartError> + Send + 'static,
        reload: Reload,
    ) -> Self {
        let (asks, asked) = mpsc::channel(4);
        let (bound, address) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let server = Server::bind(&settings).await?;
                bound.send(server.local_addr()).unwrap();
                server.run(start, reload, asked).await
            })
        });
        Running { address: address.recv().unwrap(), asks: Some(asks), thread: Some(thread) }
    }

    /// Real models on a busy machine take a while, above all when built for tests.
    pub(crate) fn wait_until_ready(&self) {
        for _ in 0..6000 {
            assert!(self.thread.as_ref().is_some_and(|thread| !thread.is_finished()), "the server ended");
            if self.get("/health").json["ready"] == true {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the server did not become ready");
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        Reply::from(agent().get(format!("http://{}{path}", self.address)).call().unwrap())
    }

    /// Sends SIGHUP and waits until it was acted upon: whether the new configuration was taken over. `key` opens
    /// /metrics, where that is counted.
    pub(crate) fn reload(&self, key: &str) -> bool {
        let count = || ["ok", "failed"].map(|outcome| self.reloads(outcome, key));
        let before = count();
        self.signal(Signal::Reload);
        for _ in 0..1000 {
            let now = count();
            if now != before {
                return now[0] > before[0];
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("nothing was reloaded");
    }

    fn reloads(&self, outcome: &str, key: &str) -> u64 {
        let request = agent().get(format!("http://{}/metrics", self.address));
        let mut response = request.header("x-ash-internal-key", key).call().unwrap();
        let page = response.body_mut().read_to_string().unwrap();
        let line = format!("ash_reloads_total{{outcome=\"{outcome}\"}} ");
        page.lines().find_map(|l| l.strip_prefix(&line)).and_then(|n| n.parse().ok()).unwrap_or(0)
    }

    pub(crate) fn post(&self, path: &str, body: impl AsRef<[u8]>) -> Reply {
        let request = agent().post(format!("http://{}{path}", self.address));
        Reply::from(request.content_type("application/json").send(body.as_ref()).unwrap())
    }

    pub(crate) fn analyze(&self, message: &str) -> Reply {
        self.post("/analyze", serde_json::json!({ "message": message }).to_string())
    }

    /// Any request; the body goes with POST only.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let address = format!("http://{}{path}", self.address);
        let request = ureq::http::Request::builder().method(method).uri(address);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let response = match method {
            "POST" => agent().run(request.body(body.to_owned()).unwrap()),
            _ => agent().run(request.body(()).unwrap()),
        };
        Reply::from(response.unwrap())
    }

    /// Sends bytes as they are and reads until the server closes.
    pub(crate) fn raw(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(request).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Sends a signal, as the system would.
    pub(crate) fn signal(&self, signal: Signal) {
        self.asks.as_ref().unwrap().blocking_send(signal).unwrap();
    }

    /// Asks for the end, without waiting for it.
    pub(crate) fn begin_stop(&mut self) {
        drop(self.asks.take());
    }

    /// Asks for the end and waits for it.
    pub(crate) fn stop(mut self) -> Result<(), ServeError> {
        self.begin_stop();
        self.wait()
    }

    /// Waits for an end that comes by itself.
    pub(crate) fn wait(mut self) -> Result<(), ServeError> {
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.begin_stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    config.timeout_global(Some(Duration::from_secs(20))).build().into()
}

/// What a client sees.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) json: Value,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Status and body together, for snapshots of errors.
    pub(crate) fn shown(&self) -> Value {
        serde_json::json!({ "status": self.status, "body": self.json })
    }
}

impl From<ureq::http::Response<ureq::Body>> for Reply {
    fn from(mut response: ureq::http::Response<ureq::Body>) -> Self {
        let text = response.body_mut().read_to_string().unwrap();
        let json = match text.as_str() {
            "" => Value::Null,
            // The page of metrics is the one answer that is not JSON, and says so.
            text if response.headers()["content-type"] != "application/json" => text.into(),
            text => serde_json::from_str(text).unwrap_or_else(|_| panic!("not JSON: {text:?}")),
        };
        Reply { status: response.status().as_u16(), headers: response.headers().clone(), json }
    }
}

/// The JSON with the values of some keys, wherever they stand, replaced by `[key]`: those that
/// differ from run to run.
pub(crate) fn redacted(mut json: Value, keys: &[&str]) -> Value {
    match &mut json {
        Value::Object(fields) => {
            for (key, value) in fields.iter_mut() {
                *value = if keys.contains(&key.as_str()) {
                    format!("[{key}]").into()
                } else {
                    redacted(value.take(), keys)
                };
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = redacted(item.take(), keys)),
        _ => {}
    }
    json
}
