//! Limits of receivers, whatever a message is made of. What requests look like is in tests/webhooks.

use std::fmt;

use ash_analysis::Level;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::notice::Told;

/// A notice that a failing test may print.
struct Shown(Notice);

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(&self.0).unwrap())
    }
}

fn units(value: &Value) -> usize {
    value.as_str().map_or(0, |text| text.encode_utf16().count())
}

/// The sum of what Discord counts.
fn of_embed(embed: &Value) -> usize {
    let fields = embed["fields"].as_array().unwrap();
    let in_fields: usize = fields.iter().map(|field| units(&field["name"]) + units(&field["value"])).sum();
    units(&embed["title"]) + units(&embed["description"]) + units(&embed["footer"]["text"]) + in_fields
}

prop_compose! {
    fn told()(
        level in 1_usize..5,
        text in "(?s).{0,5000}",
        reason in "(?s).{0,3000}",
        categories in prop::collection::vec("[a-z_`@<]{0,400}", 0..9),
        id in "(?s).{0,300}",
    ) -> Shown {
        let level = Level::ALL[level];
        Shown(Notice::Alert(Told {
            person: Some(id.clone()),
            channel: Some(id.clone()),
            id,
            at: 1_700_000_000_000,
            level,
            score: 0.5,
            confidence: 0.5,
            action: level.action(),
            reason,
            categories,
            is_degraded: true,
            requires_staff_review: true,
            text: Some(text),
        }))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_message_breaks_the_limits_of_discord(notice in told()) {
        let body: Value = serde_json::from_slice(&body(Kind::Discord, &notice.0, true)).unwrap();
        let embed = &body["embeds"][0];
        prop_assert!(of_embed(embed) <= 6_000);
        prop_assert!(units(&embed["title"]) <= 256 && units(&embed["description"]) <= 4_096);
        let fields = embed["fields"].as_array().unwrap();
        prop_assert!(fields.len() <= 25);
        for field in fields {
            prop_assert!((1..=256).contains(&units(&field["name"])), "{field}");
            prop_assert!((1..=1_024).contains(&units(&field["value"])), "{field}");
        }
    }

    #[test]
    fn no_message_breaks_the_limits_of_slack_or_means_anything_to_it(notice in told()) {
        let body: Value = serde_json::from_slice(&body(Kind::Slack, &notice.0, true)).unwrap();
        let blocks = body["blocks"].as_array().unwrap();
        prop_assert!(blocks.len() <= 50);
        for block in blocks {
            let most = match block["type"].as_str().unwrap() {
                "header" => 150,
                "section" => 3_000,
                _ => 2_000,
            };
            prop_assert!(units(&block["text"]["text"]) <= most, "{block}");
            let texts = block["fields"].as_array().or(block["elements"].as_array());
            let texts = texts.into_iter().flatten().chain(block.get("text"));
            for text in texts {
                prop_assert_eq!(&text["type"], "plain_text");
                prop_assert!((1..=3_000).contains(&units(&text["text"])), "{text}");
                prop_assert!(!text["text"].as_str().unwrap().contains(['<', '>']), "{text}");
            }
            let fields = block["fields"].as_array().into_iter().flatten();
            for field in fields {
                prop_assert!(units(&field["text"]) <= 2_000);
            }
        }
    }

    #[test]
    fn without_text_no_body_has_any(notice in told()) {
        for kind in [Kind::Discord, Kind::Slack, Kind::Json] {
            let body: Value = serde_json::from_slice(&body(kind, &notice.0, false)).unwrap();
            prop_assert_eq!(body.get("text").filter(|_| kind == Kind::Json), None);
            prop_assert!(!body.to_string().contains("\"Message"));
        }
    }
}
