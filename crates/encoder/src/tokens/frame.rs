//! The special tokens that a tokenizer's post-processor puts around one text or a pair.

use std::iter;

use tokenizers::{EncodeInput, Tokenizer};

/// Any text will do that has at least one token in every vocabulary.
const PROBE: &str = "a";

/// What stands before, between and after `TEXTS` texts, and the types of their tokens.
///
/// Read from the tokenizer file by asking it, so that no family's layout is written down here:
/// BERT answers `[CLS] a [SEP] b [SEP]`, `RoBERTa` `<s> a </s></s> b </s>`.
pub(super) struct Frame<const TEXTS: usize> {
    /// `(token, type)` of the special tokens before each text.
    before: [Vec<(u32, u8)>; TEXTS],
    after: Vec<(u32, u8)>,
    types: [u8; TEXTS],
}

impl Frame<1> {
    pub(super) fn of_one(tokenizer: &Tokenizer) -> Result<Self, String> {
        Self::ask(tokenizer, PROBE.into())
    }
}

impl Frame<2> {
    pub(super) fn of_pair(tokenizer: &Tokenizer) -> Result<Self, String> {
        Self::ask(tokenizer, (PROBE, PROBE).into())
    }

    /// Does the model see where the first text ends?
    pub(super) fn separates(&self) -> bool {
        !self.before[1].is_empty()
    }
}

impl<const TEXTS: usize> Frame<TEXTS> {
    fn ask(tokenizer: &Tokenizer, input: EncodeInput<'_>) -> Result<Self, String> {
        let alone = tokenizer.encode(PROBE, false).map_err(|e| e.to_string())?.len();
        let framed = tokenizer.encode(input, true).map_err(|e| e.to_string())?;
        let mut frame = Frame { before: [const { Vec::new() }; TEXTS], after: Vec::new(), types: [0; TEXTS] };
        let mut seen = 0_usize;
        let tokens = framed.get_ids().iter().zip(framed.get_type_ids());
        for ((&id, &kind), &special) in tokens.zip(framed.get_special_tokens_mask()) {
            let kind = u8::try_from(kind).unwrap_or(u8::MAX);
            if special != 0 {
                // A special token stands before the text whose tokens have not begun.
                let next = if alone == 0 { TEXTS } else { seen.div_ceil(alone) };
                frame.before.get_mut(next).unwrap_or(&mut frame.after).push((id, kind));
            } else {
                if let Some(place) = frame.types.get_mut(seen / alone.max(1)) {
                    *place = kind;
                }
                seen += 1;
            }
        }
        if alone == 0 || seen != alone * TEXTS {
            return Err(format!("it encodes {TEXTS} × {PROBE:?} as {seen} tokens, and alone as {alone}"));
        }
        Ok(frame)
    }

    /// Number of special tokens.
    pub(super) fn len(&self) -> usize {
        self.before.iter().map(Vec::len).sum::<usize>() + self.after.len()
    }

    /// All special tokens.
    pub(super) fn specials(&self) -> impl Iterator<Item = u32> + '_ {
        self.before.iter().flatten().chain(&self.after).map(|&(id, _)| id)
    }

    /// The texts' tokens in their frame, as `(token, type)`.
    pub(super) fn around<'a>(&'a self, texts: [&'a [u32]; TEXTS]) -> impl Iterator<Item = (u32, u8)> + 'a {
        iter::zip(&self.before, iter::zip(texts, self.types))
            .flat_map(|(before, (ids, kind))| {
                before.iter().copied().chain(ids.iter().map(move |&id| (id, kind)))
            })
            .chain(self.after.iter().copied())
    }
}
