//! Text → tokens → ragged batch.

use std::ops::Range;

use tokenizers::Tokenizer;

use crate::error::EncoderError;
use crate::files::Files;

/// The tokens of several texts, one after the other, without padding.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    pub(crate) ids: Vec<u32>,
    pub(crate) sequences: Vec<Range<usize>>,
    truncated: Vec<bool>,
}

impl Batch {
    /// Number of texts.
    pub fn len(&self) -> usize {
        self.sequences.len()
    }

    /// No texts at all.
    pub fn is_empty(&self) -> bool {
        self.sequences.is_empty()
    }

    /// Tokens of all texts together, special tokens included.
    pub fn tokens(&self) -> usize {
        self.ids.len()
    }

    /// Was text `i` longer than the model reads? Then only its last part is in the batch.
    pub fn truncated(&self, i: usize) -> bool {
        self.truncated[i]
    }

    /// The token ids of text `i`.
    pub fn ids(&self, i: usize) -> &[u32] {
        &self.ids[self.sequences[i].clone()]
    }

    fn push(&mut self, ids: impl IntoIterator<Item = u32>, truncated: bool) {
        let start = self.ids.len();
        self.ids.extend(ids);
        self.sequences.push(start..self.ids.len());
        self.truncated.push(truncated);
    }
}

/// `tokenizer.json`, and the limits of the model it belongs to.
pub(crate) struct Tokens {
    inner: Tokenizer,
    first: u32,
    last: u32,
    unknown: u32,
    vocab_size: u32,
    longest: usize,
}

impl Tokens {
    /// Read `tokenizer.json`. `vocab_size` is the number of rows of the word table.
    pub(crate) fn load(files: &Files, vocab_size: usize, max_tokens: usize) -> Result<Self, EncoderError> {
        let file = files.describe("tokenizer.json");
        let bytes = files.read("tokenizer.json")?;
        let invalid = |why: String| EncoderError::Invalid { file: file.clone(), why };
        let mut tokenizer = Tokenizer::from_bytes(&bytes[..]).map_err(|e| invalid(e.to_string()))?;
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(|e| invalid(e.to_string()))?;
        // The special tokens are what the file's own post-processor puts around nothing.
        let empty = tokenizer.encode("", true).map_err(|e| invalid(e.to_string()))?;
        let &[first, last] = empty.get_ids() else {
            return Err(invalid(format!("it puts {} special tokens around a text, not two", empty.len())));
        };
        let unknown = ["[UNK]", "<unk>"].iter().find_map(|t| tokenizer.token_to_id(t)).unwrap_or(first);
        let vocab_size = vocab_size as u32;
        if [first, last, unknown].iter().any(|&id| id >= vocab_size) {
            return Err(invalid(format!("its special tokens lie outside the vocabulary of {vocab_size}")));
        }
        Ok(Tokens { inner: tokenizer, first, last, unknown, vocab_size, longest: max_tokens })
    }

    /// Tokenise texts into one batch. A text that is too long keeps its *last* part, from the start
    /// of a sentence if there is one near: what somebody says last says most about now.
    pub(crate) fn batch<S: AsRef<str>>(&self, texts: &[S]) -> Batch {
        let mut batch = Batch::default();
        for text in texts {
            let (ids, truncated) = self.encode(text.as_ref());
            // An id outside the word table would be a fault of the file; it reads as unknown.
            let known = ids.into_iter().map(|id| if id < self.vocab_size { id } else { self.unknown });
            batch.push(std::iter::once(self.first).chain(known).chain([self.last]), truncated);
        }
        batch
    }

    fn encode(&self, text: &str) -> (Vec<u32>, bool) {
        let (tail, cut) = self.tail(text);
        let Ok(encoding) = self.inner.encode_fast(tail, false) else {
            return (vec![self.unknown], cut);
        };
        let (ids, room) = (encoding.get_ids(), self.longest - 2);
        if ids.len() <= room && !cut {
            return (ids.to_vec(), false);
        }
        // `encode_fast` leaves out offsets; they are needed only here.
        let Ok(encoding) = self.inner.encode(tail, false) else {
            return (vec![self.unknown], true);
        };
        let earliest = ids.len().saturating_sub(room);
        let start = sentence_start(tail, encoding.get_offsets(), earliest).unwrap_or(earliest);
        (encoding.get_ids()[start..].to_vec(), true)
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
