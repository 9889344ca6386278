//! The few things that the log asks of a file system, so that tests can put a failing one in its place.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One directory of files.
pub(crate) trait Disk: Send + Sync + 'static {
    /// Where it is, for messages.
    fn dir(&self) -> &Path;

    /// The names in it.
    fn names(&self) -> io::Result<Vec<String>>;

    /// Opens a file for reading, and for writing if `write`.
    fn open(&self, name: &str, write: bool) -> io::Result<Arc<dyn DiskFile>>;

    /// Makes an empty file in place of any other of that name, readable and writable by the owner alone.
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Gives a file another name, in place of any other file of that name.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes creations, renames and removals durable.
    fn flush(&self) -> io::Result<()>;

    /// The path of a file, for messages.
    fn path(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }
}

/// One open file.
pub(crate) trait DiskFile: Send + Sync {
    /// How many bytes it has.
    fn len(&self) -> io::Result<u64>;

    /// Tells files apart that had the same name.
    fn identity(&self) -> io::Result<u64>;

    /// Reads what is at `offset`; fewer bytes than asked for at the end, none past it.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all of `bytes` at `offset`.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Makes the bytes written durable, and the length with them.
    fn flush(&self) -> io::Result<()>;
}

/// Reads until `bytes` is full or the file ends.
pub(crate) fn read_full(file: &dyn DiskFile, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = bytes.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset + done as u64)? {
            0 => break,
            read => done += read,
        }
    }
    Ok(done)
}

/// A directory of the machine.
pub(crate) struct Directory {
    path: PathBuf,
}

impl Directory {
    /// The directory at `path`, made (for its owner alone) if it is not there.
    pub(crate) fn make(path: &Path) -> io::Result<Directory> {
        let made = match fs::DirBuilder::new().mode(0o700).create(path) {
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => false,
            made => made.map(|()| true)?,
        };
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        // Whoever made it before may have been killed before its name was durable.
        match File::open(parent.unwrap_or(Path::new("."))).and_then(|parent| parent.sync_all()) {
            // Its name was there before us, in a directory that is not ours to list.
            Err(cause) if cause.kind() == io::ErrorKind::PermissionDenied && !made => {}
            flushed => flushed?,
        }
        Ok(Directory::at(path))
    }

    /// The directory at `path`, which is there.
    pub(crate) fn at(path: &Path) -> Directory {
        Directory {
            path: path.to_owned(),
        }
    }
}

impl Disk for Directory {
    fn dir(&self) -> &Path {
        &self.path
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(&self.path)?;
        let names = entries.filter_map(|entry| match entry {
            Ok(entry) => entry.file_name().into_string().ok().map(Ok),
            Err(cause) => Some(Err(cause)),
        });
        names.collect()
    }

    fn open(&self, name: &str, write: bool) -> io::Result<Arc<dyn DiskFile>> {
        let file = OpenOptions::new()
            .read(true)
            .write(write)
            .open(self.path.join(name))?;
        Ok(Arc::new(file))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let path = self.path.join(name);
        // A file that is there may be somebody's: it is replaced, never written through or followed.
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
            _ => {}
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        Ok(Arc::new(file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    fn flush(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

impl DiskFile for File {
    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn identity(&self) -> io::Result<u64> {
        Ok(self.metadata()?.ino())
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        loop {
            match FileExt::read_at(self, bytes, offset) {
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.write_all_at(bytes, offset)
    }

    fn flush(&self) -> io::Result<()> {
        self.sync_data()
    }
}
