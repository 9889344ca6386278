//! The content of a file, without its holes.

use std::collections::BTreeMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// Bytes of a page, the largest unit that is written at once.
pub(crate) const PAGE: usize = 4096;
pub(crate) type Page = [u8; PAGE];

/// Content of a file: pages that are not all zero, and a size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Image {
    size: u64,
    pages: BTreeMap<u64, Arc<Stored>>,
}

/// A page with its hash, since trees of many states are told apart by their hashes and share most pages.
#[derive(Debug, PartialEq, Eq)]
struct Stored {
    hash: u64,
    bytes: Page,
}

impl Hash for Image {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.size.hash(state);
        for (number, page) in &self.pages {
            (number, page.hash).hash(state);
        }
    }
}

impl Image {
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// A copy of a page, zeros if it is a hole.
    pub(crate) fn page(&self, number: u64) -> Page {
        self.pages.get(&number).map_or([0; PAGE], |page| page.bytes)
    }

    /// Numbers of the pages that are there, from `first` on.
    pub(crate) fn pages_from(&self, first: u64) -> impl Iterator<Item = u64> {
        self.pages.range(first..).map(|(number, _)| *number)
    }

    pub(crate) fn put(&mut self, number: u64, page: Page) {
        if page == [0; PAGE] {
            self.pages.remove(&number);
        } else {
            let mut hasher = DefaultHasher::new();
            page.hash(&mut hasher);
            let stored = Stored {
                hash: hasher.finish(),
                bytes: page,
            };
            self.pages.insert(number, Arc::new(stored));
        }
    }

    /// Sets the size; what lies beyond it is gone, also what was put there while the size was less.
    pub(crate) fn resize(&mut self, size: u64) {
        self.size = size;
        let edge = size / PAGE as u64;
        let mut page = self.page(edge);
        if let Some(beyond) = page.get_mut((size % PAGE as u64) as usize..) {
            beyond.fill(0);
        }
        self.pages.split_off(&edge);
        self.put(edge, page);
    }

    pub(crate) fn read(path: &Path) -> io::Result<Image> {
        let file = File::open(path)?;
        let mut image = Image::default();
        let mut room = vec![0; 256 * PAGE];
        loop {
            let mut filled = 0;
            while let Some(rest) = room.get_mut(filled..).filter(|rest| !rest.is_empty()) {
                match file.read_at(rest, image.size + filled as u64)? {
                    0 => break,
                    more => filled += more,
                }
            }
            let first = image.size / PAGE as u64;
            for (number, chunk) in (first..).zip(room.get(..filled).unwrap_or_default().chunks(PAGE)) {
                let mut page = [0; PAGE];
                copy(chunk, &mut page);
                image.put(number, page);
            }
            image.size += filled as u64;
            if filled < room.len() {
                return Ok(image);
            }
        }
    }

    /// Makes a new file of it, with holes where it has none.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        let file = File::create_new(path)?;
        file.set_len(self.size)?;
        let mut run: Vec<u8> = Vec::new();
        let mut start = 0;
        for (&number, page) in &self.pages {
            let at = number * PAGE as u64;
            if at != start + run.len() as u64 || run.len() >= 256 * PAGE {
                file.write_all_at(&run, start)?;
                run.clear();
                start = at;
            }
            let counted = usize::try_from(self.size - at).unwrap_or(PAGE).min(PAGE);
            run.extend_from_slice(page.bytes.get(..counted).unwrap_or_default());
        }
        file.write_all_at(&run, start)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(self.size).unwrap_or(0)];
        for (number, room) in bytes.chunks_mut(PAGE).enumerate() {
            if let Some(page) = self.pages.get(&(number as u64)) {
                copy(&page.bytes, room);
            }
        }
        bytes
    }
}

/// Copies as much as there is, and as there is room for.
fn copy(from: &[u8], to: &mut [u8]) {
    let counted = from.len().min(to.len());
    if let (Some(from), Some(to)) = (from.get(..counted), to.get_mut(..counted)) {
        to.copy_from_slice(from);
    }
}
