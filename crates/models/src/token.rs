//! The access token for the hub: read from where users keep it, sent in one header, shown nowhere.

use std::env;
use std::fmt;
use std::fs;
use std::path::Path;

use crate::error::PullError;

/// A token. It cannot be printed.
#[derive(Clone)]
pub(crate) struct Token {
    secret: String,
    /// Where it was found, for messages.
    pub(crate) origin: String,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token(from {})", self.origin)
    }
}

impl Token {
    /// From `--token-file`, `HF_TOKEN`, the file of `HF_TOKEN_PATH`, or the file where the hub's own
    /// tools put it; the first there is. A named file must be readable.
    pub(crate) fn find(option: Option<&Path>, cache: &hf_hub::Cache) -> Result<Option<Self>, PullError> {
        if let Some(path) = option {
            return Self::read(path, format!("--token-file {}", path.display())).map(Some);
        }
        if let Some(secret) = env::var("HF_TOKEN").ok().filter(|t| !t.trim().is_empty()) {
            return Self::new(&secret, "HF_TOKEN".to_owned()).map(Some);
        }
        if let Some(path) = env::var_os("HF_TOKEN_PATH").filter(|p| !p.is_empty()) {
            let path = Path::new(&path);
            return Self::read(path, format!("HF_TOKEN_PATH ({})", path.display())).map(Some);
        }
        let origin = || cache.token_path().display().to_string();
        cache.token().map(|secret| Self::new(&secret, origin())).transpose()
    }

    fn read(path: &Path, origin: String) -> Result<Self, PullError> {
        let secret = fs::read_to_string(path)
            .map_err(|source| PullError::TokenFile { file: path.to_owned(), why: source.to_string() })?;
        if secret.trim().is_empty() {
            return Err(PullError::TokenFile { file: path.to_owned(), why: "it is empty".to_owned() });
        }
        Self::new(&secret, origin)
    }

    fn new(secret: &str, origin: String) -> Result<Self, PullError> {
        let secret = secret.trim();
        if secret.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(Token { secret: secret.to_owned(), origin })
        } else {
            Err(PullError::Token { origin })
        }
    }

    /// The value of the `Authorization` header.
    pub(crate) fn header(&self) -> String {
        format!("Bearer {}", self.secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_cannot_be_printed_and_a_broken_one_is_refused_without_showing_it() {
        let token = Token::new(" hf_secret\n", "HF_TOKEN".to_owned()).expect("a token");
        assert_eq!(token.header(), "Bearer hf_secret");
        assert!(!format!("{token:?}").contains("secret"), "{token:?}");
        let error = Token::new("hf_sec ret", "HF_TOKEN".to_owned()).expect_err("a space").to_string();
        assert!(error.contains("HF_TOKEN") && !error.contains("ret"), "{error}");
    }
}
