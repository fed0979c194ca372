//! Text → tokens → ragged batch.
//!
//! Nobody who writes a message can write special tokens into it: a literal `[SEP]` or `</s>` is
//! read as ordinary text where the vocabulary allows it, and as the unknown token where the
//! vocabulary itself holds the literal (Unigram models list their control tokens). So a message
//! cannot end the premise and continue as the hypothesis.

mod frame;

use std::collections::HashSet;

use tokenizers::{Encoding, Tokenizer};

use crate::batch::Batch;
use crate::error::EncoderError;
use crate::files::Files;
use frame::Frame;

/// `tokenizer.json`, and the limits of the model it belongs to.
pub(crate) struct Tokens {
    file: String,
    inner: Tokenizer,
    one: Frame<1>,
    pair: Frame<2>,
    /// Never to be found in a text: special tokens, but for the unknown one.
    reserved: HashSet<u32>,
    unknown: u32,
    vocab_size: u32,
    longest: usize,
}

/// A text's tokens, without special ones.
struct Encoded<'t> {
    /// The part of the text that was tokenised.
    text: &'t str,
    /// That is not all of it.
    cut: bool,
    ids: Vec<u32>,
}

impl Tokens {
    /// Read `tokenizer.json`. `vocab_size` is the number of rows of the word table.
    pub(crate) fn load(files: &Files, vocab_size: usize, max_tokens: usize) -> Result<Self, EncoderError> {
        let file = files.describe("tokenizer.json");
        let bytes = files.read("tokenizer.json")?;
        let invalid = |why: String| EncoderError::Invalid { file: file.clone(), why };
        let mut inner = Tokenizer::from_bytes(&bytes[..]).map_err(|e| invalid(e.to_string()))?;
        inner.with_padding(None);
        inner.with_truncation(None).map_err(|e| invalid(e.to_string()))?;
        inner.set_encode_special_tokens(true);
        let one = Frame::of_one(&inner).map_err(invalid)?;
        let pair = Frame::of_pair(&inner).map_err(invalid)?;
        let Some(first) = one.specials().next() else {
            return Err(invalid("it puts no special token around a text".to_owned()));
        };
        let unknown = ["[UNK]", "<unk>"].iter().find_map(|t| inner.token_to_id(t)).unwrap_or(first);
        let mut reserved: HashSet<u32> = one.specials().chain(pair.specials()).collect();
        let vocab_size = vocab_size as u32;
        if reserved.iter().chain([&unknown]).any(|&id| id >= vocab_size) {
            return Err(invalid(format!("its special tokens lie outside the vocabulary of {vocab_size}")));
        }
        if one.len().max(pair.len()) >= max_tokens {
            return Err(invalid(format!("its special tokens fill all {max_tokens} places of the model")));
        }
        let special = inner.get_added_tokens_decoder().into_iter().filter(|(_, token)| token.special);
        reserved.extend(special.map(|(id, _)| id));
        reserved.remove(&unknown);
        Ok(Tokens { file, inner, one, pair, reserved, unknown, vocab_size, longest: max_tokens })
    }

    /// The tokenizer file, for error messages.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// Does a special token stand between the two texts of a pair?
    pub(crate) fn separates_pairs(&self) -> bool {
        self.pair.separates()
    }

    /// Tokenise texts into one batch. A text that is too long keeps its *last* part, from the start
    /// of a sentence if there is one near: what somebody says last says most about now.
    pub(crate) fn batch<S: AsRef<str>>(&self, texts: &[S]) -> Batch {
        let mut batch = Batch::default();
        let room = self.longest - self.one.len();
        for text in texts {
            let encoded = self.encode(text.as_ref());
            let (ids, truncated) = self.last_part(&encoded, room);
            batch.push(self.one.around([ids]), truncated);
        }
        batch
    }

    /// Tokenise pairs into one batch. A pair that is too long keeps the last part of its first text;
    /// only a second text that fills the model alone is cut as well.
    pub(crate) fn batch_of_pairs<S: AsRef<str>, T: AsRef<str>>(&self, pairs: &[(S, T)]) -> Batch {
        let mut batch = Batch::default();
        let room = self.room_of_pair();
        for (first, second) in pairs {
            let (first, second) = (self.encode(first.as_ref()), self.encode(second.as_ref()));
            let (second, second_cut) = self.last_part(&second, room);
            let (first, first_cut) = self.last_part(&first, room - second.len());
            // A tokenizer without a frame for pairs would make nothing of two empty texts.
            let nothing = self.pair.len() + first.len() + second.len() == 0;
            let first = if nothing { std::slice::from_ref(&self.unknown) } else { first };
            batch.push(self.pair.around([first, second]), first_cut || second_cut);
        }
        batch
    }

    /// Every premise with every hypothesis (already tokenised), premise by premise. Each premise is
    /// tokenised once, and cut once: to what the longest hypothesis leaves, so that all hypotheses
    /// are asked about the same text.
    pub(crate) fn premises_with<S: AsRef<str>>(&self, premises: &[S], hypotheses: &[Vec<u32>]) -> Batch {
        let mut batch = Batch::default();
        let longest = hypotheses.iter().map(Vec::len).max().unwrap_or(0);
        let room = self.room_of_pair().saturating_sub(longest);
        for premise in premises {
            let encoded = self.encode(premise.as_ref());
            let (premise, truncated) = self.last_part(&encoded, room);
            for hypothesis in hypotheses {
                batch.push(self.pair.around([premise, hypothesis]), truncated);
            }
        }
        batch
    }

    /// The most tokens that the two texts of a pair can have together.
    pub(crate) fn room_of_pair(&self) -> usize {
        self.longest - self.pair.len()
    }

    fn encode<'t>(&self, text: &'t str) -> Encoded<'t> {
        let (text, cut) = self.tail(text);
        Encoded { text, cut, ids: self.ids(text) }
    }

    /// Is `word`, in the vocabulary's own writing, one token and no special one?
    pub(crate) fn knows(&self, word: &str) -> bool {
        self.inner.token_to_id(word).is_some_and(|id| id != self.unknown && !self.reserved.contains(&id))
    }

    /// All tokens of a text, however long, without special ones.
    pub(crate) fn ids(&self, text: &str) -> Vec<u32> {
        let Ok(encoding) = self.inner.encode_fast(text, false) else {
            return vec![self.unknown];
        };
        // An id outside the word table would be a fault of the file; it reads as unknown.
        let known = |&id: &u32| {
            if id < self.vocab_size && !self.reserved.contains(&id) { id } else { self.unknown }
        };
        encoding.get_ids().iter().map(known).collect()
    }

    /// The last tokens of a text, at most `room`, and whether some were left out.
    fn last_part<'e>(&self, encoded: &'e Encoded<'_>, room: usize) -> (&'e [u32], bool) {
        let Encoded { text, cut, ids } = encoded;
        if ids.len() <= room && !cut {
            return (ids, false);
        }
        let earliest = ids.len().saturating_sub(room);
        // `encode_fast` leaves out offsets; they are needed only here.
        let encoding = self.inner.encode(*text, false).ok();
        let offsets = encoding.as_ref().map(Encoding::get_offsets).filter(|o| o.len() == ids.len());
        let start = offsets.and_then(|o| sentence_start(text, o, earliest)).unwrap_or(earliest);
        (&ids[start..], true)
    }

    /// The last part of a text that could hold `max_tokens` tokens even at 16 bytes a token:
    /// tokenising all of a very long text would be work for nothing.
    fn tail<'t>(&self, text: &'t str) -> (&'t str, bool) {
        let most = self.longest * 16;
        if text.len() <= most {
            return (text, false);
        }
        let start = (text.len() - most..text.len()).find(|&i| text.is_char_boundary(i)).unwrap_or(text.len());
        (&text[start..], true)
    }
}

/// The first token from `earliest` on, within a quarter of what is left, that starts a sentence.
fn sentence_start(text: &str, offsets: &[(usize, usize)], earliest: usize) -> Option<usize> {
    let kept = offsets.len() - earliest;
    (earliest.max(1)..earliest + kept / 4).find(|&i| {
        let between = text.get(offsets[i - 1].1.min(offsets[i].0)..offsets[i].0).unwrap_or("");
        let before = text.get(..offsets[i - 1].1).and_then(|t| t.chars().next_back());
        between.contains('\n') || matches!(before, Some('.' | '!' | '?' | '…'))
    })
}
