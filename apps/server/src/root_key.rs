//! Where the root key comes from, and its first making.

use std::path::{Path, PathBuf};

use ambient::Entropy;
use crypto::SealFailed;
use crypto::root::{self, RootKey};
use secret::SecretString;
use zeroize::Zeroize;

use crate::files::{self, FileError};

/// What the domain keys are wrapped by.
#[derive(Debug)]
pub enum RootSecret {
    /// A key.
    Key(RootKey),
    /// A passphrase, from which a key is derived with what the store keeps for it.
    Passphrase(SecretString),
}

/// A root key that can't be had.
#[derive(Debug, thiserror::Error)]
pub enum RootKeyError {
    /// The file that was named, or that this data directory was sealed under, is not there.
    #[error("the root key {path} is missing: put it back, or name it with --root-key file:PATH", path = .0.display())]
    Missing(PathBuf),
    /// A file was named for a new data directory, and is not there.
    #[error("the root key {path} does not exist: make it with `(umask 077; openssl rand -hex 32 > {path})`", path = .0.display())]
    NotMade(PathBuf),
    /// It holds something else.
    #[error("{path} is not a root key ({cause}): put the right file back", path = path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        cause: root::NotARootKey,
    },
    /// Others can read it.
    #[error("the root key {path} is not secret, for {how}: run `chmod 600 {path}` as its owner", path = path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// How.
        how: String,
    },
    /// The environment has no such variable, or an empty one.
    #[error("the environment variable {0} holds no passphrase: set it, or give another --root-key")]
    NoPassphrase(String),
    /// The file can't be read or written.
    #[error("{0} failed ({cause}): see to the file's owner, its mode and free space", cause = .0.cause())]
    File(#[from] FileError),
    /// No random bytes for a new key.
    #[error("{0}: no root key can be made on this machine")]
    Making(#[from] SealFailed),
}

/// Reads a root key file.
pub(crate) fn read(path: &Path) -> Result<RootKey, RootKeyError> {
    if let Some(how) = files::exposure(path)? {
        return Err(RootKeyError::Exposed {
            path: path.to_owned(),
            how,
        });
    }
    RootKey::from_file_content(files::read_secret(path)?.expose()).map_err(|cause| RootKeyError::Malformed {
        path: path.to_owned(),
        cause,
    })
}

/// Makes a root key file. It is durable when this returns, so things may be sealed under it.
pub(crate) fn make(path: &Path, entropy: &dyn Entropy) -> Result<(), RootKeyError> {
    let content = RootKey::generate(entropy)?.to_file_content();
    Ok(files::write_atomically(path, files::SECRET, content.expose())?)
}

/// Takes a passphrase out of the environment's `value`.
pub(crate) fn passphrase(name: &str, value: Option<SecretString>) -> Result<RootSecret, RootKeyError> {
    match value {
        Some(passphrase) if !passphrase.expose().is_empty() => Ok(RootSecret::Passphrase(passphrase)),
        _ => Err(RootKeyError::NoPassphrase(name.to_owned())),
    }
}

/// A passphrase in this process's environment; it stays there, since the environment can't safely be changed.
pub fn environment(name: &str) -> Option<SecretString> {
    match std::env::var(name) {
        Ok(text) => Some(SecretString::new(text)),
        Err(std::env::VarError::NotUnicode(text)) => {
            text.into_encoded_bytes().zeroize();
            None
        }
        Err(std::env::VarError::NotPresent) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ambient::SeededEntropy;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_made_root_key_reads_back() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("root.key");
        make(&path, &SeededEntropy::new(7)).unwrap();
        let key = read(&path).unwrap();
        assert_eq!(key.to_file_content().expose(), std::fs::read(&path).unwrap());
    }

    #[test]
    fn a_root_key_that_others_can_read_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("root.key");
        make(&path, &SeededEntropy::new(7)).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let error = read(&path).unwrap_err();
        assert!(matches!(error, RootKeyError::Exposed { .. }));
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }

    #[test]
    fn what_is_no_root_key_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("root.key");
        for text in ["", "\n", "00", &"0g".repeat(32), &"00".repeat(33)] {
            files::write_atomically(&path, files::SECRET, text.as_bytes()).unwrap();
            assert!(
                matches!(read(&path), Err(RootKeyError::Malformed { .. })),
                "{text:?}"
            );
        }
    }

    #[test]
    fn an_empty_passphrase_is_refused() {
        assert!(passphrase("NAME", Some(SecretString::new(String::new()))).is_err());
        assert!(passphrase("NAME", None).is_err());
        assert!(passphrase("NAME", Some(SecretString::new("x".into()))).is_ok());
    }
}
