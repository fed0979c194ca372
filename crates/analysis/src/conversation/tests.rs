use proptest::prelude::*;

use super::*;

const HOUR: i64 = 3600;

fn item(score: f32, at: i64) -> Item {
    Item { score: Score::clamped(score), at: Some(at) }
}

fn now(score: f32, at: i64) -> Now {
    let score = Score::clamped(score);
    Now { level: crate::decision::Cuts::EVEN.level(score), score, at: Some(at), local_hour: None }
}

fn read(now: &Now, history: &[Item]) -> ContextAnalysis {
    Conversation::read(now, history, &ConversationSettings::default())
}

#[test]
fn distress_that_grows_raises_by_one_level_and_says_how_fast() {
    struct Case {
        ago: i64,
        kind: EscalationKind,
    }
    let cases = [
        Case { ago: HOUR, kind: EscalationKind::Sudden },
        Case { ago: HOUR + 1, kind: EscalationKind::Rapid },
        Case { ago: 4 * HOUR, kind: EscalationKind::Rapid },
        Case { ago: 4 * HOUR + 1, kind: EscalationKind::Gradual },
    ];
    for Case { ago, kind } in cases {
        let context = read(&now(0.65, 0), &[item(0.25, -ago), item(0.3, -ago)]);
        assert_eq!((context.escalation.kind, context.raised_level), (kind, true), "{ago}");
        assert!(context.reason.starts_with("Raised by one level"), "{}", context.reason);
    }
    assert!(!read(&now(0.65, 0), &[item(0.25, -200 * HOUR), item(0.3, -200 * HOUR)]).raised_level);
}

#[test]
fn a_harmless_message_a_calm_history_one_slip_or_a_past_peak_raise_nothing() {
    let (a, b) = (item(0.25, -HOUR), item(0.3, -HOUR));
    assert!(read(&now(0.5, 0), &[a, b]).raised_level);
    assert!(!read(&now(0.1, 0), &[a, b]).raised_level);
    assert!(!read(&now(0.5, 0), &[item(0.0, -HOUR), item(0.1, -HOUR)]).raised_level);
    assert!(!read(&now(0.5, 0), &[a]).raised_level);
    assert!(!read(&now(0.5, 0), &[a, b, item(0.9, -HOUR)]).raised_level);
    let never = ConversationSettings { may_raise: false, ..ConversationSettings::default() };
    assert!(!Conversation::read(&now(0.5, 0), &[a, b], &never).raised_level);
}

#[test]
fn the_trend_is_the_median_slope_and_one_odd_message_does_not_turn_it() {
    let rising = [item(0.1, 0), item(0.2, HOUR), item(0.95, 2 * HOUR), item(0.4, 3 * HOUR)];
    let trend = read(&now(0.5, 4 * HOUR), &rising).trend;
    assert_eq!((trend.direction, trend.slope_per_hour), (Direction::Rising, Some(0.1)));
    let falling = [item(0.9, 0), item(0.6, HOUR)];
    assert_eq!(read(&now(0.3, 2 * HOUR), &falling).trend.direction, Direction::Falling);
}

#[test]
fn without_times_the_order_is_newest_first() {
    let untimed = |score| Item { score: Score::clamped(score), at: None };
    let context = read(&Now { at: None, ..now(0.7, 0) }, &[untimed(0.5), untimed(0.3)]);
    assert_eq!((context.trend.direction, context.trend.slope_per_hour), (Direction::Rising, None));
    assert_eq!(context.escalation.kind, EscalationKind::Gradual);
}

#[test]
fn night_is_from_23_to_5_and_changes_no_level() {
    for hour in 0..24 {
        let context = read(&Now { local_hour: Some(hour), ..now(0.5, 0) }, &[item(0.5, 0)]);
        assert_eq!(context.time_of_day, Some(TimeOfDay { local_hour: hour, night: hour == 23 || hour < 5 }));
        assert!(!context.raised_level);
    }
}

#[test]
fn settings_out_of_order_are_named() {
    assert_eq!(ConversationSettings::default().fault(), None);
    let bad = ConversationSettings { rapid_rise: 0.1, ..ConversationSettings::default() };
    assert_eq!(bad.fault().map(|f| f.0), Some("rapid_rise"));
    let bad = ConversationSettings { sudden_rise: f32::NAN, ..ConversationSettings::default() };
    assert_eq!(bad.fault().map(|f| f.0), Some("sudden_rise"));
}

fn items() -> impl Strategy<Value = Vec<Item>> {
    prop::collection::vec((0.0..=1.0_f32, -700_000..1000_i64).prop_map(|(s, at)| item(s, at)), 0..20)
}

proptest! {
    #[test]
    fn the_order_of_items_never_matters((a, b) in items().prop_flat_map(|v| (Just(v.clone()), Just(v).prop_shuffle())), score in 0.0..=1.0_f32) {
        // Sums of floats are the same too, because items are sorted before anything is added up.
        prop_assert_eq!(read(&now(score, 0), &a), read(&now(score, 0), &b));
    }

    #[test]
    fn a_calm_item_never_raises(history in items(), score in 0.0..=1.0_f32, calm in 0.0..0.19_f32, at in -700_000..1000_i64, timed: bool) {
        let now = Now { at: timed.then_some(0), ..now(score, 0) };
        let mut more = history.clone();
        more.push(item(calm, at));
        prop_assert!(read(&now, &history).raised_level || !read(&now, &more).raised_level);
    }

    #[test]
    fn only_low_to_high_is_ever_raised(history in items(), score in 0.0..=1.0_f32, at: i64) {
        let now = now(score, at);
        let context = read(&now, &history);
        prop_assert!(!context.raised_level || (Level::Low..=Level::High).contains(&now.level));
    }
}
