//! The tokens of several texts, or pairs of texts, without padding.

use std::ops::Range;

/// Sequences of tokens, one after the other, without padding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    pub(crate) ids: Vec<u32>,
    pub(crate) types: Vec<u8>,
    pub(crate) sequences: Vec<Range<usize>>,
    truncated: Vec<bool>,
}

impl Batch {
    /// Number of sequences.
    pub fn len(&self) -> usize {
        self.sequences.len()
    }

    /// No sequences at all.
    pub fn is_empty(&self) -> bool {
        self.sequences.is_empty()
    }

    /// Tokens of all sequences together, special tokens included.
    pub fn tokens(&self) -> usize {
        self.ids.len()
    }

    /// Was text `i` longer than the model reads? Then only its last part is in the batch. Of a pair
    /// it is the first text that is cut.
    pub fn truncated(&self, i: usize) -> bool {
        self.truncated[i]
    }

    /// The token ids of sequence `i`, special tokens included.
    pub fn ids(&self, i: usize) -> &[u32] {
        &self.ids[self.sequences[i].clone()]
    }

    /// The token types of sequence `i`, as the tokenizer's post-processor numbers them: usually 0
    /// for a single text and for the first of a pair, 1 for the second. Families without token types
    /// do not look at them.
    pub fn types(&self, i: usize) -> &[u8] {
        &self.types[self.sequences[i].clone()]
    }

    /// The same sequences in the same order as batches of at most `max_tokens` tokens each; a
    /// sequence that is longer has a batch of its own.
    ///
    /// What a model says of a sequence does not depend on its company, so the parts' logits, one
    /// after the other, are the whole batch's.
    pub fn parts(&self, max_tokens: usize) -> impl Iterator<Item = Batch> + '_ {
        let mut next = 0;
        std::iter::from_fn(move || {
            let first = next;
            let start = self.sequences.get(first)?.start;
            next += 1;
            while self.sequences.get(next).is_some_and(|s| s.end - start <= max_tokens) {
                next += 1;
            }
            Some(self.part(first..next))
        })
    }

    /// The sequences with these numbers, in this order.
    ///
    /// # Panics
    /// If there is no such sequence.
    #[must_use]
    pub fn select(&self, members: &[usize]) -> Batch {
        let mut selected = Batch::default();
        for &i in members {
            let types = self.types(i).iter().copied();
            selected.push(self.ids(i).iter().copied().zip(types), self.truncated(i));
        }
        selected
    }

    fn part(&self, members: Range<usize>) -> Batch {
        let rows = self.sequences[members.start].start..self.sequences[members.end - 1].end;
        let sequences = &self.sequences[members.clone()];
        Batch {
            ids: self.ids[rows.clone()].to_vec(),
            types: self.types[rows.clone()].to_vec(),
            sequences: sequences.iter().map(|s| s.start - rows.start..s.end - rows.start).collect(),
            truncated: self.truncated[members].to_vec(),
        }
    }

    /// Append one sequence of `(token, type)`.
    pub(crate) fn push(&mut self, tokens: impl IntoIterator<Item = (u32, u8)>, truncated: bool) {
        let start = self.ids.len();
        for (id, kind) in tokens {
            self.ids.push(id);
            self.types.push(kind);
        }
        self.sequences.push(start..self.ids.len());
        self.truncated.push(truncated);
    }
}

#[cfg(test)]
mod tests {
    use super::Batch;

    fn of_lengths(lengths: &[usize]) -> Batch {
        let mut batch = Batch::default();
        for (i, &n) in lengths.iter().enumerate() {
            batch.push((0..n).map(|t| ((10 * i + t) as u32, (t % 2) as u8)), n > 5);
        }
        batch
    }

    #[test]
    fn parts_keep_every_sequence_in_order_and_within_the_budget() {
        let batch = of_lengths(&[3, 4, 7, 1, 1, 2]);
        let parts: Vec<Batch> = batch.parts(7).collect();
        assert_eq!(parts.iter().map(Batch::len).collect::<Vec<_>>(), [2, 1, 3]);
        let mut joined = Batch::default();
        for part in &parts {
            assert!(part.tokens() <= 7);
            for i in 0..part.len() {
                let types = part.types(i).iter().copied();
                joined.push(part.ids(i).iter().copied().zip(types), part.truncated(i));
            }
        }
        assert_eq!(joined, batch);
    }

    #[test]
    fn selected_sequences_are_whole_and_in_the_order_asked_for() {
        let batch = of_lengths(&[3, 7, 1]);
        let selected = batch.select(&[2, 1]);
        assert_eq!((selected.len(), selected.tokens()), (2, 8));
        assert_eq!((selected.ids(0), selected.ids(1)), (batch.ids(2), batch.ids(1)));
        assert_eq!((selected.truncated(0), selected.truncated(1)), (false, true));
        assert_eq!(batch.select(&[0, 1, 2]), batch);
    }

    #[test]
    fn a_sequence_above_the_budget_goes_alone_and_nothing_gives_nothing() {
        let lengths: Vec<usize> = of_lengths(&[2, 9, 2]).parts(4).map(|b| b.tokens()).collect();
        assert_eq!(lengths, [2, 9, 2]);
        assert_eq!(of_lengths(&[1, 1]).parts(0).count(), 2);
        assert_eq!(Batch::default().parts(4).count(), 0);
    }
}
