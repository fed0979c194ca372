//! The promises of a verdict, through the door that every surface uses.

mod fakes;

use std::sync::Arc;

use ash_analysis::patterns::{PackDraft, RuleDraft, SpellingsDraft, Theme};
use ash_analysis::{
    Action, AnalyzerSettings, Assessment, Classifier, ClassifyError, CrisisAnalyzer, Level, Message, Mode,
    ModelAnswer, ModelInfo, PatternPacks, Reading, Words,
};
use fakes::{DISTRESS, Fake, LEVELS, SENTIMENTS, absent, always, info, message, reading};
use proptest::prelude::*;

const NAMES: [&str; 3] = ["depression", "sentiment", "emotional_distress"];

fn depression() -> Arc<ModelInfo> {
    info("depression", LEVELS, &["suicidal_plan", "suicidal_ideation", "sadness", "gaming"])
}

fn sentiment() -> Arc<ModelInfo> {
    info("sentiment", SENTIMENTS, &[])
}

fn distress() -> Arc<ModelInfo> {
    info("emotional_distress", DISTRESS, &["sadness", "fear", "joy", "neutral"])
}

fn analyzer_in(mode: Mode, classifiers: Vec<Arc<dyn Classifier>>) -> CrisisAnalyzer {
    let mut settings = AnalyzerSettings::unfitted(NAMES);
    settings.ensemble.mode = mode;
    CrisisAnalyzer::new(classifiers, Words::none(), settings).expect("settings that fit")
}

fn verdict_in(mode: Mode, classifiers: Vec<Arc<dyn Classifier>>) -> Assessment {
    let message = message("any words");
    analyzer_in(mode, classifiers).assess(&[&message]).pop().expect("one verdict a message")
}

fn verdict(classifiers: Vec<Arc<dyn Classifier>>) -> Assessment {
    verdict_in(Mode::Weighted, classifiers)
}

/// Three models that all see danger.
fn alarmed() -> Vec<Arc<dyn Classifier>> {
    vec![
        always(depression(), reading(&[0.0, 0.0, 0.05, 0.1, 0.85], &[0.8, 0.3, 0.1, 0.0])),
        always(sentiment(), reading(&[1.0, 0.0, 0.0], &[])),
        always(distress(), reading(&[0.0, 0.0, 0.3, 0.7], &[0.7, 0.5, 0.0, 0.0])),
    ]
}

/// Three models that see a game.
fn calm() -> Vec<Arc<dyn Classifier>> {
    vec![
        always(depression(), reading(&[0.97, 0.01, 0.01, 0.01, 0.0], &[0.0, 0.25, 0.0, 0.7])),
        always(sentiment(), reading(&[0.1, 0.6, 0.3], &[])),
        always(distress(), reading(&[0.9, 0.1, 0.0, 0.0], &[0.0, 0.0, 0.6, 0.4])),
    ]
}

fn close(a: f32, b: f32) {
    assert!((a - b).abs() < 1e-4, "{a} is not {b}");
}

#[test]
fn danger_is_told_with_level_advice_and_reason() {
    let v = verdict(alarmed());
    assert_eq!((v.level, v.action), (Level::Critical, Action::ImmediateOutreach));
    assert!(v.score.get() >= 0.8, "{:?}", v.score);
    assert!(v.requires_staff_review && !v.is_degraded() && v.gaps.is_empty());
    assert_eq!(v.categories, ["suicidal_plan", "suicidal_ideation"]);
    assert_eq!(
        v.reason,
        "Reads as a statement of intent with a plan or means; sadness and fear stand out; all three models agree."
    );
    assert_eq!(v.key_factors[0], "A statement of intent with a plan or means (80 %).");
    assert_eq!(v.signals[0].top().0, "critical");
    let weights: f32 = v.signals.iter().map(|s| s.weight.get()).sum();
    close(weights, 1.0);
}

#[test]
fn a_game_is_left_alone_even_if_a_model_names_a_trouble() {
    let v = verdict(calm());
    assert_eq!((v.level, v.action, v.requires_staff_review), (Level::None, Action::None, false));
    assert!(v.categories.is_empty());
    assert_eq!(v.reason, "Reads as talk about a game; joy stands out; all three models agree.");
    assert!(v.key_factors.iter().all(|f| !f.contains("suicide")), "{:?}", v.key_factors);
}

#[test]
fn a_benign_category_is_never_named_above_none() {
    let v = verdict(vec![always(depression(), reading(&[0.2, 0.1, 0.5, 0.2, 0.0], &[0.0, 0.0, 0.25, 0.7]))]);
    assert_eq!((v.level, v.categories), (Level::Medium, vec!["sadness".to_owned()]));
    assert_eq!(v.reason, "Reads as serious distress, with signs of sadness.");
}

#[test]
fn models_that_differ_ask_for_a_human_in_every_mode() {
    for mode in Mode::ALL {
        let v = verdict_in(
            mode,
            vec![
                always(depression(), reading(&[1.0, 0.0, 0.0, 0.0, 0.0], &[0.0; 4])),
                always(sentiment(), reading(&[1.0, 0.0, 0.0], &[])),
            ],
        );
        assert!(v.requires_staff_review, "{mode}");
        assert!(v.gaps.iter().any(|g| g.kind == "spread"), "{mode}");
        assert_eq!(v.gaps.iter().any(|g| g.kind == "votes"), mode == Mode::Consensus, "{mode}");
        assert!(v.confidence.get() < 0.3, "{mode}: both are certain, of opposites");
        assert_eq!(v.mode, mode);
    }
}

#[test]
fn the_thresholds_are_those_of_the_mode() {
    let mut settings = AnalyzerSettings::unfitted(NAMES);
    settings.decision.cuts.majority = ash_analysis::Cuts::new([0.9, 0.92, 0.94, 0.96]).expect("ascending");
    let message = message("any words");
    for (mode, level) in
        [(Mode::Weighted, Level::High), (Mode::Consensus, Level::High), (Mode::Majority, Level::None)]
    {
        settings.ensemble.mode = mode;
        let model = always(depression(), reading(&[0.0, 0.0, 0.0, 1.0, 0.0], &[0.0; 4]));
        let analyzer = CrisisAnalyzer::new(vec![model], Words::none(), settings.clone()).expect("settings");
        assert_eq!(analyzer.assess(&[&message])[0].level, level, "{mode}");
    }
}

#[test]
fn the_temperature_of_a_model_is_applied_before_its_signal() {
    let mut settings = AnalyzerSettings::unfitted(NAMES);
    settings.ensemble.temperatures.insert("sentiment".into(), 2.0);
    let model = always(sentiment(), reading(&[0.8, 0.2, 0.0], &[]));
    let v = CrisisAnalyzer::new(vec![model], Words::none(), settings)
        .expect("settings")
        .assess(&[&message("any")])
        .remove(0);
    close(v.signals[0].probabilities[0], 2.0 / 3.0);
    close(v.score.get(), 0.8 + 0.2 * (2.0 / 3.0 - 0.5) / 0.5);
}

#[test]
fn a_missing_model_degrades_and_the_others_fill_its_place() {
    let mut classifiers = alarmed();
    classifiers[1] = absent(sentiment());
    let v = verdict(classifiers);
    assert!(v.is_degraded() && v.requires_staff_review);
    assert_eq!(v.level, Level::Critical);
    assert_eq!(v.signals.len(), 2);
    close(v.signals[0].weight.get(), 0.5);
    assert!(v.reason.ends_with("only two of three models answered."), "{}", v.reason);
    assert_eq!(v.key_factors[0], "Model sentiment is not loaded: its file is missing.");
}

#[test]
fn degraded_calm_is_still_reviewed() {
    let mut classifiers = calm();
    classifiers[0] = absent(depression());
    let v = verdict(classifiers);
    assert_eq!((v.level, v.requires_staff_review), (Level::None, true));
}

#[test]
fn silenced_models_speak_when_nobody_else_can() {
    let mut settings = AnalyzerSettings::unfitted(NAMES);
    settings.ensemble.weights = NAMES.map(|n| (n.into(), f32::from(u8::from(n == "depression")))).into();
    let mut classifiers = alarmed();
    classifiers[0] = absent(depression());
    let v = CrisisAnalyzer::new(classifiers, Words::none(), settings)
        .expect("settings")
        .assess(&[&message("any")])
        .remove(0);
    assert!(v.level.is_urgent() && v.is_degraded());
}

#[test]
fn if_nobody_answers_the_verdict_is_never_a_silent_none() {
    let v = verdict(vec![absent(depression()), absent(sentiment()), absent(distress())]);
    assert_eq!((v.level, v.action), (Level::Medium, Action::StandardMonitoring));
    assert!((v.score.get(), v.confidence.get()) == (0.5, 0.0));
    assert!(v.requires_staff_review && v.is_degraded());
    assert_eq!(v.failures.len(), 3);
    assert_eq!(v.reason, "No model could answer; nothing is known: a human must read this message.");
}

const TAGS: &[f32] = &[0.0; 4];

#[test]
fn an_answer_that_cannot_be_one_is_a_failure_and_says_why() {
    struct Case {
        probabilities: &'static [f32],
        tags: &'static [f32],
        why: &'static str,
    }
    let case = |probabilities, tags, why| Case { probabilities, tags, why };
    for case in [
        case(&[0.5, 0.5], TAGS, "it gave 2 label probabilities for 5 labels"),
        case(&[0.0, 0.0, 0.0, 0.0, 1.0], &[0.1], "it gave 1 tag probabilities for 4 tags"),
        case(&[f32::NAN, 0.0, 0.0, 0.0, 1.0], TAGS, "it gave numbers outside 0 to 1"),
        case(&[0.0, 0.0, 0.0, f32::INFINITY, 1.0], TAGS, "it gave numbers outside 0 to 1"),
        case(&[-0.5, 0.5, 0.0, 0.0, 1.0], TAGS, "it gave numbers outside 0 to 1"),
        case(&[0.0, 0.0, 0.0, 0.0, 1.0], &[0.0, f32::NAN, 0.0, 0.0], "it gave numbers outside 0 to 1"),
        case(&[0.9, 0.9, 0.0, 0.0, 0.0], TAGS, "its label probabilities sum to 1.800"),
    ] {
        let v = verdict(vec![always(depression(), reading(case.probabilities, case.tags)), calm().remove(1)]);
        let expected = ClassifyError::Failed { model: "depression".into(), why: case.why.into() };
        assert_eq!(v.failures, [expected]);
        assert!(v.requires_staff_review, "{}", case.why);
    }
}

/// A classifier that answers for one model, whatever it has.
struct Mute(Vec<Arc<ModelInfo>>);

impl Classifier for Mute {
    fn models(&self) -> Vec<Arc<ModelInfo>> {
        self.0.clone()
    }

    fn classify(&self, _: &[&Message]) -> Vec<(Arc<ModelInfo>, ModelAnswer)> {
        vec![(Arc::clone(&self.0[0]), Ok(vec![]))]
    }
}

#[test]
fn too_few_readings_or_answers_fail_for_every_message() {
    let short = Fake { models: vec![depression()], say: |_: &ModelInfo, _: &[&Message]| Ok(vec![]) };
    let analyzer = analyzer_in(Mode::Weighted, vec![Arc::new(short)]);
    let (a, b) = (message("one"), message("two"));
    let verdicts = analyzer.assess(&[&a, &b]);
    assert_eq!(verdicts.len(), 2);
    let failed = "model depression failed: it gave 0 readings for 2 messages";
    assert!(verdicts.iter().all(|v| v.failures[0].to_string() == failed));

    let v = verdict(vec![Arc::new(Mute(vec![depression(), sentiment()])), calm().remove(2)]);
    assert_eq!((v.failures.len(), v.signals.len()), (2, 1));
}

#[test]
fn judging_trusts_no_answer_more_than_asking_does() {
    let analyzer = analyzer_in(Mode::Weighted, alarmed());
    let v = analyzer.judge(&[(depression(), Ok(reading(&[1.0; 9], &[])))], None);
    assert_eq!((v.level, v.failures.len(), v.signals.len()), (Level::Medium, 1, 0));
}

#[test]
fn one_bad_reading_fails_its_message_alone() {
    let say = |_: &ModelInfo, messages: &[&Message]| {
        let one =
            |m: &&Message| reading(if m.clean() == "bad" { &[0.2, 0.2] } else { &[0.0, 1.0, 0.0] }, &[]);
        Ok(messages.iter().map(one).collect())
    };
    let analyzer = analyzer_in(Mode::Weighted, vec![Arc::new(Fake { models: vec![sentiment()], say })]);
    let (good, bad) = (message("good"), message("bad"));
    let verdicts = analyzer.assess(&[&good, &bad, &good]);
    let degraded: Vec<bool> = verdicts.iter().map(Assessment::is_degraded).collect();
    assert_eq!(degraded, [false, true, false]);
}

#[test]
fn a_long_message_says_that_only_its_end_was_judged() {
    let long = Reading { truncated: true, ..reading(&[0.0, 1.0, 0.0], &[]) };
    let v = verdict(vec![always(sentiment(), long)]);
    assert!(v.truncated);
    assert_eq!(
        v.key_factors.last().map(String::as_str),
        Some("The message is long; only its last part was judged.")
    );
}

#[test]
fn no_messages_no_verdicts_and_nobody_is_asked() {
    let say = |_: &ModelInfo, _: &[&Message]| -> ModelAnswer { panic!("asked about nothing") };
    let analyzer = analyzer_in(Mode::Weighted, vec![Arc::new(Fake { models: vec![sentiment()], say })]);
    assert!(analyzer.assess(&[]).is_empty());
}

#[test]
fn models_are_told_in_the_order_of_their_answers() {
    let analyzer = analyzer_in(Mode::Weighted, alarmed());
    let names: Vec<String> = analyzer.models().map(|m| m.name.clone()).collect();
    assert_eq!(names, NAMES);
    let message = message("any words");
    let answered: Vec<String> =
        analyzer.classify(&[&message])[0].iter().map(|(m, _)| m.name.clone()).collect();
    assert_eq!(answered, NAMES);
}

/// Readings that depend on the words alone, so that a batch can be compared with its members.
#[expect(clippy::unnecessary_wraps, reason = "the shape of a classifier's answer")]
fn by_length(model: &ModelInfo, messages: &[&Message]) -> ModelAnswer {
    let one = |m: &&Message| {
        let n = model.labels.len();
        let raw: Vec<f32> = (0..n).map(|j| 0.05 + ((m.clean().len() * (j + 3) * 7) % 11) as f32).collect();
        let sum: f32 = raw.iter().sum();
        let tags = (0..model.tags.len()).map(|j| ((m.clean().len() + j) % 10) as f32 / 10.0).collect();
        Reading {
            probabilities: raw.iter().map(|p| p / sum).collect(),
            tags,
            truncated: m.clean().len() > 60,
        }
    };
    Ok(messages.iter().map(one).collect())
}

/// A classifier whose labels are exchanged after it has answered, before anybody asks for them again.
struct Switching;

impl Classifier for Switching {
    fn models(&self) -> Vec<Arc<ModelInfo>> {
        vec![info("depression", &[("danger", 1.0), ("calm", 0.0)], &[])]
    }

    fn classify(&self, messages: &[&Message]) -> Vec<(Arc<ModelInfo>, ModelAnswer)> {
        let before = info("depression", &[("calm", 0.0), ("sad", 0.25), ("danger", 1.0)], &[]);
        vec![(before, Ok(vec![reading(&[0.9, 0.1, 0.0], &[]); messages.len()]))]
    }
}

#[test]
fn an_answer_is_judged_by_the_labels_it_was_made_with() {
    let v = verdict(vec![Arc::new(Switching)]);
    assert_eq!((v.level, v.signals[0].top().0), (Level::None, "calm"), "{:?}", v.failures);
}

#[test]
fn labels_that_are_true_by_themselves_need_not_sum_to_one_and_do_not_weaken_each_other() {
    let labels = [("wants to die", 0.75), ("is sad", 0.25), ("is fine", 0.0)];
    let several =
        Arc::new(ModelInfo { exclusive: false, ..info("depression", &labels, &[]).as_ref().clone() });
    let v = verdict(vec![always(several, reading(&[0.9, 0.95, 0.02], &[]))]);
    assert_eq!((v.level, v.failures.len()), (Level::High, 0));
}

proptest! {
    #[test]
    fn a_batch_is_the_same_as_its_members_one_by_one(texts in prop::collection::vec("[a-z ]{0,80}z", 0..6)) {
        let models = vec![depression(), sentiment(), distress()];
        let analyzer = analyzer_in(Mode::Weighted, vec![Arc::new(Fake { models, say: by_length })]);
        let messages: Vec<Message> = texts.iter().map(|t| message(t)).collect();
        let together = analyzer.assess(&messages.iter().collect::<Vec<_>>());
        let alone: Vec<Assessment> = messages.iter().flat_map(|m| analyzer.assess(&[m])).collect();
        prop_assert_eq!(together, alone);
    }

    #[test]
    fn the_reason_is_always_one_clean_sentence(n in 0usize..200, fail in prop::collection::vec(any::<bool>(), 3)) {
        let classifiers = [depression(), sentiment(), distress()].into_iter().zip(&fail).map(|(model, &fail)| {
            if fail { absent(model) } else { Arc::new(Fake { models: vec![model], say: by_length }) as _ }
        });
        let analyzer = analyzer_in(Mode::Consensus, classifiers.collect());
        let v = analyzer.assess(&[&message(&"x y ".repeat(n + 1))]).remove(0);
        prop_assert!(v.reason.ends_with('.') && v.reason.matches('.').count() == 1, "{}", v.reason);
        prop_assert!(v.reason.starts_with(char::is_uppercase) && !v.reason.contains('_'), "{}", v.reason);
        prop_assert!(v.requires_staff_review || !(v.is_degraded() || v.level.is_urgent() || !v.gaps.is_empty()));
        if v.level == Level::None { prop_assert!(v.categories.is_empty()); }
        prop_assert!(v.categories.len() <= 3 && !v.categories.contains(&"gaming".to_owned()));
    }

    #[test]
    fn the_weights_of_those_who_answered_sum_to_one(weights in prop::array::uniform3(0.0f32..=1.0), out in 0usize..4) {
        prop_assume!(weights.iter().sum::<f32>() > 0.0);
        let mut classifiers = alarmed();
        if out < 3 {
            classifiers[out] = absent([depression(), sentiment(), distress()][out].clone());
        }
        let mut settings = AnalyzerSettings::unfitted(NAMES);
        settings.ensemble.weights = NAMES.into_iter().map(str::to_owned).zip(weights).collect();
        let v = CrisisAnalyzer::new(classifiers, Words::none(), settings).expect("settings").assess(&[&message("any")]).remove(0);
        prop_assert!((v.signals.iter().map(|s| s.weight.get()).sum::<f32>() - 1.0).abs() < 1e-4);
        prop_assert!(v.level.is_urgent());
    }
}

/// Two rules: a wish to be dead that gives at least high, and talk about a game.
fn packs() -> PatternPacks {
    let rule = |id: &str, theme, floor, any: &str| RuleDraft {
        id: id.into(),
        theme,
        strength: 0.9,
        floor,
        literal: false,
        reach: None,
        any: vec![any.into()],
        regex: Vec::new(),
        matches: vec![any.into(), format!("well {any}")],
        spares: vec!["hello".into()],
    };
    let rules = vec![
        rule("ideation.dead", Theme::Ideation, Some(Level::High), "want to be dead"),
        rule("negation.never", Theme::Negation, None, "never"),
    ];
    let pack = PackDraft { name: "test".into(), description: "For this test.".into(), rules };
    PatternPacks::compile(&[pack], &SpellingsDraft::default()).expect("rules that keep the rules")
}

/// What `model` and the two rules say of `text`, with every use of evidence turned on.
fn with_patterns(model: Arc<dyn Classifier>, text: &str) -> Assessment {
    let mut settings = AnalyzerSettings::unfitted(NAMES);
    settings.evidence.floors = true;
    settings.evidence.alone.weights = [(Theme::Ideation, 1.0)].into();
    CrisisAnalyzer::new(vec![model], Words::new(packs(), None), settings)
        .expect("settings")
        .assess(&[&message(text)])
        .remove(0)
}

#[test]
fn unmistakable_wording_gives_its_floor_and_says_so() {
    let calm = || always(depression(), reading(&[0.0, 0.45, 0.55, 0.0, 0.0], &[0.0; 4]));
    let verdict = with_patterns(calm(), "honestly i want to be dead");
    assert_eq!((verdict.level, verdict.weighed.lifted_to), (Level::High, Some(Level::High)));
    assert_eq!(verdict.findings[0].span, 11..26);
    assert!(
        verdict.requires_staff_review && verdict.reason.contains("unmistakable wording"),
        "{}",
        verdict.reason
    );

    let denied = with_patterns(calm(), "i never want to be dead");
    assert_eq!((denied.level, denied.weighed.lifted_to), (Level::Medium, None));
    assert!(denied.key_factors.iter().any(|f| f.ends_with(", but negated.")), "{:?}", denied.key_factors);
}

#[test]
fn wording_that_contradicts_the_models_asks_for_a_human() {
    let mut settings = AnalyzerSettings::unfitted(NAMES);
    settings.evidence.alone.weights = [(Theme::Ideation, 1.0)].into();
    let calm = always(depression(), reading(&[1.0, 0.0, 0.0, 0.0, 0.0], &[0.0; 4]));
    let analyzer = CrisisAnalyzer::new(vec![calm], Words::new(packs(), None), settings).expect("settings");
    let verdict = analyzer.assess(&[&message("i want to be dead")]).remove(0);
    assert_eq!(verdict.level, Level::None, "without floors and weights the models decide");
    assert!(verdict.requires_staff_review);
    assert_eq!(verdict.gaps.iter().map(|gap| gap.kind).collect::<Vec<_>>(), ["patterns"]);
}

#[test]
fn without_models_the_wording_decides_and_the_verdict_is_degraded() {
    let found = with_patterns(absent(depression()), "i want to be dead");
    assert!(found.level.is_urgent() && found.is_degraded() && found.requires_staff_review);
    assert!(found.reason.starts_with("No model could answer"), "{}", found.reason);
    let nothing = with_patterns(absent(depression()), "good morning");
    assert_eq!(nothing.level, Level::None);
    assert!(nothing.is_degraded() && nothing.requires_staff_review, "a degraded none is no all-clear");
}
