//! What follows from records, whatever they are.

use ash_analysis::{Level, Offsets};
use ash_learning::{Kind, LearningSettings, Moment, Report, offsets};
use proptest::prelude::*;

use crate::make::{NOON, at, in_memory};

const DAY: u32 = 20_000;

/// Any record that feedback can be, from long before [`NOON`] to a little after.
fn trace() -> impl Strategy<Value = Report> {
    let levels = (0usize..5, 0usize..5).prop_filter("they differ", |(a, b)| a != b);
    let when = prop_oneof![
        3 => (0u32..86_400).prop_map(|second| at(DAY, second)),
        2 => (0u32..400, 0u32..86_400).prop_map(|(ago, second)| at(DAY - ago, second)),
        1 => (0u32..3, 0u32..86_400).prop_map(|(ahead, second)| at(DAY + ahead, second)),
    ];
    (levels, when).prop_map(|((given, correct), at)| Report {
        kind: if correct < given { Kind::FalsePositive } else { Kind::FalseNegative },
        given: Level::ALL[given],
        correct: Level::ALL[correct],
        at,
    })
}

fn settings() -> impl Strategy<Value = LearningSettings> {
    (0.001f64..=0.1, 0.0f64..=0.1, 1u32..=50, 5u32..=20, 1u32..=3650).prop_map(
        |(step, max_adjustment, max_per_day, min_records, half_life_days)| LearningSettings {
            step,
            max_adjustment,
            max_per_day,
            min_records,
            half_life_days,
            ..in_memory()
        },
    )
}

fn traces() -> impl Strategy<Value = Vec<Report>> {
    prop::collection::vec(trace(), 0..120)
}

fn told(records: &[Report], now: Moment, settings: &LearningSettings) -> [f32; 4] {
    offsets(records.iter().copied(), now, settings).get()
}

fn record(kind: Kind, given: Level, correct: Level, at: Moment) -> Report {
    Report { kind, given, correct, at }
}

proptest! {
    #[test]
    fn no_cut_is_shifted_further_than_allowed_and_none_of_an_urgent_level_upwards(
        records in traces(), settings in settings(),
    ) {
        let [low, medium, high, critical] = told(&records, NOON, &settings);
        for offset in [low, medium, high, critical] {
            // An offset is single precision, the setting is not.
            prop_assert!(f64::from(offset.abs()) <= settings.max_adjustment + 1e-8);
            prop_assert!(offset.abs() <= Offsets::MAX);
        }
        prop_assert!(high <= 0.0 && critical <= 0.0);
    }

    #[test]
    fn the_order_of_a_day_below_the_limit_does_not_matter(
        (records, shuffled) in prop::collection::vec(trace(), 0..25)
            .prop_flat_map(|records| (Just(records.clone()), Just(records).prop_shuffle())),
        settings in settings(),
    ) {
        let settings = LearningSettings { max_per_day: 50, ..settings };
        prop_assert_eq!(told(&records, NOON, &settings), told(&shuffled, NOON, &settings));
    }

    #[test]
    fn one_more_false_positive_never_lowers_and_a_false_negative_never_raises_a_cut(
        // Enough before it: the one that reaches the minimum brings older ones to bear too.
        records in prop::collection::vec(trace(), 20..60), last in trace(), settings in settings(),
    ) {
        let last = Report { at: NOON, ..last };
        let with: Vec<Report> = records.iter().copied().chain([last]).collect();
        let (before, after) = (told(&records, NOON, &settings), told(&with, NOON, &settings));
        for (k, (before, after)) in before.into_iter().zip(after).enumerate() {
            match last.kind {
                Kind::FalsePositive => prop_assert!(after >= before),
                Kind::FalseNegative => prop_assert!(after <= before),
            }
            prop_assert!(k + 1 == last.level().index() || after.to_bits() == before.to_bits(), "only its own cut");
        }
    }

    #[test]
    fn what_was_learnt_one_way_only_fades(
        seconds in prop::collection::vec(0u32..86_400, 5..60),
        kind in prop::sample::select(&[Kind::FalsePositive, Kind::FalseNegative][..]),
        settings in settings(), days in prop::collection::vec(0u32..4000, 2..6),
    ) {
        let (given, correct) = match kind {
            Kind::FalsePositive => (Level::Medium, Level::None),
            Kind::FalseNegative => (Level::None, Level::Medium),
        };
        let records: Vec<Report> =
            seconds.iter().map(|second| record(kind, given, correct, at(DAY, *second))).collect();
        let mut days = days;
        days.sort_unstable();
        let sizes: Vec<f32> =
            days.iter().map(|day| told(&records, at(DAY + 1 + day, 0), &settings)[1].abs()).collect();
        prop_assert!(sizes.is_sorted_by(|a, b| a >= b), "{days:?} {sizes:?}");
    }

    #[test]
    fn more_than_the_limit_of_a_day_changes_nothing(
        records in prop::collection::vec(trace(), 60..120), settings in settings(),
    ) {
        let today: Vec<Report> = records.into_iter().map(|record| Report { at: NOON, ..record }).collect();
        let (mut raises, mut first) = (0, Vec::new());
        for record in today.iter().filter(|record| record.direction() != 0.0) {
            let raise = u32::from(record.direction() > 0.0);
            if first.len() < settings.max_per_day as usize && raises + raise <= settings.max_per_day / 2 {
                raises += raise;
                first.push(*record);
            }
        }
        // As many as there must be, without any that shift something.
        let filler = record(Kind::FalsePositive, Level::Critical, Level::None, NOON);
        let enough: Vec<Report> = first.iter().copied().chain([filler; 20]).collect();
        prop_assert_eq!(told(&today, NOON, &settings), told(&enough, NOON, &settings));
    }
}

#[test]
fn each_kind_shifts_the_cut_it_speaks_of_by_a_step() {
    struct Case {
        kind: Kind,
        given: Level,
        correct: Level,
        shifts: [f32; 4],
    }
    let case = |kind, given, correct, shifts| Case { kind, given, correct, shifts };
    let cases = [
        case(Kind::FalsePositive, Level::Low, Level::None, [0.05, 0.0, 0.0, 0.0]),
        case(Kind::FalsePositive, Level::Medium, Level::Low, [0.0, 0.05, 0.0, 0.0]),
        case(Kind::FalsePositive, Level::High, Level::None, [0.0; 4]),
        case(Kind::FalsePositive, Level::Critical, Level::Low, [0.0; 4]),
        case(Kind::FalseNegative, Level::None, Level::Low, [-0.05, 0.0, 0.0, 0.0]),
        case(Kind::FalseNegative, Level::Low, Level::Medium, [0.0, -0.05, 0.0, 0.0]),
        case(Kind::FalseNegative, Level::None, Level::High, [0.0, 0.0, -0.05, 0.0]),
        case(Kind::FalseNegative, Level::High, Level::Critical, [0.0, 0.0, 0.0, -0.05]),
    ];
    for Case { kind, given, correct, shifts } in cases {
        let records = [record(kind, given, correct, NOON); 5];
        assert_eq!(told(&records, NOON, &in_memory()), shifts, "{kind:?} {given} {correct}");
        assert_eq!(told(&records[..4], NOON, &in_memory()), [0.0; 4], "not before five records");
    }
}

#[test]
fn a_record_counts_half_after_each_half_life() {
    let records = [record(Kind::FalsePositive, Level::Low, Level::None, NOON); 8];
    let after = |days: i64| told(&records, Moment(NOON.0 + days * 86_400), &in_memory())[0];
    assert_eq!([after(0), after(30), after(60), after(90)], [0.08, 0.04, 0.02, 0.01]);
    assert_eq!((after(300), after(330)), (0.0001, 0.0));
}

#[test]
fn high_is_not_kept_from_being_lowered_by_false_positives_of_high() {
    let mut records = vec![record(Kind::FalsePositive, Level::High, Level::None, NOON); 30];
    records.extend([record(Kind::FalseNegative, Level::None, Level::High, NOON); 3]);
    assert_eq!(told(&records, NOON, &in_memory()), [0.0, 0.0, -0.03, 0.0]);
}

#[test]
fn false_alarms_never_use_up_the_day_for_misses() {
    let mut records = vec![record(Kind::FalsePositive, Level::Low, Level::None, NOON); 500];
    records.extend([record(Kind::FalseNegative, Level::None, Level::Critical, NOON); 500]);
    assert_eq!(told(&records, NOON, &in_memory()), [0.1, 0.0, 0.0, -0.1]);
}

#[test]
fn records_of_the_future_count_as_of_now() {
    let records = [record(Kind::FalsePositive, Level::Low, Level::None, at(DAY + 50, 0)); 8];
    assert_eq!(told(&records, NOON, &in_memory())[0], 0.08);
    let limited = LearningSettings { max_per_day: 6, ..in_memory() };
    let spread: Vec<Report> = (1..9).map(|day| Report { at: at(DAY + day, 0), ..records[0] }).collect();
    assert_eq!(told(&spread, NOON, &limited)[0], 0.03, "all of them as of today");
}
