//! Messages to measure with: 4 to 40 words, calm and distressed, as people type them.
//!
//! Written for this benchmark and in no corpus, so that no model has seen them. Speed depends on
//! lengths, not on meaning; the mixture is that of a busy community server.

/// In the order in which they are measured; the lengths are mixed on purpose.
pub(crate) const CHATTER: [&str; 24] = [
    "morning everyone, coffee first",
    "anyone up for ranked tonight? need a fourth who can actually heal",
    "honestly i don't know how much longer i can keep pretending that everything is fine at home",
    "lmao the patch notes are longer than my thesis",
    "my sister's wedding is in three weeks and i still have no idea what to wear, is a green suit too much or \
     do we love it? it would go with her flowers and i already own the shoes",
    "i just feel so empty lately, like nothing i do matters to anyone",
    "who took my spot in the raid, i swear i was on the list",
    "it's three am again and i can't stop shaking, every time i close my eyes i'm back in that room and i \
     can't get my breathing to slow down",
    "that boss killed me eleven times, i'm dead inside",
    "could somebody remind me how to pin a message in here?",
    "told my parents today. dad hasn't said a word since and mum just keeps crying in the kitchen. i don't \
     know where i'm supposed to go if they decide they don't want me here any more",
    "gg everyone that was fun",
    "i'm so tired of being the one who is always okay",
    "new episode tonight!! no spoilers please, i am begging you all",
    "nobody would even notice if i was gone, they'd probably be relieved",
    "does this binder run small? the size chart says medium but the reviews say to go one up and i really \
     don't want to send it back twice, shipping took a month last time",
    "failed the exam again. whatever, there's always the resit in spring",
    "i've made up my mind and i feel calm about it for the first time in months, thank you all for being kind \
     to me, please look after each other and tell robin that none of this is on them",
    "pineapple belongs on pizza, fight me",
    "she's been clean for two years today and i could not be prouder of her",
    "can't do this tonight",
    "my therapist moved our session to thursday so if anyone wants to play on wednesday i am free after all, \
     just ping me before eight because i still have to cook",
    "i hurt myself again and i'm scared of what i'll do if i stay alone with it tonight",
    "rain all week here, my tomatoes are thrilled and i am not",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_span_four_to_forty_words() {
        let words: Vec<usize> = CHATTER.iter().map(|m| m.split_whitespace().count()).collect();
        assert_eq!(words.iter().min(), Some(&4), "{words:?}");
        assert!(words.iter().max().is_some_and(|&max| (36..=40).contains(&max)), "{words:?}");
    }
}
