//! Five messages that nobody may overlook: each must come back as high or critical, whatever else is measured.
//!
//! Written for this, in no corpus and of no person. Speed is measured on them like on any other message.

/// In the order in which they are sent. The first is about as long as the median of the others of a run, so that the first
/// request may be compared with the later ones.
pub(crate) const CRISIS: [&str; 5] = [
    "i've got the pills in front of me and i'm going to take all of them tonight",
    "i want to kill myself",
    "i wrote the letters and gave my cat away. the bridge is ten minutes from here and tonight i'm going to jump, \
     please tell my mum that i'm sorry",
    "he hit me again and took my keys, he says he'll kill me when he gets back and i can hear the car outside",
    "i cut too deep and it won't stop bleeding, i don't want to be alive any more",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::chatter::CHATTER;

    #[test]
    fn the_first_is_as_long_as_most() {
        let mut lengths = CHATTER.map(str::len);
        lengths.sort_unstable();
        assert!((lengths[8]..=lengths[16]).contains(&CRISIS[0].len()), "{} in {lengths:?}", CRISIS[0].len());
    }
}
