//! A text that remembers which bytes of its source every character came from.

use std::ops::Range;

/// Where one character came from.
#[derive(Clone, Copy)]
struct Anchor {
    /// Its first byte in the text.
    at: u32,
    /// The bytes of the source that it stands for.
    from: u32,
    to: u32,
}

/// One replacement: the bytes to take out and what to put there.
pub(crate) type Edit<'a> = (Range<usize>, std::borrow::Cow<'a, str>);

/// A rewritten text with its way back to the source. Prints nothing: it holds message text.
#[derive(Clone)]
pub(crate) struct Traced {
    text: String,
    anchors: Vec<Anchor>,
    /// Length of the source.
    source: u32,
}

impl Traced {
    /// The source itself.
    pub(crate) fn new(source: &str) -> Self {
        let mut traced = Self::empty(offset(source.len()));
        for (i, c) in source.char_indices() {
            traced.push(c, i..i + c.len_utf8());
        }
        traced
    }

    fn empty(source: u32) -> Self {
        Self { text: String::new(), anchors: Vec::new(), source }
    }

    fn push(&mut self, c: char, from: Range<usize>) {
        self.anchors.push(Anchor {
            at: offset(self.text.len()),
            from: offset(from.start),
            to: offset(from.end),
        });
        self.text.push(c);
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The bytes of the source behind `range` of the text; cut to the text, and widened to whole characters.
    pub(crate) fn origin(&self, range: Range<usize>) -> Range<usize> {
        let first = self.anchor_at(range.start);
        if range.start >= range.end {
            let here = first.map_or(self.source, |i| self.anchors[i].from) as usize;
            return here..here;
        }
        let (Some(first), Some(last)) =
            (first, self.anchor_at((range.end - 1).min(self.text.len().saturating_sub(1))))
        else {
            return self.source as usize..self.source as usize;
        };
        self.anchors[first].from as usize..self.anchors[last].to as usize
    }

    /// The character that holds byte `at`; none beyond the end.
    fn anchor_at(&self, at: usize) -> Option<usize> {
        if at >= self.text.len() {
            return None;
        }
        Some(self.anchors.partition_point(|a| a.at as usize <= at) - 1)
    }

    /// Applies `edits`, which lie on character boundaries, in order, without overlap.
    ///
    /// What is put in stands for all that was taken out.
    pub(crate) fn edit(self, edits: &[Edit<'_>]) -> Self {
        if edits.is_empty() {
            return self;
        }
        let mut out = Self::empty(self.source);
        let mut done = 0;
        for (range, with) in edits {
            out.copy(&self, done..range.start);
            let from = self.origin(range.clone());
            for c in with.chars() {
                out.push(c, from.clone());
            }
            done = range.end;
        }
        out.copy(&self, done..self.text.len());
        out
    }

    fn copy(&mut self, other: &Self, range: Range<usize>) {
        let first = other.anchors.partition_point(|a| (a.at as usize) < range.start);
        let origins = other.anchors[first..].iter().map(|a| a.from as usize..a.to as usize);
        for (c, from) in other.text[range].chars().zip(origins) {
            self.push(c, from);
        }
    }
}

/// Offsets are kept in 32 bits: [`crate::MessageText::MAX_BYTES`] is far below, and what could not be
/// held (no path leads there) would point at the end.
fn offset(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_leads_back_to_its_source() {
        let t = Traced::new("aé<b>c");
        let t = t.edit(&[(3..6, "xyz".into())]);
        assert_eq!(t.text(), "aéxyzc");
        assert_eq!(t.origin(1..3), 1..3);
        assert_eq!(t.origin(2..3), 1..3, "half a character is the whole character");
        assert_eq!(t.origin(4..5), 3..6, "a part of a replacement is all of what it replaced");
        assert_eq!(t.origin(6..7), 6..7);
    }

    #[test]
    fn edits_of_edits_still_lead_to_the_first_source() {
        let t = Traced::new("one two")
            .edit(&[(0..3, "1".into())])
            .edit(&[(0..1, "I".into()), (2..5, "II".into())]);
        assert_eq!(t.text(), "I II");
        assert_eq!(t.origin(0..1), 0..3);
        assert_eq!(t.origin(2..4), 4..7);
    }

    #[test]
    fn ranges_beyond_the_end_are_cut() {
        let t = Traced::new("ab");
        assert_eq!(t.origin(1..9), 1..2);
        assert_eq!(t.origin(7..9), 2..2);
        assert_eq!(t.origin(1..1), 1..1);
        assert_eq!(Traced::new("").origin(0..1), 0..0);
    }
}
