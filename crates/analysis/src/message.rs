//! A message in the two views that the analysis needs; patterns make a third one (`patterns::fold`).

use std::fmt;
use std::ops::Range;

use crate::normalise::normalise;
use crate::parts::Parts;
use crate::text::MessageText;
use crate::traced::Traced;

/// A message: as it was written, and as the models read it.
#[derive(Clone)]
pub struct Message {
    raw: MessageText,
    clean: Traced,
    parts: Parts,
}

impl Message {
    /// Normalises `text`. Never fails: a text that passed [`MessageText::parse`] has something to read.
    pub fn new(text: MessageText) -> Self {
        let (clean, parts) = normalise(text.expose());
        Self { raw: text, clean, parts }
    }

    /// The text as it came.
    pub fn raw(&self) -> &MessageText {
        &self.raw
    }

    /// What the models read; never blank. A message made from it has the same `clean`.
    pub fn clean(&self) -> &str {
        self.clean.text()
    }

    /// What was recognised besides words.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The bytes of the raw text that the bytes `clean` of [`Message::clean`] were made from.
    ///
    /// The answer lies within the raw text, on character boundaries, and covers whole characters (a
    /// mention, an emoji name, a link: the whole of what was replaced). A range that reaches beyond
    /// the end is cut to it.
    pub fn raw_span(&self, clean: Range<usize>) -> Range<usize> {
        self.clean.origin(clean)
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("raw", &self.raw).field("parts", &self.parts).finish_non_exhaustive()
    }
}
