//! A directory tree held in memory.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use super::image::Image;

/// Directories and files by their path, relative to the tree's root and with `/` between names. The root itself is
/// not listed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Tree {
    pub(crate) nodes: BTreeMap<String, Node>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Node {
    pub(crate) mode: u32,
    /// `None` for a directory.
    pub(crate) content: Option<Arc<Image>>,
}

impl Tree {
    /// What `directory` holds now. Anything but files and directories is an error.
    pub fn read(directory: &Path) -> io::Result<Tree> {
        let mut tree = Tree::default();
        tree.read_below(directory, "")?;
        Ok(tree)
    }

    fn read_below(&mut self, directory: &Path, prefix: &str) -> io::Result<()> {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name
                .to_str()
                .ok_or_else(|| io::Error::other("a name that is not UTF-8"))?;
            let place = format!("{prefix}{name}");
            let metadata = entry.metadata()?;
            let mode = metadata.permissions().mode() & 0o7777;
            let content = if metadata.is_dir() {
                self.read_below(&entry.path(), &format!("{place}/"))?;
                None
            } else if metadata.is_file() {
                Some(Arc::new(Image::read(&entry.path())?))
            } else {
                return Err(io::Error::other(format!("{place} is neither file nor directory")));
            };
            self.nodes.insert(place, Node { mode, content });
        }
        Ok(())
    }

    /// Makes it real in `directory`, which is created if it is not there, and must be empty.
    pub fn write_to(&self, directory: &Path) -> io::Result<()> {
        fs::create_dir_all(directory)?;
        for (place, node) in &self.nodes {
            let path = directory.join(place);
            match &node.content {
                None => fs::create_dir(&path)?,
                Some(image) => {
                    image.write(&path)?;
                    fs::set_permissions(&path, Permissions::from_mode(node.mode))?;
                }
            }
        }
        // Last, and from within: a directory may forbid writing.
        for (place, node) in self.nodes.iter().rev().filter(|(_, node)| node.content.is_none()) {
            fs::set_permissions(directory.join(place), Permissions::from_mode(node.mode))?;
        }
        Ok(())
    }

    /// All paths, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.nodes.keys().map(String::as_str)
    }

    /// The content of a file, if there is a file of this path.
    pub fn file(&self, path: &str) -> Option<Vec<u8>> {
        Some(self.nodes.get(path)?.content.as_ref()?.bytes())
    }

    /// In what it differs from `other`, a line for each path.
    pub fn differences(&self, other: &Tree) -> Vec<String> {
        let mut lines = Vec::new();
        for (place, node) in &self.nodes {
            match other.nodes.get(place) {
                None => lines.push(format!("{place}: only in the first")),
                Some(theirs) if theirs.mode != node.mode => {
                    lines.push(format!("{place}: mode {:o} and {:o}", node.mode, theirs.mode));
                }
                Some(theirs) if theirs.content != node.content => {
                    let size = |node: &Node| node.content.as_ref().map(|image| image.size());
                    lines.push(format!(
                        "{place}: content, sizes {:?} and {:?}",
                        size(node),
                        size(theirs)
                    ));
                }
                Some(_) => {}
            }
        }
        let missing = other
            .nodes
            .keys()
            .filter(|place| !self.nodes.contains_key(*place));
        lines.extend(missing.map(|place| format!("{place}: only in the second")));
        lines
    }

    /// The same for equal trees, in one run of a test: to skip what was already looked at.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }
}
