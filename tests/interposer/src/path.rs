//! Paths in fixed memory, made absolute by their text alone.

/// Bytes of a path below the root, at most; a longer one ends the process.
pub(crate) const PLACE_BYTES: usize = 500;
/// Bytes of an absolute path, at most.
pub(crate) const PATH_BYTES: usize = 4096;

/// Text of at most `N` bytes.
#[derive(Clone, Copy)]
pub(crate) struct Text<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

/// A path relative to the root; empty for the root itself.
pub(crate) type Place = Text<PLACE_BYTES>;
/// An absolute path.
pub(crate) type Absolute = Text<PATH_BYTES>;

impl<const N: usize> Text<N> {
    pub(crate) const EMPTY: Text<N> = Text {
        bytes: [0; N],
        length: 0,
    };

    /// `None` if it is too long.
    pub(crate) fn new(bytes: &[u8]) -> Option<Text<N>> {
        let mut text = Text::EMPTY;
        text.push(bytes).then_some(text)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// False, and nothing done, if it would become too long.
    pub(crate) fn push(&mut self, more: &[u8]) -> bool {
        let end = self.length + more.len();
        let Some(room) = self.bytes.get_mut(self.length..end) else {
            return false;
        };
        room.copy_from_slice(more);
        self.length = end;
        true
    }

    fn cut_last_component(&mut self) {
        self.length = self.bytes().iter().rposition(|&byte| byte == b'/').unwrap_or(0);
    }
}

/// `path` seen from `base`, without `.`, `..` and doubled slashes. Links are not followed. `None` if too long.
/// The root directory is the empty text.
pub(crate) fn absolute(base: &[u8], path: &[u8]) -> Option<Absolute> {
    let mut whole = Absolute::EMPTY;
    let base = if path.starts_with(b"/") { &[] } else { base };
    for component in base
        .split(|&byte| byte == b'/')
        .chain(path.split(|&byte| byte == b'/'))
    {
        match component {
            b"" | b"." => {}
            b".." => whole.cut_last_component(),
            name => {
                if !(whole.push(b"/") && whole.push(name)) {
                    return None;
                }
            }
        }
    }
    Some(whole)
}

/// What is left of `path` below `root`, empty if they are the same; `None` if it is elsewhere.
pub(crate) fn below<'a>(root: &[u8], path: &'a [u8]) -> Option<&'a [u8]> {
    match path.strip_prefix(root)? {
        [] => Some(&[]),
        [b'/', rest @ ..] => Some(rest),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(base: &str, path: &str) -> String {
        let whole = absolute(base.as_bytes(), path.as_bytes()).unwrap();
        String::from_utf8(whole.bytes().to_vec()).unwrap()
    }

    #[test]
    fn a_path_is_made_absolute_by_its_text() {
        assert_eq!(joined("/a/b", "c"), "/a/b/c");
        assert_eq!(joined("/a/b", "./c//d/"), "/a/b/c/d");
        assert_eq!(joined("/a/b", "../c"), "/a/c");
        assert_eq!(joined("/a", "/x/./y/.."), "/x");
        assert_eq!(joined("/a", "../../.."), "");
    }

    #[test]
    fn only_what_is_below_the_root_belongs_to_it() {
        assert_eq!(below(b"/a/b", b"/a/b/c"), Some(&b"c"[..]));
        assert_eq!(below(b"/a/b", b"/a/b"), Some(&b""[..]));
        assert_eq!(below(b"/a/b", b"/a/bc"), None);
        assert_eq!(below(b"/a/b", b"/a"), None);
    }

    #[test]
    fn a_path_that_does_not_fit_is_refused() {
        assert!(absolute(b"/", &[b'x'; PATH_BYTES]).is_none());
        assert!(Place::new(&[b'x'; PLACE_BYTES + 1]).is_none());
    }
}
