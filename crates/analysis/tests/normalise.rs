//! What a reader sees in a message is what the models read, and every byte leads back to the raw text.

use ash_analysis::{Message, MessageText, PartKind};
use proptest::prelude::*;

fn message(raw: &str) -> Message {
    Message::new(MessageText::parse(raw).expect("a message"))
}

#[test]
fn messages_are_read_as_a_person_would_read_them() {
    struct Case {
        raw: &'static str,
        clean: &'static str,
    }
    let case = |raw, clean| Case { raw, clean };
    for case in [
        case("plain words stay.", "plain words stay."),
        case("  two\n\nlines\tand  gaps ", "two lines and gaps"),
        case("i\u{200B} ca\u{AD}n\u{2019}t", "i can't"),
        case("\u{201C}fine\u{201D}", "\"fine\""),
        case("ｈｅｌｐ ﬁne …", "help fine ..."),
        case("e\u{301}te\u{301}", "été"),
        case("lost \u{FFFD}byte\u{0}s", "lost bytes"),
        case("hey <@123> and <@!4>,<@&5>", "hey @someone and @someone, @someone"),
        case("see <#77>", "see #channel"),
        case("until <t:1700000000:R>", "until that time"),
        case("ok<:sad_cat:12>bye <a:wave:9>", "ok sad cat bye wave"),
        case(":sob: fine", ":sob: fine"),
        case("look https://a.example/b?c=d. ok", "look link. ok"),
        case("(www.example.org/x) <https://e.org>", "(link) link"),
        case("this ```rust\nfn main() {}\n``` crashes", "this crashes"),
        case("```\ni cannot go on\n```", "i cannot go on"),
        case("run `cargo test` now", "run cargo test now"),
        case("> i hate it here\nwhat do you mean?", "what do you mean?"),
        case("who wrote all this\n>>> all\nof this", "who wrote all this"),
        case("> i hate it here\nsame", "i hate it here same"),
        case("> only a quote\n> of two lines", "only a quote of two lines"),
        case("<@1>\n> hello there", "@someone hello there"),
        case("a || hidden || word", "a hidden word"),
        case("**so** __very__ ~~tired~~", "so very tired"),
        case("f**k this s**t", "f**k this s**t"),
        case("*sighs* >.< a > b", "*sighs* >.< a > b"),
        case("sooooooo NOOOO 10000 !!!!!", "sooo NOOO 10000 !!!!!"),
        case("<:only_emoji:1>", "only emoji"),
        case("https://only.example", "link"),
        case("``````", "``````"),
        case("<<@1>@1>", "< @someone@1>"),
        case("<@\u{200B}12>", "@someone"),
        case("한국어 ㅠㅠㅠㅠㅠ", "한국어 ᅲᅲᅲ"),
    ] {
        assert_eq!(message(case.raw).clean(), case.clean, "{:?}", case.raw);
    }
}

#[test]
fn what_was_recognised_is_told_with_its_place() {
    let raw = "> old\n<@1> please see https://a.example ||x|| `y` ```z```";
    let m = message(raw);
    let told: Vec<_> = m.parts().iter().map(|p| (p.kind, &raw[p.raw.clone()], p.read)).collect();
    assert_eq!(
        told,
        [
            (PartKind::Quote, "> old\n", false),
            (PartKind::Mention, "<@1>", true),
            (PartKind::Url, "https://a.example", true),
            (PartKind::Spoiler, "||x||", true),
            (PartKind::InlineCode, "`y`", true),
            (PartKind::CodeBlock, "```z```", false),
        ]
    );
    assert_eq!(m.parts().count(PartKind::Mention), 1);
    assert!(!m.parts().reads_quote() && !m.parts().reads_code());
    assert!(message("> a\n> b").parts().reads_quote());
    assert!(message("```a```").parts().reads_code());
}

#[test]
fn spans_lead_back_to_the_raw_bytes() {
    let raw = "ok <:sad_cat:12> cafe\u{301} now";
    let m = message(raw);
    let at = |word: &str| {
        let start = m.clean().find(word).expect(word);
        &raw[m.raw_span(start..start + word.len())]
    };
    assert_eq!(at("ok"), "ok");
    assert_eq!(at("cat"), "<:sad_cat:12>");
    assert_eq!(at("é"), "e\u{301}");
    assert_eq!(at("now"), "now");
    assert_eq!(m.raw_span(0..m.clean().len()), 0..raw.len());
}

#[test]
fn nesting_made_to_keep_us_busy_settles() {
    for unit in ["> ", "||a", "**a", "```", "<:<", "`a", "__", "~~a~~", "e\u{301}", ">>> ", "www.a."] {
        let m = message(&unit.repeat(5_000));
        assert_eq!(message(m.clean()).clean(), m.clean(), "{unit:?}");
    }
}

#[test]
fn debug_never_prints_the_text() {
    let printed = format!("{:?}", message("secret <@1> **words**"));
    assert!(!printed.contains("secret") && !printed.contains("words"), "{printed}");
}

/// Anything at all, and strings dense in markup, where steps meet.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{1,80}",
        "(?s).{1,40}",
        "[ab<>@:!&#0-9|*_~` \n\u{200B}\u{301}éﬁ./]{1,60}",
        "(> |>>> |```|`|\\|\\||\\*\\*|__|~~|<@1>|<:a_b:1>|<t:1>|https://a|www\\.a\\.b|\n| |a|aaaa|\u{301}|\u{1161}|\u{1100}){1,24}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn every_message_has_something_to_read_and_is_its_own_normal_form(raw in texts()) {
        if let Ok(text) = MessageText::parse(&raw) {
            let once = Message::new(text);
            prop_assert!(!once.clean().trim().is_empty());
            let again = Message::new(MessageText::parse(once.clean()).expect("clean is not blank"));
            prop_assert_eq!(again.clean(), once.clean());
        }
    }

    #[test]
    fn every_span_lies_on_characters_of_the_raw_text(raw in texts(), a in 0usize..100, b in 0usize..100) {
        if let Ok(text) = MessageText::parse(&raw) {
            let m = Message::new(text);
            for range in [a..b, 0..m.clean().len(), a..a + 1] {
                let span = m.raw_span(range);
                prop_assert!(raw.get(span).is_some());
            }
            for part in m.parts() {
                prop_assert!(raw.get(part.raw.clone()).is_some_and(|s| !s.is_empty()));
            }
        }
    }
}
