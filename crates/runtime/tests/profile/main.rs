//! A profile directory becomes a service, or says which file is to blame.

mod tiny;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use ash_analysis::{AnalyzerSettings, ClassifyError, MessageText};
use ash_runtime::{Overrides, Phase, Request, Service, Settings, StartError, Status};
use tempfile::TempDir;
use tiny::MODELS;

fn profile() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    tiny::write(dir.path());
    dir
}

fn start(profile: &Path) -> Result<Service, StartError> {
    let overrides = Overrides::default().set("models.path", profile).set("models.threads", 2);
    let mut settings = Settings::load(None, overrides).unwrap();
    settings.analysis = AnalyzerSettings::unfitted(MODELS);
    Service::start(settings)
}

fn text(text: &str) -> MessageText {
    MessageText::parse(text).unwrap()
}

#[test]
fn a_profile_directory_starts_a_healthy_warm_service() {
    let dir = profile();
    let service = start(dir.path()).unwrap();
    let health = service.health();
    assert_eq!((health.status, health.ready), (Status::Healthy, true));
    assert_eq!((health.models_configured, health.models_loaded), (3, 3));
    assert!(
        health.warmup.pipeline_warmed && health.warmup.warmup_success && health.warmup.ready_for_production
    );
    assert!(health.warmup.total_warmup_time_ms > 0.0 && health.warmup.rounds > 0);
    assert!(health.warmup.steady_ms.is_some_and(|ms| ms > 0.0));
    assert_eq!(health.profile.as_deref(), Some("tiny"));
}

#[test]
fn an_assessment_carries_what_every_model_said_and_where_the_time_went() {
    let dir = profile();
    let service = start(dir.path()).unwrap();
    let analyzed = service.analyze(vec![text("i am tired of all this")]).unwrap().remove(0);
    let names: Vec<_> = analyzed.assessment.signals.iter().map(|s| s.model.name.as_str()).collect();
    assert_eq!(names, MODELS);
    assert!(!analyzed.assessment.is_degraded() && !analyzed.assessment.truncated);
    let timing = analyzed.timing;
    assert!(timing.models_ms > 0.0 && timing.tokenise_ms > 0.0 && timing.normalise_ms > 0.0);
    let stages = timing.queue_ms
        + timing.normalise_ms
        + timing.tokenise_ms
        + timing.models_ms
        + timing.patterns_ms
        + timing.decision_ms;
    assert!(stages <= timing.total_ms, "{timing:?}");
    let timed: Vec<&str> = timing.inference_ms.0.iter().map(|(name, _)| &**name).collect();
    assert_eq!(timed, [&["trunk"], &MODELS[..]].concat());
    assert!(timing.inference_ms.0.iter().all(|(_, ms)| *ms > 0.0 && *ms <= timing.models_ms), "{timing:?}");
}

#[test]
fn a_disguised_word_is_judged_as_the_word() {
    let dir = profile();
    let service = start(dir.path()).unwrap();
    let signals = |typed: &str| -> Vec<f32> {
        let analyzed = service.analyze(vec![text(typed)]).unwrap().remove(0);
        analyzed.assessment.signals.iter().map(|signal| signal.signal.get()).collect()
    };
    let plain = signals("i am tired of all this");
    for disguised in ["i am t1r3d of all this", "i am t i r e d of all this", "i am tireeed of 4ll th1s"] {
        assert_eq!(signals(disguised), plain, "{disguised}");
    }
    assert_ne!(signals("i am blurred of all this"), plain, "an unknown word is another message");
}

#[test]
fn a_batch_says_what_its_messages_say_alone() {
    let dir = profile();
    let service = start(dir.path()).unwrap();
    let texts = ["i am fine", "tired", "not fine , i am tired of all this", "unknown words only"].map(text);
    let together = service.analyze(texts.to_vec()).unwrap();
    for (text, batched) in texts.into_iter().zip(together) {
        let alone = service.analyze(vec![text]).unwrap().remove(0);
        assert_eq!(alone.assessment.level, batched.assessment.level);
        let difference = alone.assessment.score.get() - batched.assessment.score.get();
        assert!(difference.abs() < 1e-5, "{difference}");
    }
}

#[test]
fn a_message_longer_than_the_models_read_says_so() {
    let dir = profile();
    let service = start(dir.path()).unwrap();
    let long = text(&"tired ".repeat(2 * tiny::MAX_TOKENS));
    assert!(service.analyze(vec![long]).unwrap()[0].assessment.truncated);
}

#[test]
fn a_model_that_cannot_be_loaded_leaves_the_others_working_and_is_not_hidden() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 5] = [
        ("model.safetensors", |folder| fs::remove_file(folder.join("model.safetensors")).unwrap()),
        ("model.safetensors", |folder| fs::write(folder.join("model.safetensors"), b"not weights").unwrap()),
        ("model.safetensors", |folder| fs::write(folder.join("model.safetensors"), b"").unwrap()),
        ("model.json", |folder| fs::write(folder.join("model.json"), b"{").unwrap()),
        ("\"level\" has 3 outputs, the manifest names 2 labels", |folder| {
            let manifest = fs::read_to_string(folder.join("model.json")).unwrap();
            let fewer = manifest.replace(r#",{"name":"much","severity":1.0}"#, "");
            assert_ne!(manifest, fewer);
            fs::write(folder.join("model.json"), fewer).unwrap();
        }),
    ];
    for (named, damage) in damages {
        let dir = profile();
        damage(&dir.path().join("sentiment"));
        let service = start(dir.path()).unwrap();
        let health = service.health();
        assert_eq!((health.status, health.ready, health.degraded), (Status::Degraded, true, true), "{named}");
        assert_eq!((health.models_configured, health.models_loaded), (3, 2), "{named}");
        assert!(!health.warmup.ready_for_production && !health.warmup.warmup_success, "{named}");
        let why = service.models()[1].error.clone().unwrap();
        assert!(why.contains(named), "{named}: {why}");

        let assessment = service.analyze(vec![text("i am tired")]).unwrap().remove(0).assessment;
        assert!(assessment.is_degraded() && assessment.requires_staff_review, "{named}");
        assert_eq!(assessment.signals.len(), 2, "{named}");
        assert!(
            matches!(&assessment.failures[..], [ClassifyError::NotLoaded { model, .. }] if model == "sentiment")
        );
    }
}

/// As a server starts it: open, then brought up.
fn opened(profile: &Path) -> Service {
    let overrides = Overrides::default().set("models.path", profile).set("models.threads", 2);
    let mut settings = Settings::load(None, overrides).unwrap();
    settings.analysis = AnalyzerSettings::unfitted(MODELS);
    Service::open(settings, Arc::default()).unwrap()
}

#[test]
fn a_model_that_comes_back_is_taken_over() {
    let dir = profile();
    let weights = dir.path().join("sentiment/model.safetensors");
    let good = fs::read(&weights).unwrap();
    fs::write(&weights, b"not weights").unwrap();
    let service = opened(dir.path());
    service.bring_up(|| ()).unwrap();
    let health = service.health();
    assert_eq!((health.status, health.models_loaded), (Status::Degraded, 2));
    assert!(health.reasons[0].contains("sentiment"), "{:?}", health.reasons);
    assert!(!service.retry(), "nothing has changed yet");

    fs::write(&weights, good).unwrap();
    assert!(service.retry());
    let health = service.health();
    assert_eq!((health.status, health.models_loaded, health.reasons.len()), (Status::Healthy, 3, 0));
    assert!(health.warmup.ready_for_production);
    assert!(!service.analyze(vec![text("i am tired")]).unwrap()[0].assessment.is_degraded());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_warm_up_asks_is_not_told_as_if_somebody_had_asked_it() {
    async fn asked(service: &Service) -> (u64, u64) {
        (service.caches().await.1.counts.misses, service.performance().drift.samples)
    }
    /// The counter of /metrics, which may never fall.
    async fn counted(service: &Service) -> u64 {
        let page = service.metrics().await;
        let line =
            page.lines().find_map(|line| line.strip_prefix("ash_cache_misses_total{cache=\"inference\"} "));
        line.unwrap().parse().unwrap()
    }
    let dir = profile();
    let weights = dir.path().join("sentiment/model.safetensors");
    let good = fs::read(&weights).unwrap();
    fs::write(&weights, b"not weights").unwrap();
    let service = Arc::new(opened(dir.path()));
    let submit = |message: &str| service.submit(Request::new(text(message)));
    let blocking = |work: fn(&Service)| {
        let service = Arc::clone(&service);
        tokio::task::spawn_blocking(move || work(&service))
    };

    blocking(|service| service.bring_up(|| ()).unwrap()).await.unwrap();
    assert_eq!(asked(&service).await, (0, 0), "a warm-up that failed");
    submit("i am tired").await.unwrap();
    assert_eq!(asked(&service).await.0, 1);
    let before = counted(&service).await;
    assert!(before > 1, "the warm-up asked, too");

    fs::write(&weights, good).unwrap();
    blocking(|service| assert!(service.retry())).await.unwrap();
    assert_eq!(asked(&service).await, (1, 0), "the models were exchanged");
    assert!(counted(&service).await > before + 1);
    submit("i am not tired").await.unwrap();
    assert_eq!(asked(&service).await, (2, 1));

    // What goes through the routes before anybody is told that it is ready.
    let anew = Arc::new(opened(dir.path()));
    let rehearsed = Arc::clone(&anew);
    let handle = tokio::runtime::Handle::current();
    let rehearse = move || {
        let request = Request { is_rehearsal: true, ..Request::new(text("i am tired")) };
        handle.block_on(rehearsed.submit(request)).unwrap();
        assert_eq!(rehearsed.performance().drift.samples, 1);
    };
    let bringing = Arc::clone(&anew);
    tokio::task::spawn_blocking(move || bringing.bring_up(rehearse).unwrap()).await.unwrap();
    assert_eq!(asked(&anew).await, (0, 0), "a rehearsal");
}

#[test]
fn without_any_model_words_answer_until_there_is_one() {
    let dir = profile();
    let trunk = dir.path().join("trunk/model.safetensors");
    let good = fs::read(&trunk).unwrap();
    fs::remove_file(&trunk).unwrap();
    let service = opened(dir.path());
    let judged = |message: &str| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(service.submit(Request::new(text(message)))).unwrap().assessment
    };
    let before = judged("i have the pills here and i will take them all tonight, goodbye");
    assert!(before.level.is_urgent() && before.is_degraded() && before.requires_staff_review);
    assert!(before.key_factors[0].contains("the models are being loaded"), "{:?}", before.key_factors);
    assert_eq!(service.health().progress.phase, Phase::Loading);

    service.bring_up(|| ()).unwrap();
    let health = service.health();
    assert_eq!((health.status, health.ready, health.degraded), (Status::Degraded, true, true));
    assert!(health.reasons[0].contains("trunk/model.safetensors"), "{:?}", health.reasons);
    assert!(!health.warmup.ready_for_production && !health.warmup.pipeline_warmed);
    let without = judged("goodbye everyone, i will kill myself tonight");
    assert_eq!(without.signals.len(), 0);
    assert!(without.key_factors[0].contains("trunk/model.safetensors"), "{:?}", without.key_factors);

    fs::write(&trunk, good).unwrap();
    assert!(service.retry());
    assert_eq!((service.health().status, judged("i am tired").signals.len()), (Status::Healthy, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_the_models_read_alike_share_inference_and_no_others_do() {
    let dir = profile();
    let service = tokio::task::spawn_blocking(move || {
        let service = opened(dir.path());
        service.bring_up(|| ()).unwrap();
        service
    });
    let service = service.await.unwrap();
    let mut read = Vec::new();
    for message in ["i am tired", "I  am\u{200b} TIRED", "i am not tired"] {
        let analyzed = service.submit(Request::new(text(message))).await.unwrap();
        read.push((analyzed.timing.tokens > 0, analyzed.assessment.score));
    }
    assert_eq!(read.iter().map(|(asked, _)| *asked).collect::<Vec<_>>(), [true, false, true], "{read:?}");
    assert_eq!(read[0].1, read[1].1);
}

#[test]
fn without_anything_that_could_answer_it_does_not_start() {
    let dir = profile();
    for name in MODELS {
        fs::remove_file(dir.path().join(name).join("model.safetensors")).unwrap();
    }
    let error = start(dir.path()).err().unwrap();
    assert!(matches!(error, StartError::NoModel { configured: 3, .. }), "{error}");

    for file in ["trunk/model.safetensors", "trunk/tokenizer.json", "trunk/config.json", "profile.json"] {
        let dir = profile();
        fs::remove_file(dir.path().join(file)).unwrap();
        let error = start(dir.path()).err().unwrap().to_string();
        assert!(error.contains(file), "{file}: {error}");
    }
}

#[test]
fn a_version_changes_with_the_weights_and_with_nothing_else() {
    let versions = |dir: &Path| -> Vec<String> {
        start(dir).unwrap().analyzer().models().map(|model| model.version.clone()).collect()
    };
    let (a, b) = (profile(), profile());
    let before = versions(a.path());
    assert_eq!(before, versions(b.path()), "the place does not matter");
    assert!(before.iter().all(|version| version.len() == 16), "{before:?}");

    fs::copy(b.path().join("sentiment/model.safetensors"), b.path().join("depression/model.safetensors"))
        .unwrap();
    let after = versions(b.path());
    assert_ne!(after[0], before[0]);
    assert_eq!(after[1..], before[1..]);
}

#[test]
fn settings_that_do_not_name_a_model_are_refused_with_its_name() {
    let dir = profile();
    let overrides = Overrides::default().set("models.path", dir.path());
    let mut settings = Settings::load(None, overrides).unwrap();
    settings.analysis = AnalyzerSettings::unfitted(["depression", "sentiment"]);
    let error = Service::start(settings).err().unwrap().to_string();
    assert!(error.contains("emotional_distress"), "{error}");
}
