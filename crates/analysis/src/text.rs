//! The text of a message, kept out of everything that prints.

use std::fmt;
use std::sync::Arc;

/// What somebody wrote. It has no `Display` and no `Serialize`, and its `Debug` tells only a length, so
/// that it cannot reach a log, a metric or an error by accident. The one way in is [`MessageText::parse`],
/// the one way out is [`MessageText::expose`]. Cloning shares the text.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageText(Arc<str>);

impl MessageText {
    /// The longest text, in bytes of UTF-8.
    ///
    /// Models read the last 512 tokens at most, some 3,000 bytes; a chat message rarely has more than
    /// 4,000 characters. This limit lies far above both and well below the limit of an HTTP body, so that
    /// no single message can keep a core busy and the sender gets an error about the message, not about
    /// the request.
    pub const MAX_BYTES: usize = 100_000;

    /// Takes a text that has something to read in it and is not too long.
    pub fn parse(raw: &str) -> Result<Self, TextError> {
        if raw.len() > Self::MAX_BYTES {
            return Err(TextError::TooLong { bytes: raw.len(), limit: Self::MAX_BYTES });
        }
        if raw.chars().all(|c| is_space(c) || is_invisible(c)) {
            return Err(TextError::Blank);
        }
        Ok(Self(Arc::from(raw)))
    }

    /// The text itself. Named so that every place which reads it can be found.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for MessageText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageText(<{} bytes>)", self.0.len())
    }
}

/// Why a text is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing to read: only white space, control characters or characters without a width.
    #[error("the message is blank")]
    Blank,
    /// More than [`MessageText::MAX_BYTES`].
    #[error("the message has {bytes} bytes; at most {limit} are accepted")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The longest length accepted.
        limit: usize,
    },
}

/// Looks like a space: white space, the blank Braille cell and the Hangul fillers.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{2800}' | '\u{3164}' | '\u{115F}' | '\u{1160}' | '\u{FFA0}')
}

/// Leaves no mark on the screen, or stands for a byte that was lost: control and format characters,
/// joiners, variation selectors, tags, and U+FFFD.
///
/// Joiners and selectors matter to how an emoji is drawn, not to what it says, and the tokenisers of
/// the models drop them too; removed between letters they undo a common way of hiding a word.
pub(crate) fn is_invisible(c: char) -> bool {
    !is_space(c)
        && (c.is_control()
            || matches!(c,
                '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
                | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
                | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFD}'
                | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_anything_to_read_is_blank() {
        for raw in
            ["", " ", "\n\t\r", "\u{200B}\u{200D}", "\0\u{7}", "\u{3164}", "\u{2800} \u{FEFF}", "\u{FFFD}"]
        {
            assert_eq!(MessageText::parse(raw), Err(TextError::Blank), "{raw:?}");
        }
    }

    #[test]
    fn anything_to_read_is_a_message_and_is_kept_byte_for_byte() {
        for raw in [".", "?", "💔", " a ", "\u{200B}no", "か"] {
            assert_eq!(MessageText::parse(raw).expect(raw).expose(), raw);
        }
    }

    #[test]
    fn the_limit_is_in_bytes_and_inclusive() {
        let longest = "a".repeat(MessageText::MAX_BYTES);
        assert!(MessageText::parse(&longest).is_ok());
        let error = MessageText::parse(&(longest + "é")).unwrap_err();
        assert_eq!(error, TextError::TooLong { bytes: 100_002, limit: 100_000 });
        assert_eq!(error.to_string(), "the message has 100002 bytes; at most 100000 are accepted");
    }

    #[test]
    fn debug_tells_the_length_and_nothing_else() {
        let text = MessageText::parse("a secret").expect("text");
        assert_eq!(format!("{text:?}"), "MessageText(<8 bytes>)");
    }
}
