//! What normalisation recognised in a message besides its words.

use std::ops::Range;

/// The kinds of markup that are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartKind {
    /// A user or role, `<@123>`, `<@&1>`; read as "@someone".
    Mention,
    /// A channel, `<#123>`; read as "#channel".
    Channel,
    /// A point in time, `<t:123:R>`; read as "that time".
    Time,
    /// A custom emoji, `<:name:123>`; read as its name.
    Emoji,
    /// A link; read as "link".
    Url,
    /// A fenced block of code.
    CodeBlock,
    /// A few words between single backticks.
    InlineCode,
    /// A line, or a rest of the message, that quotes somebody.
    Quote,
    /// Text that readers must click to see.
    Spoiler,
}

/// One recognised piece of the raw text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Where it is, with its markers, in bytes of the raw text.
    pub raw: Range<usize>,
    /// Its words are part of what the models read. False for code blocks and for quotes beside enough of
    /// the author's own words: those are not what the author says.
    pub read: bool,
}

/// All recognised pieces, in the order of their beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts(Vec<Part>);

impl Parts {
    pub(crate) fn push(&mut self, kind: PartKind, raw: Range<usize>, read: bool) {
        self.0.push(Part { kind, raw, read });
    }

    pub(crate) fn sort(&mut self) {
        self.0.sort_by_key(|p| (p.raw.start, p.raw.end));
    }

    /// Every piece.
    pub fn iter(&self) -> std::slice::Iter<'_, Part> {
        self.0.iter()
    }

    /// How many there are of a kind.
    pub fn count(&self, kind: PartKind) -> usize {
        self.iter().filter(|p| p.kind == kind).count()
    }

    /// Quoted words are part of what the models read, for want of enough of the author's own: what the
    /// message says may be somebody else's.
    pub fn reads_quote(&self) -> bool {
        self.iter().any(|p| p.kind == PartKind::Quote && p.read)
    }

    /// The message is nothing but code blocks, whose content was read for want of other words.
    pub fn reads_code(&self) -> bool {
        self.iter().any(|p| p.kind == PartKind::CodeBlock && p.read)
    }
}

impl<'a> IntoIterator for &'a Parts {
    type Item = &'a Part;
    type IntoIter = std::slice::Iter<'a, Part>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
