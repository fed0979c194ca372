//! The profile zero-shot through the door that every surface uses, with a tiny NLI model of random
//! weights: its verdicts mean nothing, but they must be the labels' own.

mod folder;

use std::fs;
use std::path::Path;

use ash_analysis::{ClassifyError, MessageText, Role};
use ash_encoder::{Files, Precision, ZeroShot};
use ash_runtime::{Analyzed, LabelSets, Overrides, Service, Settings, StartError, Status, SwitchError};
use folder::{Folder, NAMES};

fn settings(folder: &Folder, change: impl FnOnce(Overrides) -> Overrides) -> Settings {
    let mut overrides = Overrides::default()
        .set("models.profile", "zero-shot")
        .set("models.precision", "f32")
        .set("models.threads", 2)
        .set("models.zero_shot.directory", folder.path());
    for (role, name) in Role::ALL.into_iter().zip(NAMES) {
        overrides = overrides.set(&format!("models.zero_shot.{role}.name"), name);
    }
    Settings::load(None, change(overrides)).unwrap()
}

fn start(folder: &Folder, change: impl FnOnce(Overrides) -> Overrides) -> Result<Service, StartError> {
    Service::start_cold(settings(folder, change))
}

fn text(text: &str) -> MessageText {
    MessageText::parse(text).unwrap()
}

fn judge(service: &Service, message: &str) -> Analyzed {
    service.analyze(vec![text(message)]).unwrap().remove(0)
}

/// The labels that each model was asked, in its own answer.
fn asked(analyzed: &Analyzed) -> Vec<Vec<String>> {
    let labels = |s: &ash_analysis::ModelSignal| s.model.labels.iter().map(|l| l.name.clone()).collect();
    analyzed.assessment.signals.iter().map(labels).collect()
}

/// The labels of a shipped set.
fn labels_of(set: &str) -> Vec<Vec<String>> {
    let set = LabelSets::load(None).unwrap().get(set).unwrap();
    set.roles().map(|(_, r)| r.labels().iter().map(|l| l.name.clone()).collect()).collect()
}

const MESSAGE: &str = "i cannot sleep and everything is too much, but we are playing a game tonight";

#[test]
fn three_models_start_warm_and_say_what_they_are_asked() {
    let service = Service::start(settings(&Folder::new(), |o| o)).unwrap();
    let health = service.health();
    assert_eq!((health.status, health.models_configured, health.models_loaded), (Status::Healthy, 3, 3));
    assert!(health.warmup.ready_for_production && health.warmup.error.is_none(), "{:?}", health.warmup);
    assert_eq!(health.profile.as_deref(), Some("zero-shot"));
    let labels = health.labels.unwrap();
    assert_eq!((labels.label_set.as_str(), labels.hypotheses_per_message), ("enhanced_crisis", 37));
    let repositories: Vec<_> = service.models().iter().map(|m| m.repository.clone().unwrap()).collect();
    assert_eq!(repositories, NAMES);
}

#[test]
fn an_answer_is_what_the_encoder_says_of_the_labels() {
    let folder = Folder::new();
    let set = LabelSets::load(None).unwrap().get("enhanced_crisis").unwrap();
    for multi_label in [false, true] {
        // A budget of few pairs: what a model says does not depend on how its work is divided.
        let service = start(&folder, |o| {
            o.set("models.zero_shot.multi_label", multi_label).set("models.zero_shot.max_batch_tokens", 512)
        })
        .unwrap();
        let assessment = judge(&service, MESSAGE).assessment;
        assert!(!assessment.is_degraded(), "{:?}", assessment.failures);
        for ((role, labels), signal) in set.roles().zip(&assessment.signals) {
            let files = Files::directory(folder.model(role));
            let model = ZeroShot::load(&files, Precision::F32).unwrap();
            let names: Vec<&str> = labels.labels().iter().map(|l| l.name.as_str()).collect();
            let hypotheses = model.hypotheses(labels.template(), &names).unwrap();
            let expected = model.classify(&[MESSAGE], &hypotheses, multi_label, usize::MAX).remove(0);
            assert_eq!(signal.probabilities, expected, "{role}, multi_label {multi_label}");
            assert_eq!(signal.model.labels, labels.labels());
        }
    }
}

#[test]
fn a_switch_changes_what_the_next_message_is_judged_by() {
    let service = start(&Folder::new(), |o| o.set("models.zero_shot.label_set", "compact")).unwrap();
    let before = judge(&service, MESSAGE);
    assert_eq!(asked(&before), labels_of("compact"));
    service.switch_labels("lgbtqia").unwrap();
    let after = judge(&service, MESSAGE);
    assert_eq!(asked(&after), labels_of("lgbtqia"));
    assert_eq!(service.health().labels.unwrap().hypotheses_per_message, 15);
    let now: Vec<String> = service.analyzer().models().map(|m| m.version.clone()).collect();
    assert!(now.iter().all(|version| version.contains("+lgbtqia.")), "{now:?}");

    service.switch_labels("compact").unwrap();
    let again = judge(&service, MESSAGE);
    assert_eq!(again.assessment, before.assessment);
    assert_ne!(after.assessment.score, before.assessment.score);
}

#[test]
fn a_set_that_is_not_there_changes_nothing_and_those_that_are_get_named() {
    let service = start(&Folder::new(), |o| o.set("models.zero_shot.label_set", "compact")).unwrap();
    let error = service.switch_labels("cheerful").unwrap_err();
    assert!(matches!(error, SwitchError::Unknown(_)), "{error}");
    assert!(error.to_string().contains("clinical_focused, compact, conversational"), "{error}");
    assert_eq!(asked(&judge(&service, MESSAGE)), labels_of("compact"));
}

#[test]
fn a_set_that_a_model_cannot_read_changes_nothing() {
    let folder = Folder::new();
    let labels = folder.path().join("labels");
    fs::create_dir(&labels).unwrap();
    let short = fs::read_to_string(Path::new("../../packs/labels/compact.toml")).unwrap();
    fs::write(labels.join("compact.toml"), &short).unwrap();
    // More tokens than the tiny model has places.
    let long = short.replace("I {}.", &format!("I {{}}{}.", " and so on".repeat(200)));
    fs::write(labels.join("long.toml"), long.replace("\"compact\"", "\"long\"")).unwrap();
    let in_use = |name: &'static str| {
        let labels = labels.clone();
        move |o: Overrides| {
            o.set("models.zero_shot.labels_path", labels).set("models.zero_shot.label_set", name)
        }
    };

    let service = start(&folder, in_use("compact")).unwrap();
    let error = service.switch_labels("long").unwrap_err().to_string();
    assert!(error.starts_with("label set long: model depression is not loaded: "), "{error}");
    assert_eq!(service.health().labels.unwrap().label_set, "compact");
    assert!(!judge(&service, MESSAGE).assessment.is_degraded());

    // From the beginning it is no model that could answer.
    let error = start(&folder, in_use("long")).err().unwrap();
    assert!(matches!(error, StartError::NoModel { configured: 3, .. }), "{error}");
}

#[test]
fn what_runs_while_labels_are_switched_is_judged_by_one_set() {
    let service = start(&Folder::new(), |o| o.set("models.zero_shot.label_set", "compact")).unwrap();
    let sets = ["compact", "lgbtqia", "safety_first"];
    let known = sets.map(labels_of);
    std::thread::scope(|scope| {
        let callers: Vec<_> =
            (0..3).map(|_| scope.spawn(|| service.analyze(vec![text(MESSAGE); 40]).unwrap())).collect();
        let mut turn = 0;
        while !callers.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            turn += 1;
            service.switch_labels(sets[turn % sets.len()]).unwrap();
        }
        let judged: Vec<Analyzed> = callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect();
        assert_eq!(judged.len(), 120);
        for analyzed in &judged {
            assert!(!analyzed.assessment.is_degraded(), "{:?}", analyzed.assessment.failures);
            assert!(known.contains(&asked(analyzed)), "labels of two sets in one verdict");
        }
    });
}

#[test]
fn a_batch_says_what_its_messages_say_alone() {
    let service = start(&Folder::new(), |o| o.set("models.zero_shot.label_set", "compact")).unwrap();
    let texts = ["i am fine", "everything is too much", MESSAGE, "?"].map(text);
    let together = service.analyze(texts.to_vec()).unwrap();
    for (text, batched) in texts.into_iter().zip(together) {
        assert_eq!(service.analyze(vec![text]).unwrap().remove(0).assessment, batched.assessment);
    }
}

#[test]
fn a_message_longer_than_the_models_read_says_so() {
    let service = start(&Folder::new(), |o| o.set("models.zero_shot.label_set", "safety_first")).unwrap();
    assert!(judge(&service, &"too much. ".repeat(300)).assessment.truncated);
    assert!(!judge(&service, "too much.").assessment.truncated);
}

#[test]
fn two_roles_of_one_model_load_it_once() {
    let shared = |o: Overrides| o.set("models.zero_shot.sentiment.name", NAMES[0]);
    let service = start(&Folder::new(), shared).unwrap();
    let load: Vec<u64> = service.models().iter().map(|m| m.load_ms.to_bits()).collect();
    assert!(load[0] == load[1] && load[0] != load[2], "loaded and timed once: {load:?}");
    assert_eq!(judge(&service, MESSAGE).assessment.signals.len(), 3);
}

#[test]
fn a_model_that_is_not_there_leaves_the_others_working_and_is_not_hidden() {
    let folder = Folder::new();
    fs::remove_dir_all(folder.model(Role::Sentiment)).unwrap();
    let service = Service::start(settings(&folder, |o| o)).unwrap();
    let health = service.health();
    assert_eq!((health.status, health.models_loaded), (Status::Degraded, 2));
    let why = service.models()[1].error.clone().unwrap();
    assert!(why.contains(NAMES[1]) && why.contains("`ash-nlp models pull`"), "{why}");

    let assessment = judge(&service, MESSAGE).assessment;
    assert!(assessment.is_degraded() && assessment.requires_staff_review);
    assert!(
        matches!(&assessment.failures[..], [ClassifyError::NotLoaded { model, .. }] if model == "sentiment")
    );
    // It is degraded with any set; that is no reason to refuse another.
    service.switch_labels("compact").unwrap();
    assert_eq!(judge(&service, MESSAGE).assessment.signals.len(), 2);
}

#[test]
fn a_model_that_is_no_nli_model_is_refused_with_its_labels() {
    let folder = Folder::new();
    let config = folder.model(Role::Depression).join("config.json");
    let text = fs::read_to_string(&config).unwrap().replace("entailment", "joy");
    fs::write(config, text).unwrap();
    let why = start(&folder, |o| o).unwrap().models()[0].error.clone().unwrap();
    assert!(why.contains("contradiction") && why.contains("joy"), "{why}");
}

#[test]
fn without_any_model_it_does_not_start_and_says_what_to_do() {
    let folder = Folder::new();
    for role in Role::ALL {
        fs::remove_dir_all(folder.model(role)).unwrap();
    }
    let error = start(&folder, |o| o).err().unwrap().to_string();
    assert!(error.contains("none of the 3 models") && error.contains("models pull"), "{error}");

    let error = start(&Folder::new(), |o| o.set("models.zero_shot.label_set", "gloomy")).err().unwrap();
    assert!(error.to_string().contains("no label set \"gloomy\""), "{error}");
}

#[test]
fn a_pinned_commit_must_be_the_one_that_is_there() {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let pinned = |o: Overrides| o.set("models.zero_shot.depression.revision", &commit[..12]);
    let folder = Folder::new();
    let error = |folder: &Folder| start(folder, pinned).unwrap().models()[0].error.clone();
    assert!(error(&folder).unwrap().contains("no ash-model.json"));
    let note = folder.model(Role::Depression).join("ash-model.json");
    fs::write(&note, format!(r#"{{"revision":"{}","name":"any"}}"#, commit.replace('0', "f"))).unwrap();
    assert!(error(&folder).unwrap().contains("its folder has commit f123"));
    fs::write(&note, format!(r#"{{"revision":"{commit}","name":"any"}}"#)).unwrap();
    assert_eq!(error(&folder), None);
}

#[test]
fn a_version_tells_models_and_labels_apart() {
    let versions = |folder: &Folder, change: &dyn Fn(Overrides) -> Overrides| -> Vec<String> {
        start(folder, change).unwrap().analyzer().models().map(|m| m.version.clone()).collect()
    };
    let folder = Folder::new();
    let shipped = versions(&folder, &|o| o);
    assert_eq!(shipped, versions(&Folder::new(), &|o| o), "the place does not matter");

    let labels = tempfile::tempdir().unwrap();
    let text = fs::read_to_string("../../packs/labels/enhanced_crisis.toml").unwrap();
    let changed = text.replacen("is doing well", "is well", 1).replacen("the default", "ours", 1);
    fs::write(labels.path().join("enhanced_crisis.toml"), changed).unwrap();
    let ours = versions(&folder, &|o| o.set("models.zero_shot.labels_path", labels.path()));
    assert_ne!(shipped[0], ours[0], "a label of depression is another");
    assert_eq!(shipped[1..], ours[1..], "comments and other roles do not count");
    assert!(ours[0].starts_with(&shipped[0][..16]), "the model is the same: {ours:?}");
}

#[test]
fn a_profile_without_label_sets_says_so_when_asked_to_switch() {
    let Ok(service) = Service::start_cold(Settings::load(None, Overrides::default()).unwrap()) else {
        panic!("the embedded models load");
    };
    let error = service.switch_labels("compact").unwrap_err().to_string();
    assert_eq!(error, "profile compact has no label sets; they belong to profile zero-shot");
    assert!(service.health().labels.is_none() && service.with_label_sets(|_| ()).is_none());
}
