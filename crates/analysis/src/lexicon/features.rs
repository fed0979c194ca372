//! What of a text a lexicon looks at, as places in its table.

use super::BUCKETS;

/// Pieces of words have this many bytes, the marks at both ends included.
const PIECE: usize = 5;

/// The features of a text: its words, its pairs of neighbours, and the pieces of its words, each once.
pub(super) fn of(words: &[&str]) -> Vec<usize> {
    let mut all = Vec::with_capacity(words.len() * 8);
    let mut marked = Vec::new();
    for word in words {
        all.push(place(b'w', word.as_bytes(), b""));
        marked.clear();
        marked.push(b'<');
        marked.extend_from_slice(word.as_bytes());
        marked.push(b'>');
        all.extend(marked.windows(PIECE).map(|piece| place(b'p', piece, b"")));
    }
    all.extend(words.windows(2).map(|pair| place(b'b', pair[0].as_bytes(), pair[1].as_bytes())));
    all.sort_unstable();
    all.dedup();
    all
}

/// A long text has more features than a short one and says no more for it: their sum is divided by this.
#[expect(clippy::cast_precision_loss, reason = "some hundred features")]
pub(super) fn norm(features: usize) -> f32 {
    (features.max(1) as f32).sqrt()
}

/// FNV-1a (Fowler, Noll, Vo), 32 bits, cut to the table.
fn place(kind: u8, first: &[u8], second: &[u8]) -> usize {
    let bytes = std::iter::once(&kind).chain(first).chain(std::iter::once(&b' ')).chain(second);
    let hash = bytes.fold(0x811C_9DC5_u32, |hash, &b| (hash ^ u32::from(b)).wrapping_mul(0x0100_0193));
    (hash ^ (hash >> 15)) as usize % BUCKETS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_pairs_and_pieces_each_count_once() {
        // Two words, one pair, the pieces of "<cats>" (2) and none of "<a>".
        assert_eq!(of(&["cats", "a"]).len(), 5);
        assert_eq!(of(&["a", "a", "a"]).len(), 2, "the word and its pair");
        assert!(of(&[]).is_empty());
        assert!(of(&["été", "😀"]).iter().all(|&f| f < BUCKETS));
    }
}
