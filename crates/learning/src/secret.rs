//! The secret of the keyed hashes: in a file of its own, so that a copy of the database tells nothing without it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How long a secret is, in bytes.
const LENGTH: usize = 32;

/// Hashes that only whoever has the secret can make. It has no `Debug`.
#[derive(Clone)]
pub struct Secret(Hmac<Sha256>);

/// The secret's file cannot be used. Messages, ids and the secret itself are no part of this.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It cannot be read or made.
    #[error("cannot use {}, the secret of the learning database: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// It holds something else.
    #[error(
        "{} is not the secret of a learning database ({LENGTH} bytes); put the right one back. Without it what is \
         stored cannot be told from what is new: remove it, and `ash-nlp learning reset` begins anew",
        path.display()
    )]
    Length {
        /// The file.
        path: PathBuf,
    },
    /// Any user of the machine may read it.
    #[error("{} can be read by everybody; make it yours alone: chmod 600 {}", path.display(), path.display())]
    Open {
        /// The file.
        path: PathBuf,
    },
    /// The system gives no randomness.
    #[error("the system gives no randomness for a secret")]
    NoRandomness,
}

impl Secret {
    /// A new one, which ends with the process.
    pub fn random() -> Result<Self, SecretError> {
        Ok(Secret::of(&fresh()?))
    }

    /// That of a file, which is made if there is none.
    pub fn of_file(path: &Path) -> Result<Self, SecretError> {
        match Self::read(path) {
            Err(SecretError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Self::make(path)
            }
            read => read,
        }
    }

    fn read(path: &Path) -> Result<Self, SecretError> {
        let failed = |source| SecretError::File { path: path.to_owned(), source };
        let mut file = File::open(path).map_err(failed)?;
        if may_be_read_by_others(&file).map_err(failed)? {
            return Err(SecretError::Open { path: path.to_owned() });
        }
        let mut bytes = Vec::new();
        Read::by_ref(&mut file).take(LENGTH as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
        let bytes: [u8; LENGTH] =
            bytes.try_into().map_err(|_| SecretError::Length { path: path.to_owned() })?;
        Ok(Secret::of(&bytes))
    }

    /// Written beside its place and linked into it: another process sees all of it or nothing, and whoever was first
    /// wins.
    fn make(path: &Path) -> Result<Self, SecretError> {
        let failed = |source| SecretError::File { path: path.to_owned(), source };
        let bytes = fresh()?;
        let mut draft = path.to_owned().into_os_string();
        draft.push(format!(".{}", std::process::id()));
        let draft = PathBuf::from(draft);
        let written = || -> io::Result<()> {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&draft)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            fs::hard_link(&draft, path)?;
            // Or the records would survive a power cut that their secret does not.
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            sync_folder(folder.unwrap_or(Path::new(".")))
        };
        let linked = written();
        let _ = fs::remove_file(&draft);
        match linked {
            Ok(()) => Ok(Secret::of(&bytes)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::read(path),
            Err(source) => Err(failed(source)),
        }
    }

    fn of(bytes: &[u8; LENGTH]) -> Self {
        match Hmac::new_from_slice(bytes) {
            Ok(mac) => Secret(mac),
            Err(_) => unreachable!("HMAC takes a key of any length"),
        }
    }

    /// The hash of some parts, in hex. Each is preceded by its length, so that parts cannot flow into each other.
    pub fn hash(&self, parts: &[&[u8]]) -> String {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
    }
}

fn fresh() -> Result<[u8; LENGTH], SecretError> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).map_err(|_| SecretError::NoRandomness)?;
    Ok(bytes)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// By others than owner and group. The group is let in: a container's volume is often given to a group as a whole, and
/// then no file in it can be kept from that.
#[cfg(unix)]
fn may_be_read_by_others(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode() & 0o007 > 0)
}

#[cfg(not(unix))]
fn may_be_read_by_others(_: &File) -> io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_then_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        let hash = |secret: Secret| secret.hash(&[b"x", b"y"]);
        let first = hash(Secret::of_file(&path).unwrap());
        assert_eq!(hash(Secret::of_file(&path).unwrap()), first);
        assert_ne!(hash(Secret::random().unwrap()), first);
        assert_ne!(Secret::of_file(&path).unwrap().hash(&[b"xy", b""]), first);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn a_file_that_is_no_secret_is_named_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        fs::write(&path, "short").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let error = Secret::of_file(&path).err().unwrap().to_string();
            assert!(error.contains("chmod 600"), "{error}");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let error = Secret::of_file(&path).err().unwrap().to_string();
        assert!(error.contains("a.key is not the secret"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"short");
    }
}
