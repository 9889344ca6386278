//! A directory for one demo, which nothing is left of.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use ambient::Entropy;

use super::error::DemoError;

/// A directory of this process's own under the system's temporary one; removed when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
}

impl Place {
    pub(super) fn make(entropy: &dyn Entropy) -> Result<Place, DemoError> {
        Place::make_in(&std::env::temp_dir(), entropy)
    }

    fn make_in(parent: &Path, entropy: &dyn Entropy) -> Result<Place, DemoError> {
        let mut random = [0; 4];
        entropy.fill(&mut random)?;
        let path = parent.join(format!("keystead-demo-{}", hex::encode(random)));
        // It fails where something of that name exists already, so nothing of anybody else's is ever used or removed.
        DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(DemoError::file("made", &path))?;
        Ok(Place { path })
    }

    /// The server's data directory.
    pub(super) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    /// A file of the demo's own.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it, and says so if that fails.
    pub(super) fn remove(self) -> Result<(), DemoError> {
        fs::remove_dir_all(&self.path).map_err(DemoError::file("removed", &self.path))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Gone already if `remove` succeeded; a failure here has been preceded by another that is told.
        let _ = fs::remove_dir_all(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ambient::SeededEntropy;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn a_place_is_private_and_leaves_nothing_behind() {
        let parent = tempfile::tempdir().unwrap();
        let place = Place::make_in(parent.path(), &SeededEntropy::new(1)).unwrap();
        assert_eq!(fs::metadata(place.path()).unwrap().mode() & 0o7777, 0o700);
        fs::create_dir_all(place.data()).unwrap();
        fs::write(place.file("report.csv"), "x").unwrap();
        place.remove().unwrap();
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_place_that_exists_is_neither_used_nor_removed() {
        let parent = tempfile::tempdir().unwrap();
        let first = Place::make_in(parent.path(), &SeededEntropy::new(1)).unwrap();
        assert!(Place::make_in(parent.path(), &SeededEntropy::new(1)).is_err());
        assert!(first.path().exists());
        drop(first);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }
}
