//! Checksums of files: ours (SHA-256), and the two that the hub names.
//!
//! Of a large file the hub's `ETag` is the SHA-256 of the content (Git LFS); of a small one it is the
//! hash of the git blob, SHA-1 over `blob LENGTH\0` and the content.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// The checksums of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digests {
    pub(crate) size: u64,
    pub(crate) sha256: String,
    pub(crate) git_sha1: String,
}

impl Digests {
    /// Of the file at `path`, read once.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        let mut sha256 = Sha256::new();
        let mut git = Sha1::new_with_prefix(format!("blob {size}\0"));
        let mut buffer = vec![0; 1 << 18];
        loop {
            let n = file.read(&mut buffer)?;
            if n == 0 {
                break;
            }
            sha256.update(&buffer[..n]);
            git.update(&buffer[..n]);
        }
        Ok(Digests { size, sha256: hex(&sha256.finalize()), git_sha1: hex(&git.finalize()) })
    }

    /// Does the hub's `ETag` name this content? None if it is no checksum of either kind.
    pub(crate) fn agrees(&self, etag: &str) -> Option<bool> {
        let own = if etag.len() == 40 { &self.git_sha1 } else { &self.sha256 };
        is_checksum(etag).then(|| etag.eq_ignore_ascii_case(own))
    }
}

/// Is this `ETag` a checksum of either kind?
pub(crate) fn is_checksum(etag: &str) -> bool {
    matches!(etag.len(), 40 | 64) && etag.bytes().all(|b| b.is_ascii_hexdigit())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a string cannot fail
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_of_the_hubs_checksums_are_known() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "hello\n").expect("written");
        let digests = Digests::of(file.path()).expect("read");
        // As `git hash-object` and `sha256sum` print them.
        assert_eq!(digests.git_sha1, "ce013625030ba8dba906f756967f9e9ca394464a");
        assert_eq!(digests.sha256, "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
        assert_eq!(digests.agrees(&digests.git_sha1), Some(true));
        assert_eq!(digests.agrees(&digests.sha256.to_uppercase()), Some(true));
        assert_eq!(digests.agrees(&"0".repeat(40)), Some(false));
        assert_eq!(digests.agrees("5d41402abc4b2a76b9719d911017c592-2"), None);
    }
}
