//! The operations, and how much work they are.

/// What a layer, or the way to or from the layers, consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Op {
    /// Rows of the word table, with what is added to them.
    Embeddings,
    /// From the words' width to the layers'.
    Projection,
    /// Rows of f32 → u8, before int8 products.
    Quantise,
    /// The product that makes queries.
    Query,
    /// The product that makes keys and values.
    KeyValue,
    /// The position vectors that a batch needs, cut out of their tables.
    Positions,
    /// Scores, softmax and values of all heads, fused.
    Attention,
    /// The product behind attention.
    AttentionOutput,
    /// The product that widens, with its GELU, fused.
    Intermediate,
    /// The product that narrows.
    Output,
    /// Residual connection and norm, fused.
    Norm,
    /// The convolution beside a first layer.
    Convolution,
    /// Token vectors → one a sequence.
    Pooling,
    /// The product that makes logits.
    Heads,
}

impl Op {
    /// Its name for people. What is fused is named together, for it cannot be timed apart.
    pub const fn name(self) -> &'static str {
        match self {
            Op::Embeddings => "embeddings",
            Op::Projection => "embedding projection",
            Op::Quantise => "quantise",
            Op::Query => "query",
            Op::KeyValue => "key + value",
            Op::Positions => "position tables",
            Op::Attention => "attention",
            Op::AttentionOutput => "attention output",
            Op::Intermediate => "intermediate + GELU",
            Op::Output => "output",
            Op::Norm => "residual + norm",
            Op::Convolution => "convolution",
            Op::Pooling => "pooling",
            Op::Heads => "heads",
        }
    }

    /// Is it a product with weights?
    pub const fn is_product(self) -> bool {
        matches!(
            self,
            Op::Projection
                | Op::Query
                | Op::KeyValue
                | Op::AttentionOutput
                | Op::Intermediate
                | Op::Output
                | Op::Convolution
                | Op::Pooling
                | Op::Heads
        )
    }
}

/// What an operation calculates with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// Products of bytes, summed in 32 bits.
    Int8,
    /// 32-bit floats.
    F32,
    /// Nothing worth counting: it moves numbers.
    Moves,
}

/// How much work an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    /// What it calculates with.
    pub arithmetic: Arithmetic,
    /// Multiplications and additions, each of them one; of products only.
    pub operations: u64,
    /// Bytes that it must read and write at least, wherever they lie: operands, each as often as it passes over
    /// them, and results.
    pub bytes: u64,
    /// Those of them that are weights, and so come from far: a model has more of them than a cache holds.
    pub weights: u64,
    /// Rows (tokens, or sequences) that it works on.
    pub rows: u64,
}

impl Work {
    /// `rows` rows, of which so many numbers of 4 bytes are read and written.
    pub(crate) fn moves(rows: usize, numbers: usize) -> Self {
        Work {
            arithmetic: Arithmetic::Moves,
            operations: 0,
            bytes: (numbers * size_of::<f32>()) as u64,
            weights: 0,
            rows: rows as u64,
        }
    }
}
