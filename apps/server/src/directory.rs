//! The data directory: its parts, its lock, and who may look into it.
//!
//! ```text
//! store/   sealed records
//! audit/   the log: evidence, readable by design
//! local/   0700: lock, root.key, credentials, operator-credentials, config, ca.pem, server.pem, server.key; never in a backup
//! ```

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use ambient::Entropy;
use secret::SecretString;

use crate::config::RootKeySource;
use crate::files::{self, FileError};
use crate::root_key::{self, RootKeyError, RootSecret};

/// A data directory that this process alone uses, until it is dropped.
#[derive(Debug)]
pub struct DataDirectory {
    path: PathBuf,
    _lock: File,
}

/// A data directory that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// It holds other things.
    #[error("{path} is neither empty nor a Keystead data directory: name a new or an empty one with --data-dir", path = .0.display())]
    Foreign(PathBuf),
    /// Something that is no directory is in its place.
    #[error("{path} is not a directory: name another place with --data-dir", path = .0.display())]
    NotADirectory(PathBuf),
    /// Another process has it.
    #[error("the data directory {path} is in use by another process{pid}: stop that one, or name another with --data-dir", path = path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
        /// ` (pid 1234)`, if it is known.
        pid: String,
    },
    /// Others can look into `local/`, or read a secret file in it.
    #[error("{path} is not secret, for {how}: run `chmod {mode} {path}` as its owner", path = path.display())]
    Exposed {
        /// The file or directory.
        path: PathBuf,
        /// How.
        how: String,
        /// The mode it should have.
        mode: &'static str,
    },
    /// The store is gone from a directory that was in use.
    #[error("the store {path} is gone from a data directory that was in use: put it back, restore a backup, or name a new --data-dir", path = .0.display())]
    StoreGone(PathBuf),
    /// The directory is not there, where it has to be.
    #[error("there is no Keystead data directory at {path}: start one with `keystead server --data-dir {path}`, or name another with --data-dir", path = .0.display())]
    Absent(PathBuf),
    /// A file operation failed.
    #[error("{0} failed ({cause}): see to its owner, its mode and free space", cause = .0.cause())]
    File(#[from] FileError),
}

/// Where a data directory's own root key lies.
pub(crate) fn root_key_in(data: &Path) -> PathBuf {
    data.join("local/root.key")
}

impl DataDirectory {
    /// Takes the directory at `path` for this process, and makes it where there is none.
    pub fn open(path: &Path) -> Result<DataDirectory, DirectoryError> {
        let path = std::path::absolute(path).map_err(|cause| FileError::new("finding", path, cause))?;
        refuse_foreign(&path)?;
        let local = path.join("local");
        files::create_directory(&local)?;
        refuse_exposed(&local, "700")?;
        let lock = lock(&path, &local.join("lock"))?;
        let directory = DataDirectory { path, _lock: lock };
        files::remove_unfinished(&local)?;
        for path in [
            directory.server_key(),
            directory.credentials(),
            directory.operator_credentials(),
            directory.config(),
        ] {
            if path.exists() {
                refuse_exposed(&path, "600")?;
            }
        }
        let store = directory.store();
        if !directory.is_new() && (!store.exists() || is_empty(&store)?) {
            return Err(DirectoryError::StoreGone(store));
        }
        files::create_directory(&store)?;
        files::create_directory(&directory.audit())?;
        Ok(directory)
    }

    /// What the store's keys are wrapped by. It is durable when this returns.
    ///
    /// Where the operator named none it is the directory's own root key, made unless the store is in use already.
    pub fn root_secret(
        &self,
        source: Option<&RootKeySource>,
        entropy: &dyn Entropy,
        environment: &dyn Fn(&str) -> Option<SecretString>,
    ) -> Result<RootSecret, RootKeyError> {
        let own = root_key_in(&self.path);
        let path = match source {
            Some(RootKeySource::PassphraseVariable(name)) => {
                return root_key::passphrase(name, environment(name));
            }
            Some(RootKeySource::File(path)) => path.as_path(),
            None => own.as_path(),
        };
        let is_own = same_place(path, &own);
        let exists = path
            .try_exists()
            .map_err(|cause| FileError::new("reading", path, cause))?;
        if !exists {
            if self.store_in_use()? {
                return Err(RootKeyError::Missing(path.to_owned()));
            }
            if !is_own {
                return Err(RootKeyError::NotMade(path.to_owned()));
            }
            root_key::make(path, entropy)?;
        }
        if is_own && !self.store_in_use()? {
            // A start that was killed may have written the key and not yet made all of its path durable.
            files::settle(path)?;
            files::sync_directory(&self.path)?;
            files::sync_directory(files::parent_of(&self.path))?;
        }
        root_key::read(path).map(RootSecret::Key)
    }

    /// Whether no start has been completed yet.
    pub fn is_new(&self) -> bool {
        !self.config().exists()
    }

    /// The directory itself, as an absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory of sealed records.
    pub fn store(&self) -> PathBuf {
        self.path.join("store")
    }

    /// The directory of the log.
    pub fn audit(&self) -> PathBuf {
        self.path.join("audit")
    }

    pub(crate) fn local(&self, name: &str) -> PathBuf {
        self.path.join("local").join(name)
    }

    /// The root access key, in the AWS credentials file format.
    pub fn credentials(&self) -> PathBuf {
        self.local("credentials")
    }

    /// The operator's access key, in the same format.
    pub fn operator_credentials(&self) -> PathBuf {
        self.local("operator-credentials")
    }

    /// Endpoint, trust and Region, in the AWS configuration file format. The first complete start ends with it.
    pub fn config(&self) -> PathBuf {
        self.local("config")
    }

    /// The certificate that clients trust.
    pub fn ca_certificate(&self) -> PathBuf {
        self.local("ca.pem")
    }

    /// The server's certificate.
    pub fn server_certificate(&self) -> PathBuf {
        self.local("server.pem")
    }

    /// The server certificate's private key.
    pub fn server_key(&self) -> PathBuf {
        self.local("server.key")
    }

    fn store_in_use(&self) -> Result<bool, FileError> {
        is_empty(&self.store()).map(|empty| !empty)
    }
}

fn refuse_foreign(path: &Path) -> Result<(), DirectoryError> {
    match fs::metadata(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(cause) if cause.kind() == io::ErrorKind::NotADirectory => {
            Err(DirectoryError::NotADirectory(path.to_owned()))
        }
        Err(cause) => Err(FileError::new("reading", path, cause).into()),
        Ok(about) if !about.is_dir() => Err(DirectoryError::NotADirectory(path.to_owned())),
        Ok(_) if path.join("local").is_dir() || is_empty(path)? => Ok(()),
        Ok(_) => Err(DirectoryError::Foreign(path.to_owned())),
    }
}

/// Whether a directory holds nothing; what a file system puts into its own root does not count.
fn is_empty(path: &Path) -> Result<bool, FileError> {
    let failed = |cause| FileError::new("reading", path, cause);
    for entry in fs::read_dir(path).map_err(failed)? {
        if entry.map_err(failed)?.file_name() != "lost+found" {
            return Ok(false);
        }
    }
    Ok(true)
}

fn refuse_exposed(path: &Path, mode: &'static str) -> Result<(), DirectoryError> {
    match files::exposure(path)? {
        None => Ok(()),
        Some(how) => Err(DirectoryError::Exposed {
            path: path.to_owned(),
            how,
            mode,
        }),
    }
}

/// Takes the lock, which the system releases when this process ends, however it ends.
fn lock(data: &Path, path: &Path) -> Result<File, DirectoryError> {
    let failed = |cause| FileError::new("locking", path, cause);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(files::SECRET)
        .open(path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = file.take(20).read_to_string(&mut holder);
            let pid = holder.trim().parse::<u32>().map(|pid| format!(" (pid {pid})"));
            return Err(DirectoryError::InUse {
                path: data.to_owned(),
                pid: pid.unwrap_or_default(),
            });
        }
        Err(TryLockError::Error(cause)) => return Err(failed(cause).into()),
    }
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(failed)?;
    Ok(file)
}

/// Whether two paths lead to the same file, or would.
fn same_place(one: &Path, other: &Path) -> bool {
    let directory = |path| fs::metadata(files::parent_of(path)).map(|about| (about.dev(), about.ino()));
    match (directory(one), directory(other)) {
        (Ok(a), Ok(b)) => a == b && one.file_name() == other.file_name(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ambient::SeededEntropy;
    use crypto::root::RootKeyId;
    use std::os::unix::fs::PermissionsExt;

    fn no_environment(_: &str) -> Option<SecretString> {
        None
    }

    fn key_of(directory: &DataDirectory, source: Option<&RootKeySource>) -> Result<RootKeyId, RootKeyError> {
        match directory.root_secret(source, &SeededEntropy::new(1), &no_environment)? {
            RootSecret::Key(key) => Ok(key.id()),
            RootSecret::Passphrase(_) => panic!("no passphrase was given"),
        }
    }

    #[test]
    fn a_new_directory_has_its_parts_with_their_modes() {
        let place = tempfile::tempdir().unwrap();
        let directory = DataDirectory::open(&place.path().join("a/data")).unwrap();
        assert!(directory.is_new());
        for part in ["store", "audit", "local"] {
            assert_eq!(
                fs::metadata(directory.path().join(part)).unwrap().mode() & 0o7777,
                0o700
            );
        }
        key_of(&directory, None).unwrap();
        assert_eq!(
            fs::metadata(directory.local("root.key")).unwrap().mode() & 0o7777,
            0o600
        );
    }

    #[test]
    fn a_second_process_is_refused_by_the_pid_of_the_first() {
        let place = tempfile::tempdir().unwrap();
        let first = DataDirectory::open(place.path()).unwrap();
        let error = DataDirectory::open(place.path()).unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains(&format!("(pid {})", std::process::id())),
            "{message}"
        );
        drop(first);
        DataDirectory::open(place.path()).unwrap();
    }

    #[test]
    fn a_directory_of_other_things_is_left_alone() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("thesis.tex"), "").unwrap();
        assert!(matches!(
            DataDirectory::open(place.path()),
            Err(DirectoryError::Foreign(_))
        ));
        let file = place.path().join("thesis.tex");
        assert!(matches!(
            DataDirectory::open(&file),
            Err(DirectoryError::NotADirectory(_))
        ));
        assert!(matches!(
            DataDirectory::open(&file.join("x")),
            Err(DirectoryError::NotADirectory(_))
        ));
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
    }

    #[test]
    fn secret_files_that_others_can_read_keep_it_from_opening() {
        let place = tempfile::tempdir().unwrap();
        drop(DataDirectory::open(place.path()).unwrap());
        let credentials = place.path().join("local/credentials");
        files::write_atomically(&credentials, 0o644, b"[keystead]").unwrap();
        assert!(matches!(
            DataDirectory::open(place.path()),
            Err(DirectoryError::Exposed { mode: "600", .. })
        ));
        fs::remove_file(&credentials).unwrap();
        fs::set_permissions(place.path().join("local"), fs::Permissions::from_mode(0o750)).unwrap();
        let error = DataDirectory::open(place.path()).unwrap_err().to_string();
        assert!(error.contains("chmod 700"), "{error}");
    }

    #[test]
    fn a_store_that_is_gone_is_not_made_anew() {
        let place = tempfile::tempdir().unwrap();
        let directory = DataDirectory::open(place.path()).unwrap();
        fs::write(directory.store().join("keystead.db"), "x").unwrap();
        fs::write(directory.config(), "").unwrap();
        fs::set_permissions(directory.config(), fs::Permissions::from_mode(0o600)).unwrap();
        drop(directory);
        drop(DataDirectory::open(place.path()).unwrap());
        fs::remove_dir_all(place.path().join("store")).unwrap();
        assert!(matches!(
            DataDirectory::open(place.path()),
            Err(DirectoryError::StoreGone(_))
        ));
        assert!(!place.path().join("store").exists());
    }

    #[test]
    fn the_root_key_is_made_once() {
        let place = tempfile::tempdir().unwrap();
        let directory = DataDirectory::open(place.path()).unwrap();
        let first = key_of(&directory, None).unwrap();
        let again = directory
            .root_secret(None, &SeededEntropy::new(2), &no_environment)
            .unwrap();
        assert!(matches!(again, RootSecret::Key(key) if key.id() == first));
    }

    #[test]
    fn a_root_key_is_never_made_for_a_store_that_is_in_use() {
        let place = tempfile::tempdir().unwrap();
        let directory = DataDirectory::open(place.path()).unwrap();
        key_of(&directory, None).unwrap();
        fs::write(directory.store().join("keystead.db"), "x").unwrap();
        fs::remove_file(directory.local("root.key")).unwrap();
        assert!(matches!(key_of(&directory, None), Err(RootKeyError::Missing(_))));
        assert!(!directory.local("root.key").exists());
    }

    #[test]
    fn a_named_root_key_is_made_only_in_the_directorys_own_place() {
        let place = tempfile::tempdir().unwrap();
        let directory = DataDirectory::open(&place.path().join("data")).unwrap();
        let outside = RootKeySource::File(place.path().join("root.key"));
        assert!(matches!(
            key_of(&directory, Some(&outside)),
            Err(RootKeyError::NotMade(_))
        ));
        let roundabout = RootKeySource::File(place.path().join("data/../data/local/root.key"));
        key_of(&directory, Some(&roundabout)).unwrap();
        assert!(directory.local("root.key").exists());
    }

    #[test]
    fn a_passphrase_comes_from_the_environment() {
        let place = tempfile::tempdir().unwrap();
        let directory = DataDirectory::open(place.path()).unwrap();
        let source = RootKeySource::PassphraseVariable("PASS".into());
        let environment = |name: &str| (name == "PASS").then(|| SecretString::new("open sesame".into()));
        let secret = directory
            .root_secret(Some(&source), &SeededEntropy::new(1), &environment)
            .unwrap();
        assert!(matches!(secret, RootSecret::Passphrase(text) if text.expose() == "open sesame"));
        assert!(!directory.local("root.key").exists());
    }
}
