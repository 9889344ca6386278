//! The path of a canonical request.

use crate::encode;
use crate::service::PathForm;

/// Appends the canonical form of a path as sent.
pub(crate) fn push(out: &mut Vec<u8>, path: &str, form: PathForm) {
    if !path.starts_with('/') {
        out.push(b'/');
    }
    let push_text = |out: &mut Vec<u8>, text: &str| {
        if form.encoded_twice {
            encode::push_path(out, text.as_bytes());
        } else {
            encode::push_path_again(out, text);
        }
    };
    if !form.normalized || is_normal(path) {
        push_text(out, path);
        return;
    }
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            name => segments.push(name),
        }
    }
    if path.starts_with('/') {
        out.push(b'/');
    }
    for (at, segment) in segments.iter().enumerate() {
        if at > 0 {
            out.push(b'/');
        }
        push_text(out, segment);
    }
    let ends_in_slash = matches!(path.rsplit('/').next(), Some("" | "." | ".."));
    if ends_in_slash && !segments.is_empty() {
        out.push(b'/');
    }
}

/// Whether there is nothing to take out.
fn is_normal(path: &str) -> bool {
    let path = path.strip_prefix('/').unwrap_or(path);
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        if segment == "." || segment == ".." || (segment.is_empty() && !last) {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Service;
    use proptest::prelude::*;

    fn canonical(path: &str, service: &'static str) -> String {
        let mut out = Vec::new();
        push(&mut out, path, Service::named(service).path);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn dot_segments_and_empty_segments_are_taken_out() {
        for (path, expected) in [
            ("", "/"),
            ("/", "/"),
            ("//", "/"),
            ("/.", "/"),
            ("/..", "/"),
            ("a", "/a"),
            ("/a", "/a"),
            ("/a/", "/a/"),
            ("//a//b", "/a/b"),
            ("/./a/../b/", "/b/"),
            ("/a/b/..", "/a/"),
            ("/a/.", "/a/"),
            ("/../../a", "/a"),
            ("/...", "/..."),
        ] {
            assert_eq!(canonical(path, "kms"), expected, "{path}");
        }
    }

    #[test]
    fn a_path_is_encoded_twice_and_for_s3_once_and_as_it_is() {
        assert_eq!(canonical("/a%20b/", "kms"), "/a%2520b/");
        assert_eq!(canonical("/a b", "kms"), "/a%20b");
        assert_eq!(canonical("/a%20b/../%7e//", "s3"), "/a%20b/../~//");
    }

    proptest! {
        #[test]
        fn a_normalized_path_has_nothing_left_to_normalize(path in "[/.a%é]{0,20}") {
            let form = PathForm { normalized: true, encoded_twice: false };
            let mut once = Vec::new();
            push(&mut once, &path, form);
            let once = String::from_utf8(once).unwrap();
            let mut twice = Vec::new();
            push(&mut twice, &once, form);
            prop_assert_eq!(String::from_utf8(twice).unwrap(), once.clone());
            prop_assert!(once.starts_with('/') && is_normal(&once));
        }
    }
}
