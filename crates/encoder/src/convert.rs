//! A weights file in floats → the same weights in our int8 layout, a few rows at a time.
//!
//! What becomes int8 and how is defined once: the names in [`crate::keep`], the grid in
//! `Matrix::into_int8`, which is also what loading a float file with [`Precision::Int8`] goes
//! through. So a converted file gives, bit for bit, what the original gives when it is quantised on
//! the way in; it only loads faster and is a quarter of the size.
//!
//! The source is mapped, not read, and no more than a block of rows is held at once.
//!
//! [`Precision::Int8`]: crate::Precision::Int8

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde_json::{Map, Value, json};

use crate::error::EncoderError;
use crate::files::Files;
use crate::keep::{self, Keep};
use crate::matrix::{Matrix, Values};
use crate::weights::{KEEP_F32, WEIGHTS_FILE, Weights, floats};

/// Rows that one task quantises.
const CHUNK: usize = 128;
/// Rows in memory at once: 2,048 × 3,072 floats are 24 MiB.
const BLOCK: usize = 2048;

/// A weights file could not be converted.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] EncoderError),
    /// There is nothing left to do.
    #[error("{0} is int8 already")]
    AlreadyInt8(String),
    /// Nothing in the file is a layer or a word table of an encoder.
    #[error("{0} has no matrix to quantise: no `….layer.N.….weight` and no word table in f32, f16 or bf16")]
    NothingToQuantise(String),
    /// A pattern that keeps nothing is a slip of the pen.
    #[error(
        "nothing to keep in f32 matches {pattern:?}: there are {layers} layers, `embeddings`, and names such as {example}"
    )]
    KeepsNothing {
        /// The pattern.
        pattern: String,
        /// How the layers are numbered: `0 to 11`.
        layers: String,
        /// A tensor's name.
        example: String,
    },
    /// The result cannot be written.
    #[error("cannot write {}: {source}", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// What a conversion did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// Matrices that are int8 now.
    pub quantised: usize,
    /// Matrices that would be, but are kept in f32, by name.
    pub kept_f32: Vec<String>,
    /// Size of the source in bytes.
    pub bytes_before: u64,
    /// Size of the result in bytes.
    pub bytes_after: u64,
}

/// Write the int8 form of the weights in `files` to `folder/model.safetensors`, keeping in f32 what
/// [`Files::keeping_f32`] names. `progress` is told `(bytes written, bytes in all)` now and then.
///
/// The file appears under its name only when it is whole.
///
/// # Errors
/// A source that is no float model, a pattern that matches nothing, a disk that is full. Nothing is
/// left behind then.
pub fn quantise(
    files: &Files,
    folder: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Converted, ConvertError> {
    let weights = Weights::open(files)?;
    let source = files.describe(WEIGHTS_FILE);
    let plan = Plan::of(&weights, files.keep(), &source)?;
    let part = folder.join(format!("{WEIGHTS_FILE}.part"));
    let written = plan.write(&part, &source, progress);
    let written = written.and_then(|bytes| {
        let file = folder.join(WEIGHTS_FILE);
        fs::rename(&part, &file).map_err(|source| ConvertError::Write { file, source })?;
        Ok(bytes)
    });
    let bytes_after = written.inspect_err(|_| drop(fs::remove_file(&part)))?;
    Ok(Converted {
        quantised: plan.tensors.iter().filter(|t| t.form == Form::Int8).count(),
        kept_f32: plan.kept,
        bytes_before: weights.size(),
        bytes_after,
    })
}

/// The numbers of layers that a weights file has, in order.
pub fn layers(files: &Files) -> Result<Vec<usize>, EncoderError> {
    let names = Weights::open(files)?.names();
    let layers: std::collections::BTreeSet<usize> = names.iter().filter_map(|n| keep::layer_of(n)).collect();
    Ok(layers.into_iter().collect())
}

/// How a tensor of the result is made from one of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// The scales of an int8 matrix.
    Scales,
    /// Floats of any width as f32.
    Float,
    /// The bytes of a type that is no float.
    Same,
    /// The integers of an int8 matrix.
    Int8,
}

struct Tensor<'w> {
    name: String,
    form: Form,
    source: TensorView<'w>,
}

impl Tensor<'_> {
    fn rows(&self) -> usize {
        self.source.shape().first().copied().unwrap_or(1)
    }

    fn header(&self) -> (String, Vec<usize>, usize) {
        let shape = self.source.shape().to_vec();
        let elements: usize = shape.iter().product();
        match self.form {
            Form::Scales => ("F32".to_owned(), vec![self.rows()], self.rows() * 4),
            Form::Float => ("F32".to_owned(), shape, elements * 4),
            Form::Int8 => ("I8".to_owned(), shape, elements),
            Form::Same => (format!("{:?}", self.source.dtype()), shape, self.source.data().len()),
        }
    }
}

struct Plan<'w> {
    tensors: Vec<Tensor<'w>>,
    kept: Vec<String>,
    metadata: BTreeMap<String, String>,
}

impl<'w> Plan<'w> {
    fn of(weights: &'w Weights, keep: &[Keep], source: &str) -> Result<Self, ConvertError> {
        let mut all = weights.tensors()?.tensors();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        let is_float = |t: &TensorView| matches!(t.dtype(), Dtype::F32 | Dtype::F16 | Dtype::BF16);
        let candidate = |name: &str, t: &TensorView| {
            keep::is_quantised(name) && name.ends_with(".weight") && t.shape().len() == 2
        };
        let (mut tensors, mut kept) = (Vec::new(), Vec::new());
        let mut int8 = 0;
        for (name, view) in &all {
            let wide = candidate(name, view);
            int8 += usize::from(wide && view.dtype() == Dtype::I8);
            if wide && is_float(view) && !weights.keeps_f32(name) {
                let source = |form, name| Tensor { name, form, source: view.clone() };
                tensors.push(source(Form::Scales, format!("{name}_scale")));
                tensors.push(source(Form::Int8, name.clone()));
                continue;
            }
            if wide && is_float(view) {
                kept.push(name.clone());
            }
            let form = if is_float(view) { Form::Float } else { Form::Same };
            tensors.push(Tensor { name: name.clone(), form, source: view.clone() });
        }
        if !tensors.iter().any(|t| t.form == Form::Int8) {
            if int8 > 0 {
                return Err(ConvertError::AlreadyInt8(source.to_owned()));
            }
            if kept.is_empty() {
                return Err(ConvertError::NothingToQuantise(source.to_owned()));
            }
        }
        for pattern in keep {
            if !kept.iter().any(|name| pattern.matches(name)) {
                return Err(keeps_nothing(pattern, &all));
            }
        }
        // Wide types first, so that every number lies at a multiple of its own size.
        tensors.sort_by(|a, b| (width(b), &a.name).cmp(&(width(a), &b.name)));
        let mut metadata = weights.metadata();
        if !kept.is_empty() {
            metadata.insert(KEEP_F32.to_owned(), kept.join(","));
        }
        Ok(Plan { tensors, kept, metadata })
    }

    /// Header and data; the number of bytes of both.
    fn write(
        &self,
        to: &Path,
        source: &str,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<u64, ConvertError> {
        let failed = |source| ConvertError::Write { file: to.to_owned(), source };
        let (header, data) = self.header();
        let total = header.len() as u64 + data;
        let mut written = header.len() as u64;
        let mut out = BufWriter::with_capacity(1 << 20, File::create(to).map_err(failed)?);
        out.write_all(&header).map_err(failed)?;
        for tensor in &self.tensors {
            let rows = tensor.rows().max(1);
            let block = (tensor.source.data().len() / rows * BLOCK).max(1);
            for bytes in tensor.source.data().chunks(block) {
                let made = made(tensor, bytes).ok_or_else(|| EncoderError::NotFinite {
                    file: source.to_owned(),
                    tensor: tensor.name.clone(),
                })?;
                out.write_all(&made).map_err(failed)?;
                written += made.len() as u64;
                progress(written, total);
            }
        }
        let file = out.into_inner().map_err(|e| failed(e.into_error()))?;
        file.sync_all().map_err(failed)?;
        Ok(written)
    }

    /// The safetensors header (8 bytes of length, JSON, padded to a multiple of 8) and the size of
    /// the data behind it.
    fn header(&self) -> (Vec<u8>, u64) {
        let mut header = Map::new();
        if !self.metadata.is_empty() {
            header.insert("__metadata__".to_owned(), json!(self.metadata));
        }
        let mut end = 0;
        for tensor in &self.tensors {
            let (dtype, shape, bytes) = tensor.header();
            let start = end;
            end += bytes;
            let entry = json!({"dtype": dtype, "shape": shape, "data_offsets": [start, end]});
            header.insert(tensor.name.clone(), entry);
        }
        let mut text = Value::Object(header).to_string().into_bytes();
        text.resize(text.len().next_multiple_of(8), b' ');
        let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
        bytes.append(&mut text);
        (bytes, end as u64)
    }
}

/// Bytes of one number in the result.
fn width(tensor: &Tensor) -> usize {
    match tensor.form {
        Form::Scales | Form::Float => 4,
        Form::Int8 => 1,
        Form::Same => tensor.source.dtype().bitsize() / 8,
    }
}

/// The result's bytes for some whole rows of a tensor; none if a number in them is not finite.
fn made(tensor: &Tensor, bytes: &[u8]) -> Option<Vec<u8>> {
    if tensor.form == Form::Same {
        return Some(bytes.to_vec());
    }
    let values = floats(tensor.source.dtype(), bytes)?;
    if !values.iter().all(|v| v.is_finite()) {
        return None;
    }
    if tensor.form == Form::Float {
        return Some(values.iter().flat_map(|v| v.to_le_bytes()).collect());
    }
    let cols = tensor.source.shape()[1];
    let chunks = values.par_chunks(CHUNK * cols.max(1)).map(|chunk| {
        let rows = chunk.len() / cols;
        let (quantised, scales) = Matrix { rows, cols, values: Values::F32(chunk.to_vec()) }.into_int8(127);
        match tensor.form {
            Form::Scales => scales.iter().flat_map(|s| s.to_le_bytes()).collect::<Vec<u8>>(),
            _ => quantised.iter().map(|q| q.cast_unsigned()).collect(),
        }
    });
    Some(chunks.collect::<Vec<_>>().concat())
}

fn keeps_nothing(pattern: &Keep, all: &[(String, TensorView)]) -> ConvertError {
    let names =
        || all.iter().map(|(name, _)| name).filter(|n| keep::is_quantised(n) && n.ends_with(".weight"));
    let last = names().filter_map(|n| keep::layer_of(n)).max();
    ConvertError::KeepsNothing {
        pattern: pattern.to_string(),
        layers: last.map_or_else(|| "no".to_owned(), |last| format!("0 to {last}")),
        example: names().rfind(|n| n.contains("dense")).cloned().unwrap_or_default(),
    }
}
