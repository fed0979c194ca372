//! `model.safetensors`, read without a copy and checked tensor by tensor.

use std::collections::{BTreeMap, BTreeSet};

use half::{bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::error::EncoderError;
use crate::files::{Bytes, Files};
use crate::keep::{self, Keep};
use crate::kernels::Precision;
use crate::matrix::{Matrix, Values};

/// The tensors of one weights file.
///
/// Besides f32, f16 and bf16 it reads our int8 layout: a matrix `X` of type I8 with its scales in
/// `X_scale` (f32, one a row), meaning `w[r][c] = q[r][c] · scale[r]`.
#[derive(Debug)]
pub struct Weights {
    file: String,
    bytes: Bytes,
    /// Matrices that the file itself says are to run in f32.
    marked: BTreeSet<String>,
    /// Those that the caller wants in f32.
    keep: Vec<Keep>,
}

/// Key of the safetensors metadata that names, comma-separated, the matrices which stay in f32 when
/// the model runs in int8.
pub(crate) const KEEP_F32: &str = "ash.keep_f32";

/// Name of the weights file in a model directory.
pub const WEIGHTS_FILE: &str = "model.safetensors";

impl Weights {
    /// Open and check the header.
    pub fn open(files: &Files) -> Result<Self, EncoderError> {
        let (file, bytes) = (files.describe(WEIGHTS_FILE), files.read(WEIGHTS_FILE)?);
        let mut weights = Weights { file, bytes, marked: BTreeSet::new(), keep: files.keep().to_vec() };
        weights.tensors()?;
        if let Some(names) = weights.metadata().get(KEEP_F32) {
            weights.marked = names.split(',').map(ToOwned::to_owned).collect();
        }
        Ok(weights)
    }

    /// Must this matrix run in f32 even in an int8 model? The file says so in its metadata
    /// (`ash.keep_f32`), or the caller of [`Files::keeping_f32`] does.
    pub fn keeps_f32(&self, tensor: &str) -> bool {
        self.marked.contains(tensor) || keep::keeps(&self.keep, tensor)
    }

    /// The precision in which this matrix runs in a model of precision `asked`.
    pub fn precision(&self, tensor: &str, asked: Precision) -> Precision {
        if self.keeps_f32(tensor) { Precision::F32 } else { asked }
    }

    /// Is there a tensor of this name?
    pub fn has(&self, tensor: &str) -> bool {
        self.tensors().is_ok_and(|t| t.tensor(tensor).is_ok())
    }

    /// How many rows a tensor has; 0 if there is none of this name.
    pub fn rows(&self, tensor: &str) -> usize {
        let tensors = self.tensors().ok();
        tensors.and_then(|t| t.tensor(tensor).ok()?.shape().first().copied()).unwrap_or(0)
    }

    /// The names of all tensors.
    pub fn names(&self) -> Vec<String> {
        self.tensors().map(|t| t.names().into_iter().map(ToOwned::to_owned).collect()).unwrap_or_default()
    }

    /// Size of the file in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// The free-form entries of the header.
    pub(crate) fn metadata(&self) -> BTreeMap<String, String> {
        let header = SafeTensors::read_metadata(&self.bytes).ok();
        let entries = header.and_then(|(_, header)| header.metadata().clone());
        entries.unwrap_or_default().into_iter().collect()
    }

    /// How most of the file is stored: `f32`, `f16`, `bf16`, `int8`; `int8+f32` if it keeps matrices
    /// in f32.
    pub fn stored_precision(&self) -> String {
        let mut bytes: BTreeMap<String, usize> = BTreeMap::new();
        for (_, view) in self.tensors().map(|t| t.tensors()).unwrap_or_default() {
            *bytes.entry(format!("{:?}", view.dtype()).to_lowercase()).or_default() += view.data().len();
        }
        match bytes.iter().max_by_key(|(_, bytes)| **bytes) {
            _ if !self.marked.is_empty() && bytes.contains_key("i8") => "int8+f32".to_owned(),
            _ if bytes.contains_key("i8") => "int8".to_owned(),
            most => most.map_or_else(String::new, |(dtype, _)| dtype.clone()),
        }
    }

    /// A vector of `len` numbers, as f32.
    pub fn vector(&self, tensor: &str, len: usize) -> Result<Vec<f32>, EncoderError> {
        self.floats(tensor, &[len])
    }

    /// A tensor of any shape, row-major, as f32.
    pub fn tensor(&self, tensor: &str, shape: &[usize]) -> Result<Vec<f32>, EncoderError> {
        self.floats(tensor, shape)
    }

    /// A matrix of `rows` × `cols`, in the type it has in the file (half types become f32).
    pub fn matrix(&self, tensor: &str, rows: usize, cols: usize) -> Result<Matrix, EncoderError> {
        let view = self.view(tensor, &[rows, cols])?;
        if view.dtype() != Dtype::I8 {
            return Ok(Matrix { rows, cols, values: Values::F32(self.floats(tensor, &[rows, cols])?) });
        }
        let scales = self.vector(&format!("{tensor}_scale"), rows)?;
        let quantised = view.data().iter().map(|&b| b.cast_signed()).collect();
        Ok(Matrix { rows, cols, values: Values::Int8 { quantised, scales } })
    }

    pub(crate) fn tensors(&self) -> Result<SafeTensors<'_>, EncoderError> {
        SafeTensors::deserialize(&self.bytes)
            .map_err(|e| EncoderError::Invalid { file: self.file.clone(), why: e.to_string() })
    }

    fn view(&self, tensor: &str, expected: &[usize]) -> Result<TensorView<'_>, EncoderError> {
        let view = self.tensors()?.tensor(tensor).map_err(|_| EncoderError::NoTensor {
            file: self.file.clone(),
            tensor: tensor.to_owned(),
            expected: expected.to_vec(),
        })?;
        if view.shape() != expected {
            return Err(EncoderError::Shape {
                file: self.file.clone(),
                tensor: tensor.to_owned(),
                expected: expected.to_vec(),
                found: view.shape().to_vec(),
            });
        }
        Ok(view)
    }

    fn floats(&self, tensor: &str, shape: &[usize]) -> Result<Vec<f32>, EncoderError> {
        let view = self.view(tensor, shape)?;
        let values = floats(view.dtype(), view.data()).ok_or_else(|| EncoderError::Type {
            file: self.file.clone(),
            tensor: tensor.to_owned(),
            found: format!("{:?}", view.dtype()),
            expected: "F32, F16, BF16 (or I8 with a scale a row for a matrix)",
        })?;
        if values.iter().all(|v| v.is_finite()) {
            Ok(values)
        } else {
            Err(EncoderError::NotFinite { file: self.file.clone(), tensor: tensor.to_owned() })
        }
    }
}

/// The numbers of a float tensor, or of a part of one; none of another type. The header fixes the
/// byte count for the shape, so every chunk is whole.
pub(crate) fn floats(dtype: Dtype, data: &[u8]) -> Option<Vec<f32>> {
    match dtype {
        Dtype::F32 => Some(data.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect()),
        Dtype::F16 => Some(data.as_chunks().0.iter().map(|&b| f16::from_le_bytes(b).to_f32()).collect()),
        Dtype::BF16 => Some(data.as_chunks().0.iter().map(|&b| bf16::from_le_bytes(b).to_f32()).collect()),
        _ => None,
    }
}
