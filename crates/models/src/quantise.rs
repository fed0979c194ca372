//! A model in floats → a new folder with the same model in int8.

use std::fs;
use std::io;
use std::path::Path;

use ash_encoder::Keep;
use ash_encoder::convert::{self, Converted};

use crate::digest::Digests;
use crate::error::ModelError;
use crate::record::{FileRecord, Quantised, Record};
use crate::store::{Entry, FILES, precision};

/// Writes the int8 form of a model to the new folder `to`: converted weights, the other files
/// copied, and a record. `progress` is told `(bytes written, bytes in all)`.
///
/// # Errors
/// A folder that has something in it, weights that are no floats, a pattern that matches nothing.
/// A folder that did not exist before does not exist then.
pub fn quantise(
    model: &Entry,
    keep: &[Keep],
    to: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Converted, ModelError> {
    let failed = |source: io::Error| ModelError::File { file: to.to_owned(), source };
    let existed = to.exists();
    if existed && fs::read_dir(to).map_err(failed)?.next().is_some() {
        return Err(ModelError::NotEmpty(to.to_owned()));
    }
    fs::create_dir_all(to).map_err(failed)?;
    let done = write(model, keep, to, progress);
    if done.is_err() {
        for file in FILES {
            let _ = fs::remove_file(to.join(file));
        }
        if !existed {
            let _ = fs::remove_dir(to);
        }
    }
    done
}

fn write(
    model: &Entry,
    keep: &[Keep],
    to: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Converted, ModelError> {
    let files = model.files().keeping_f32(keep.iter().cloned());
    let done = convert::quantise(&files, to, progress)?;
    let source = Digests::of(&model.folder.join("model.safetensors"));
    let failed = |source: io::Error| ModelError::File { file: to.to_owned(), source };
    let earlier = Record::read(&model.folder);
    let name = earlier.as_ref().map_or_else(|| model.name.clone(), |r| r.source.clone());
    let mut record = Record::new(name, earlier.and_then(|r| r.revision));
    record.quantised_from = Some(Quantised {
        sha256: source.map_err(failed)?.sha256,
        keep_f32: keep.iter().map(ToString::to_string).collect(),
    });
    for file in FILES {
        let target = to.join(file);
        if file != "model.safetensors" {
            let from = model.folder.join(file);
            fs::copy(&from, &target).map_err(|source| ModelError::File { file: from, source })?;
        }
        let digests = Digests::of(&target).map_err(failed)?;
        record.files.push(FileRecord {
            name: file.to_owned(),
            size: digests.size,
            sha256: digests.sha256,
            etag: None,
        });
    }
    record.precision = precision(to)?;
    record.write(to).map_err(failed)?;
    Ok(done)
}
