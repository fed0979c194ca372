//! What pattern packs promise, through their one door.

use ash_analysis::patterns::{
    Cue, CueFactors, PackDraft, PackError, PatternPacks, RuleDraft, SpellingsDraft, Theme,
};
use ash_analysis::{Level, Message, MessageText};
use proptest::prelude::*;

fn rule(theme: Theme, any: &[&str]) -> RuleDraft {
    RuleDraft {
        id: format!("{theme}.it"),
        theme,
        strength: 0.9,
        floor: None,
        literal: false,
        reach: None,
        any: any.iter().map(|&s| s.to_owned()).collect(),
        regex: Vec::new(),
        matches: vec!["a".to_owned(), "b".to_owned()],
        spares: vec!["c".to_owned()],
    }
}

fn draft() -> PackDraft {
    let mut rules = vec![
        rule(
            Theme::Ideation,
            &["{want|wanted} to {die|be dead}", "wish i {was|were} dead", "killing me", "i should die"],
        ),
        rule(Theme::Plan, &["{going to|will} kill myself"]),
        rule(Theme::SelfHarm, &["{cut|cutting|hurt} myself", "cutting again", "used to cut"]),
        rule(Theme::Finality, &["cant go on"]),
        rule(Theme::Recovery, &["fine now", "now i am fine"]),
        rule(Theme::Gaming, &["boss", "ranked"]),
        rule(Theme::Idiom, &["exam is killing me"]),
        rule(Theme::Fiction, &["my oc"]),
        rule(Theme::Negation, &["{dont|not|never|wont|cant|i cant}"]),
        rule(Theme::Hypothetical, &["if"]),
        rule(Theme::Past, &["used to", "last year", "back then", "when i was"]),
        rule(Theme::Now, &["{now|right now|again}"]),
        rule(Theme::Soon, &["{tonight|tomorrow}"]),
        rule(Theme::OtherPerson, &["my {friend|mom}", "she"]),
        rule(Theme::Reported, &["{he|she} {said|told me}"]),
        rule(Theme::Intensity, &["really"]),
        rule(Theme::Joking, &["lol", "jk", "💀", "haha"]),
    ];
    rules[1].literal = true;
    rules[1].floor = Some(Level::Critical);
    rules[2].regex = vec![r"(?:razor|blade)s? .{0,20}skin".to_owned()];
    PackDraft { name: "example".to_owned(), description: "For tests.".to_owned(), rules }
}

fn spellings() -> SpellingsDraft {
    let words = [
        ("u", "you"),
        ("wanna", "want to"),
        ("gonna", "going to"),
        ("kms", "kill myself"),
        ("my self", "myself"),
        ("/j", "jk"),
        ("d*e", "die"),
    ];
    let words = words.map(|(typed, means)| (typed.to_owned(), means.to_owned())).into();
    SpellingsDraft { words, typos_of: vec!["myself".to_owned()], ..SpellingsDraft::default() }
}

fn packs() -> PatternPacks {
    PatternPacks::compile(&[draft()], &spellings()).expect("the example keeps the rules")
}

fn message(raw: &str) -> Message {
    Message::new(MessageText::parse(raw).expect(raw))
}

/// Theme, words and cues of what is no frame or cue.
fn statements(packs: &PatternPacks, raw: &str) -> Vec<(Theme, String, Vec<Cue>)> {
    let findings = packs.find(&message(raw));
    let statements = findings.iter().filter(|f| !f.rule.theme().is_context());
    statements.map(|f| (f.rule.theme(), raw[f.span.clone()].to_owned(), f.cues.iter().collect())).collect()
}

/// The cues of the one statement in `raw`.
fn cues(packs: &PatternPacks, raw: &str) -> Vec<Cue> {
    let mut all = statements(packs, raw);
    all.retain(|(theme, ..)| theme.is_risk());
    assert_eq!(all.len(), 1, "{raw}: {all:?}");
    all.remove(0).2
}

#[test]
fn findings_lead_back_to_the_words_as_they_were_written() {
    let packs = packs();
    for (raw, words) in [
        ("so: I WANNA d1e!!", "WANNA d1e"),
        ("i w\u{200B}ant   to\ndie", "w\u{200B}ant   to"),
        ("ok i want to d i e ok", "want to d i e"),
        ("i'm gonna k.m.s", "gonna k.m.s"),
        ("i'm gonna kms tonight", "gonna kms"),
        ("gonna k1ll my self", "gonna k1ll my self"),
        ("i wánt to diiiiie 😔", "wánt to diiiiie"),
        ("i want to d*e", "want to d*e"),
        ("going to kill myslef.", "going to kill myslef"),
        ("#wanttodie", "wanttodie"),
    ] {
        let found = statements(&packs, raw);
        if raw.contains('\n') {
            assert!(found.is_empty(), "a line end ends a wording: {found:?}");
            continue;
        }
        assert_eq!(found.iter().map(|(_, w, _)| w.as_str()).collect::<Vec<_>>(), [words], "{raw}");
    }
}

#[test]
fn words_are_matched_whole_and_within_a_sentence() {
    let packs = packs();
    for raw in
        ["i want to diet", "i dont want to. die", "unwanted to die", "i want\nto die", "razors. nice skin"]
    {
        assert_eq!(statements(&packs, raw), [], "{raw}");
    }
    assert_eq!(statements(&packs, "razor blade on my skin, want to, die").len(), 2);
}

#[test]
fn every_cue_reaches_as_far_as_people_mean_it() {
    struct Case(&'static str, &'static [Cue]);
    let packs = packs();
    for Case(raw, expected) in [
        // Negation: what comes after it in its clause.
        Case("i don't want to die", &[Cue::Negated]),
        Case("i do not really want to die", &[Cue::Negated, Cue::Intense]),
        Case("not tired but i want to die", &[]),
        Case("no, not you. i want to die", &[]),
        Case("i want to die, not you", &[]),
        Case("not gonna lie i want to die", &[]),
        Case("i don't think i want to die", &[Cue::Negated]),
        Case("i dont know why i want to die", &[]),
        Case("i cant wait to want to die", &[]),
        Case("i can't go on", &[]),
        Case("i won't ever stop or hurt myself", &[Cue::Negated]),
        // Past, and what takes it away.
        Case("i wanted to die last year", &[Cue::Past]),
        Case("used to cut", &[]),
        Case("i used to hurt myself", &[Cue::Past]),
        Case("she left last year and i want to die", &[]),
        Case("i was so low back then, wanted to die", &[Cue::Past]),
        // Quotation.
        Case("\"i want to die\" is such a line", &[Cue::Quoted]),
        Case("“i want to die”", &[Cue::Quoted]),
        Case("the song goes 'i want to die' ok", &[Cue::Quoted]),
        Case("'cause i want to die doin' this", &[]),
        Case("the song goes \"i want to die", &[Cue::Quoted]),
        Case("i am \"fine\" and want to die", &[]),
        Case("♪ i want to die ♪", &[Cue::Quoted]),
        Case("> i want to die\nsame", &[Cue::Quoted]),
        // Who and what.
        Case("he said i should die", &[Cue::Reported]),
        Case("my friend wants it, and i want to die", &[]),
        Case("my friend and me want to die", &[]),
        Case("my friend really said want to die", &[Cue::Other, Cue::Intense]),
        Case("i want to die my mom hates me", &[]),
        Case("if i want to die", &[Cue::Hypothetical]),
        Case("if you go i will kill myself", &[]),
        Case("my oc is sad. i want to die", &[Cue::Fiction]),
        Case("this boss makes me want to die", &[Cue::Figurative]),
        Case("i lost ranked. i want to die", &[]),
        Case("this exam is killing me", &[Cue::Figurative]),
        // Time and tone.
        Case("i want to die right now", &[Cue::Now]),
        Case("i am going to kill myself tonight", &[Cue::Soon]),
        Case("i want to die. lol", &[Cue::Joking]),
        Case("i want to die!! 💀💀", &[Cue::Joking]),
        Case("i want to die /j", &[Cue::Joking]),
        Case("lol. no more words. i want to die", &[]),
    ] {
        assert_eq!(cues(&packs, raw), expected, "{raw}");
    }
}

#[test]
fn now_takes_the_past_away_unless_it_tells_of_recovery() {
    let packs = packs();
    let all = statements(&packs, "used to hurt myself, cutting again now");
    assert_eq!(all.len(), 2);
    assert!(all.iter().all(|(_, _, cues)| !cues.contains(&Cue::Past)), "{all:?}");
    assert_eq!(cues(&packs, "used to hurt myself, im fine now"), [Cue::Past, Cue::Now]);
}

#[test]
fn a_literal_rule_is_live_in_a_figurative_frame() {
    let packs = packs();
    let factors = CueFactors::default();
    let live = |raw: &str| packs.find(&message(raw)).iter().any(|f| f.is_live(&factors));
    assert!(live("lost ranked, going to kill myself tonight lol"));
    assert!(!live("lost ranked, want to die lol"));
    assert!(!live("lost ranked, not going to kill myself lol"));
}

#[test]
fn a_broken_rule_is_told_with_pack_rule_and_field() {
    struct Case(fn(&mut PackDraft), &'static str);
    for Case(spoil, says) in [
        Case(|d| d.name = "../x".into(), "the pack name \"../x\""),
        Case(|d| d.description = " ".into(), "example: the description is empty"),
        Case(|d| d.rules[0].id = "plan.it".into(), "rule \"plan.it\": `id` must begin with \"ideation.\""),
        Case(|d| d.rules.push(d.rules[0].clone()), "`id` is used twice"),
        Case(|d| d.rules[0].strength = 0.0, "`strength` is 0; it must be above 0"),
        Case(|d| d.rules[0].strength = f32::NAN, "`strength` is NaN"),
        Case(|d| d.rules[0].floor = Some(Level::Low), "`floor` is \"low\"; it can be"),
        Case(|d| d.rules[5].floor = Some(Level::High), "`floor` is for rules of a risk"),
        Case(|d| d.rules[5].literal = true, "`literal` is for rules of a risk"),
        Case(|d| d.rules[0].any.clear(), "it looks for nothing"),
        Case(|d| drop(d.rules[0].matches.pop()), "`matches` has 1 examples; at least 2"),
        Case(|d| d.rules[0].spares.clear(), "`spares` has 0 examples; at least 1"),
        Case(|d| d.rules[0].any[0] = "{a".into(), "`any` has \"{a\": a `{` is never closed"),
        Case(|d| d.rules[0].any[0] = "a. b".into(), "`any` has \"a. b\"; a wording is"),
        Case(|d| d.rules[0].any[0] = " ".into(), "a wording is one or more words"),
        Case(|d| d.rules[0].regex = vec!["a)".into()], "`regex` has \"a)\": "),
        Case(|d| d.rules[0].regex = vec!["a*".into()], "matches an empty text"),
        Case(
            |d| d.rules[0].regex = vec![r"(?:i|we) wanna \w+".into()],
            "\"wanna\" is written out as \"want to\"",
        ),
    ] {
        let mut draft = draft();
        spoil(&mut draft);
        let error = PatternPacks::compile(&[draft], &spellings()).expect_err(says).to_string();
        assert!(error.contains(says) && !error.contains('\n'), "{error} does not say {says}");
    }
    let twice = PatternPacks::compile(&[draft(), PackDraft { rules: Vec::new(), ..draft() }], &spellings());
    assert!(matches!(twice, Err(PackError::Twice { .. })));
    for (typed, means) in [("don't", "no"), ("a b c d e", "no"), ("x", "Don't"), ("x", "u")] {
        let mut spellings = spellings();
        spellings.words.insert(typed.to_owned(), means.to_owned());
        let error = PatternPacks::compile(&[draft()], &spellings).expect_err(typed).to_string();
        assert!(error.starts_with(&format!("spellings: {typed:?}: ")), "{error}");
    }
}

#[test]
fn examples_that_do_not_show_what_they_should_are_told() {
    let mut draft = draft();
    draft.rules.retain(|r| matches!(r.theme, Theme::Ideation | Theme::Negation));
    draft.rules[0].matches = vec!["i want to die".into(), "i want to dye".into()];
    draft.rules[0].spares = vec!["i don't want to die".into(), "we want to die".into(), "hello".into()];
    draft.rules[1].matches = vec!["never".into(), "not".into()];
    draft.rules[1].spares = vec!["a knot".into(), "not".into()];
    let packs = PatternPacks::compile(&[draft.clone()], &spellings()).expect("it keeps the rules");
    let failures: Vec<String> = packs.check(&[draft]).iter().map(ToString::to_string).collect();
    assert_eq!(
        failures,
        [
            "example: rule \"ideation.it\": it finds nothing in \"i want to dye\", an example of `matches`",
            "example: rule \"ideation.it\": it finds, and nothing weakens it, \"we want to die\", an example of `spares`",
            "example: rule \"negation.it\": it finds, and nothing weakens it, \"not\", an example of `spares`",
        ]
    );
}

#[test]
fn no_packs_find_nothing() {
    assert!(PatternPacks::empty().find(&message("i want to die")).is_empty());
    let none = PatternPacks::compile(&[], &SpellingsDraft::default()).expect("nothing is broken");
    assert!(none.find(&message("i want to die")).is_empty());
}

#[test]
fn repeating_a_denial_cannot_push_a_statement_out() {
    let packs = packs();
    let flood = "i don't want to die. ".repeat(2_000);
    let live = |raw: &str| packs.find(&message(raw)).iter().any(|f| f.is_live(&CueFactors::default()));
    assert!(!live(&flood));
    assert!(live(&format!("{flood} i want to die")));
    assert!(live(&format!("i want to die. {flood}")));
}

#[test]
fn floods_of_disguises_are_read_like_any_text() {
    // Each of these once took time that grew with the square of its length.
    let packs = packs();
    for piece in
        ["i ", "a1!", "@a", "\"' ", "d i x ", "a.", "/j ", "'a", "k1l ", "\u{301}", "#a ", "if i now "]
    {
        let flood = piece.repeat(20_000 / piece.len());
        let live = packs
            .find(&message(&format!("{flood}. i want to die")))
            .iter()
            .any(|f| f.rule.theme() == Theme::Ideation);
        assert!(live, "{piece:?}");
    }
}

/// A way of hiding words; each keeps what a reader reads.
fn disguise(kind: usize, at: usize, text: &str) -> String {
    let letter = |i: usize| text.as_bytes().get(i).is_some_and(u8::is_ascii_alphabetic);
    let i = (0..text.len()).map(|n| (at + n) % text.len()).find(|&i| letter(i)).unwrap_or(0);
    let (head, tail) = text.split_at(i);
    let (one, rest) = tail.split_at(1);
    match kind {
        0 => text.to_uppercase(),
        1 => format!("{head}{one}\u{200B}{rest}"),
        2 => format!("{head}{}{rest}", one.repeat(5)),
        3 => format!("{head}{one}\u{301}{rest}"),
        4 => text.replace("ie", "1e").replace("is", "1s").replace('e', "3"),
        5 => text.replace('e', "е").replace('o', "о"),
        6 => text
            .split(' ')
            .map(|word| word.chars().map(String::from).collect::<Vec<_>>().join(" "))
            .collect::<Vec<_>>()
            .join("  "),
        7 => text.replace('a', "@").replace("ie", "!e").replace("ill", "!ll"),
        8 => text
            .chars()
            .map(|c| char::from_u32(0xFEE0 + u32::from(c)).filter(|_| c.is_ascii_lowercase()).unwrap_or(c))
            .collect(),
        _ => text.replace(' ', "  \t"),
    }
}

proptest! {
    #[test]
    fn disguises_change_nothing(kind in 0..10_usize, at in 0..60_usize, which in 0..5_usize) {
        let packs = packs();
        let plain = [
            "i want to die",
            "wish i were dead",
            "going to kill myself",
            "i cant go on",
            "razor on my skin",
        ][which];
        let disguised = disguise(kind, at, plain);
        let found = |raw: &str| {
            let findings = packs.find(&message(raw));
            findings.iter().map(|f| (f.rule.id().to_owned(), f.cues)).collect::<Vec<_>>()
        };
        prop_assert_eq!(found(&disguised), found(plain), "{}", disguised);
    }

    #[test]
    fn any_text_is_read_and_spans_are_its_characters(raw in "\\PC{0,80}") {
        check_spans(&raw)?;
    }

    #[test]
    fn any_mixture_is_read_and_spans_are_its_characters(
        pieces in proptest::collection::vec(
            proptest::sample::select(vec![
                "i", "want", "to", "die", "wanna", "kms", "k1ll", "my", "self", "d", "e", "dïe", "💀", "♪", "'", "\"",
                "«", ".", "..", "\n", " ", "-", "#", "@", "$", "!", "*", "/j", "\u{301}", "\u{200B}", "🇰", "ſ", "İ", "ß",
                "ﬁ", "か", "हि", "> ", "```", "||", "not", "if", "used to", "now", ",", "razor", "skin", "е",
            ]),
            0..40,
        )
    ) {
        check_spans(&pieces.concat())?;
    }
}

fn check_spans(raw: &str) -> Result<(), TestCaseError> {
    static PACKS: std::sync::LazyLock<PatternPacks> = std::sync::LazyLock::new(packs);
    let Ok(text) = MessageText::parse(raw) else { return Ok(()) };
    let mut last = 0;
    for finding in PACKS.find(&Message::new(text)) {
        let span = finding.span;
        prop_assert!(span.start < span.end && raw.get(span.clone()).is_some(), "{:?} {:?}", raw, span);
        prop_assert!(span.start >= last);
        last = span.start;
    }
    Ok(())
}
