//! One of the two that are compared: where it runs, or how it is started.

use std::convert::Infallible;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result};

use crate::args::Global;
use crate::bench::spawn::{Spawned, program, this_program};
use crate::bench::target::Target;

/// What was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Side {
    /// This program, with the options of this call.
    This,
    /// A server that runs.
    Url(String),
    /// A program of this kind, to be started.
    Program(PathBuf),
    /// This program with that configuration, to be started.
    Config(PathBuf),
}

impl FromStr for Side {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "this" => Side::This,
            url if url.contains("://") => Side::Url(url.to_owned()),
            path if Path::new(path).extension() == Some(OsStr::new("toml")) => Side::Config(path.into()),
            path => Side::Program(path.into()),
        })
    }
}

impl Side {
    /// Finds or starts it and waits until it is ready.
    pub(super) async fn ready(&self, global: &Global, key_file: Option<&Path>) -> Result<Target> {
        let command = match self {
            Side::Url(url) => return Target::running(url, key_file).await,
            Side::This => this_program(global)?,
            Side::Program(file) => {
                // A name without a folder would be looked for in $PATH: what was measured must be what was named.
                let file = file.canonicalize().with_context(|| format!("cannot find {}", file.display()))?;
                program(&file, global)
            }
            Side::Config(file) => this_program(&Global { config: Some(file.clone()), ..global.clone() })?,
        };
        Target::started(Spawned::start(command).await?, key_file).await
    }

    /// Without paths and addresses, for the history.
    pub(super) fn kind(&self) -> String {
        let name =
            |path: &Path| path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        match self {
            Side::This => "this".to_owned(),
            Side::Url(_) => "a server".to_owned(),
            Side::Program(path) | Side::Config(path) => name(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_is_an_address_a_configuration_or_a_program() {
        let side = |text: &str| text.parse::<Side>();
        assert_eq!(side("this"), Ok(Side::This));
        assert_eq!(side("http://127.0.0.1:1"), Ok(Side::Url("http://127.0.0.1:1".to_owned())));
        assert_eq!(side("a/one-thread.toml"), Ok(Side::Config("a/one-thread.toml".into())));
        assert_eq!(side("old/ash-nlp"), Ok(Side::Program("old/ash-nlp".into())));
        assert_eq!(side("old/ash-nlp").map(|s| s.kind()), Ok("ash-nlp".to_owned()));
    }
}
