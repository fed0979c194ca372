//! What was learnt about the cuts: small shifts, one a level.

use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::decision::Cuts;
use crate::level::Level;

/// How far the cuts of low, medium, high and critical are shifted. Each lies in `-MAX..=MAX`, and those of high
/// and critical are never above 0: what was learnt may make the service more careful about danger, never less.
#[derive(Debug, Clone, Copy, PartialEq, Default, ToSchema)]
#[schema(value_type = BTreeMap<String, f64>)]
pub struct Offsets([f32; 4]);

impl Offsets {
    /// The furthest a cut is ever shifted; levels that are narrower than twice this, by less ([`Cuts::shifted`]).
    pub const MAX: f32 = 0.10;

    /// No shift.
    pub const NONE: Offsets = Offsets([0.0; 4]);

    /// The nearest offsets to these of low, medium, high and critical; what is no number is 0.
    pub fn bounded(offsets: [f32; 4]) -> Self {
        let mut bounded = offsets.map(|o| if o.is_nan() { 0.0 } else { o.clamp(-Self::MAX, Self::MAX) });
        for urgent in &mut bounded[2..] {
            *urgent = urgent.min(0.0);
        }
        Offsets(bounded)
    }

    /// Of low, medium, high and critical.
    pub const fn get(&self) -> [f32; 4] {
        self.0
    }

    /// That of one level; `none` has no cut, and so 0.
    pub fn of(&self, level: Level) -> f32 {
        level.index().checked_sub(1).map_or(0.0, |k| self.0[k])
    }
}

impl Serialize for Offsets {
    /// An object with one member a level.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Through a decimal of four places: what a float would print beyond that is noise.
        let round = |o: f32| (f64::from(o) * 1e4).round() / 1e4;
        serializer.collect_map(Level::ALL[1..].iter().map(|level| (level.as_str(), round(self.of(*level)))))
    }
}

impl Cuts {
    /// The same cuts, shifted; none by more than half of the level that it moves into, so that no level becomes less
    /// than half as wide. Where two would cross all the same, the lower level's cut gives way downwards: what is
    /// learnt of one level never makes a higher one rarer.
    #[must_use]
    pub fn shifted(&self, offsets: &Offsets) -> Cuts {
        let before = self.get();
        let mut cuts = before;
        let mut above = 1.0_f32;
        for k in (0..before.len()).rev() {
            let below = if k == 0 { 0.0 } else { before[k - 1] };
            let next = before.get(k + 1).copied().unwrap_or(1.0);
            let offset = offsets.get()[k].clamp((below - before[k]) / 2.0, (next - before[k]) / 2.0);
            // No cut reaches 0, where every message would be of that level.
            cuts[k] = (before[k] + offset).clamp(1e-3_f32.min(above), above);
            above = cuts[k];
        }
        Cuts::new(cuts).unwrap_or(*self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::score::Score;

    fn offsets() -> impl Strategy<Value = Offsets> {
        prop::array::uniform4(-0.5f32..=0.5).prop_map(Offsets::bounded)
    }

    fn cuts() -> impl Strategy<Value = Cuts> {
        prop::array::uniform4(0.002f32..=1.0).prop_map(|mut c| {
            c.sort_by(f32::total_cmp);
            Cuts::new(c).expect("sorted")
        })
    }

    proptest! {
        #[test]
        fn nothing_that_is_learnt_makes_an_urgent_level_rarer(cuts in cuts(), offsets in offsets(), score in 0.0f32..=1.0) {
            let (before, after) = (cuts.level(Score::clamped(score)), cuts.shifted(&offsets).level(Score::clamped(score)));
            if before.is_urgent() {
                prop_assert!(after >= before, "{before} became {after}");
            }
        }

        #[test]
        fn a_cut_moves_by_no_more_than_its_bound_unless_a_higher_one_presses_it_down(cuts in cuts(), offsets in offsets()) {
            let shifted = cuts.shifted(&offsets);
            for (before, after) in cuts.get().into_iter().zip(shifted.get()) {
                prop_assert!(after - before <= Offsets::MAX + 1e-6);
            }
            prop_assert!(shifted.get().is_sorted());
        }

        #[test]
        fn no_level_loses_more_than_half_of_its_width_to_its_lower_neighbour(cuts in cuts(), offsets in offsets()) {
            let (before, after) = (cuts.get(), cuts.shifted(&offsets).get());
            for k in 0..4 {
                let next = before.get(k + 1).copied().unwrap_or(1.0);
                prop_assert!(after[k] - before[k] <= (next - before[k]) / 2.0 + 1e-6);
            }
        }

        #[test]
        fn a_lower_offset_never_raises_a_cut(cuts in cuts(), offsets in offsets(), k in 0usize..4, by in 0.0f32..0.2) {
            let mut lower = offsets.get();
            lower[k] -= by;
            let (a, b) = (cuts.shifted(&Offsets::bounded(lower)).get(), cuts.shifted(&offsets).get());
            prop_assert!(a.into_iter().zip(b).all(|(a, b)| a <= b), "{a:?} {b:?}");
        }
    }

    #[test]
    fn no_offsets_change_nothing_and_what_is_no_number_is_none() {
        assert_eq!(Cuts::EVEN.shifted(&Offsets::NONE), Cuts::EVEN);
        let odd = Offsets::bounded([f32::NAN, f32::INFINITY, 0.05, -9.0]);
        assert_eq!(odd, Offsets::bounded([0.0, 0.1, 0.0, -0.1]));
        assert!(Offsets::bounded([0.05; 4]).of(Level::None).abs() < f32::EPSILON);
    }

    #[test]
    fn offsets_are_told_by_level() {
        let told = serde_json::to_string(&Offsets::bounded([0.02, -0.03, 0.0, -0.1])).unwrap();
        assert_eq!(told, r#"{"low":0.02,"medium":-0.03,"high":0.0,"critical":-0.1}"#);
    }
}
