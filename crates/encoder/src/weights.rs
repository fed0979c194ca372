//! `model.safetensors`, read without a copy and checked tensor by tensor.

use half::{bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::error::EncoderError;
use crate::files::{Bytes, Files};
use crate::matrix::{Matrix, Values};

/// The tensors of one weights file.
///
/// Besides f32, f16 and bf16 it reads our int8 layout: a matrix `X` of type I8 with its scales in
/// `X_scale` (f32, one a row), meaning `w[r][c] = q[r][c] · scale[r]`.
#[derive(Debug)]
pub struct Weights {
    file: String,
    bytes: Bytes,
}

/// Name of the weights file in a model directory.
pub const WEIGHTS_FILE: &str = "model.safetensors";

impl Weights {
    /// Open and check the header.
    pub fn open(files: &Files) -> Result<Self, EncoderError> {
        let weights = Weights { file: files.describe(WEIGHTS_FILE), bytes: files.read(WEIGHTS_FILE)? };
        weights.tensors()?;
        Ok(weights)
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

    fn tensors(&self) -> Result<SafeTensors<'_>, EncoderError> {
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
        let data = view.data();
        // The header fixes the byte count for the shape, so every chunk is whole.
        let values: Vec<f32> = match view.dtype() {
            Dtype::F32 => data.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect(),
            Dtype::F16 => data.as_chunks().0.iter().map(|&b| f16::from_le_bytes(b).to_f32()).collect(),
            Dtype::BF16 => data.as_chunks().0.iter().map(|&b| bf16::from_le_bytes(b).to_f32()).collect(),
            other => {
                return Err(EncoderError::Type {
                    file: self.file.clone(),
                    tensor: tensor.to_owned(),
                    found: format!("{other:?}"),
                    expected: "F32, F16, BF16 (or I8 with a scale a row for a matrix)",
                });
            }
        };
        if values.iter().all(|v| v.is_finite()) {
            Ok(values)
        } else {
            Err(EncoderError::NotFinite { file: self.file.clone(), tensor: tensor.to_owned() })
        }
    }
}
