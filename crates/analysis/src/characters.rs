//! One character for many: accents, look-alikes of other scripts, digits that stand for letters.

use unicode_normalization::UnicodeNormalization;

/// Writes `c` without case and accents.
///
/// Only the general diacritics are dropped: in Indic scripts, Arabic or Hebrew a combining mark is a
/// letter, not an ornament.
pub(crate) fn push_bare(c: char, to: &mut String) {
    if c.is_ascii() {
        to.push(c.to_ascii_lowercase());
    } else if let Some(letter) = framed(c) {
        to.push(letter);
    } else {
        let bare = c.nfd().filter(|&c| !is_ornament(c)).nfc();
        to.extend(bare.flat_map(char::to_lowercase).filter(|&c| !is_ornament(c)));
    }
}

/// A mark above, below or through a letter.
pub(crate) const fn is_ornament(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{20D0}'..='\u{20FF}')
}

/// A letter in a frame that NFKC leaves alone: regional indicators, negative circled and squared letters.
pub(crate) fn framed(c: char) -> Option<char> {
    let first = match c {
        '\u{1F1E6}'..='\u{1F1FF}' => 0x1F1E6,
        '\u{1F150}'..='\u{1F169}' => 0x1F150,
        '\u{1F170}'..='\u{1F189}' => 0x1F170,
        _ => return None,
    };
    u8::try_from(u32::from(c) - first).ok().map(|n| char::from(b'a' + n))
}

/// `word` with look-alikes of other scripts as the Latin letters they look like.
pub(crate) fn latin(word: &str) -> String {
    word.chars().map(|c| look_alike(c).unwrap_or(c)).collect()
}

/// The Latin letter that a bare, lower-case letter of another script looks like.
pub(crate) const fn look_alike(c: char) -> Option<char> {
    Some(match c {
        'а' | 'α' | 'ᴀ' | 'ɑ' => 'a',
        'в' | 'ʙ' | 'β' => 'b',
        'с' | 'ϲ' | 'ᴄ' => 'c',
        'ԁ' | 'ᴅ' | 'đ' => 'd',
        'е' | 'є' | 'ε' | 'ᴇ' | 'ə' => 'e',
        'ꜰ' => 'f',
        'ɡ' | 'ɢ' => 'g',
        'һ' | 'н' | 'ʜ' => 'h',
        'і' | 'ι' | 'ı' | 'ɪ' => 'i',
        'ј' | 'ᴊ' => 'j',
        'к' | 'κ' | 'ᴋ' => 'k',
        'ӏ' | 'ʟ' | 'ł' => 'l',
        'м' | 'ᴍ' => 'm',
        'η' | 'ɴ' | 'п' => 'n',
        'о' | 'ο' | 'σ' | 'ᴏ' | 'ø' | 'ө' => 'o',
        'р' | 'ρ' | 'ᴘ' => 'p',
        'ԛ' => 'q',
        'г' | 'ʀ' => 'r',
        'ѕ' | 'ꜱ' => 's',
        'т' | 'τ' | 'ᴛ' => 't',
        'υ' | 'ս' | 'ᴜ' => 'u',
        'ν' | 'ѵ' | 'ᴠ' => 'v',
        'ԝ' | 'ω' | 'ᴡ' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'γ' | 'ʏ' => 'y',
        'ᴢ' => 'z',
        _ => return None,
    })
}

/// The characters besides digits that stand for letters within a word.
pub(crate) const fn is_leet_symbol(c: char) -> bool {
    matches!(c, '!' | '@' | '$' | '|' | '+' | '*')
}

/// No longer word is read with digits and symbols for letters, in bytes: hostile input costs no more than honest.
pub(crate) const LONGEST_DISGUISE: usize = 64;

/// At most so many characters that may be either of two letters are tried both ways.
const AMBIGUOUS: usize = 4;

/// The words that `word` may be, digits and symbols read as letters; none if there is nothing to read so.
pub(crate) fn unleet(word: &str) -> impl Iterator<Item = String> {
    let two_ways = |c: char| matches!(c, '1' | '!' | '|');
    let ambiguous = word.chars().filter(|&c| two_ways(c)).count();
    let readable = (3..=LONGEST_DISGUISE).contains(&word.len())
        && word.chars().any(|c| c.is_ascii_alphabetic())
        && word.chars().all(|c| c.is_ascii_lowercase() || leet(c).is_some());
    let ways = if readable { 1_usize << ambiguous.min(AMBIGUOUS) } else { 0 };
    (0..ways).map(move |way| {
        let mut nth = 0;
        let letter = |c: char| {
            if !two_ways(c) {
                return leet(c).unwrap_or(c);
            }
            nth += 1;
            // Beyond those that are tried both ways all are read like the last one.
            if way >> (nth - 1).min(AMBIGUOUS - 1) & 1 == 0 { 'i' } else { 'l' }
        };
        word.chars().map(letter).collect()
    })
}

const fn leet(c: char) -> Option<char> {
    Some(match c {
        '0' => 'o',
        '1' | '!' | '|' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '8' => 'b',
        '9' => 'g',
        _ => return None,
    })
}

/// Drawn, not written: emoji, dingbats, notes, arrows. Each is a word of its own.
pub(crate) const fn is_picture(c: char) -> bool {
    matches!(c,
        '\u{2190}'..='\u{21FF}' | '\u{2300}'..='\u{23FF}' | '\u{2500}'..='\u{27BF}' | '\u{2900}'..='\u{297F}'
        | '\u{2B00}'..='\u{2BFF}' | '\u{1F000}'..='\u{1F14F}' | '\u{1F18A}'..='\u{1F1E5}'
        | '\u{1F200}'..='\u{1F3FA}' | '\u{1F400}'..='\u{1FAFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_as_every_letter_they_may_be() {
        let all = |word| unleet(word).collect::<Vec<_>>();
        assert!(all("k1ll").contains(&"kill".to_owned()));
        assert!(all("k111").contains(&"kill".to_owned()));
        assert!(all("su1c1d3").contains(&"suicide".to_owned()));
        assert_eq!(all("2am"), Vec::<String>::new(), "no letter looks like a two");
        assert_eq!(all("1337"), Vec::<String>::new(), "a number is a number");
        assert_eq!(all("k11111111111ll").len(), 16);
        assert_eq!(all(&"k1".repeat(LONGEST_DISGUISE)).len(), 0);
    }

    #[test]
    fn look_alikes_become_latin_and_other_scripts_stay() {
        assert_eq!(latin("ѕuісіԁе"), "suicide");
        assert_eq!(latin("हिन्दी"), "हिन्दी");
    }
}
