//! Parameters as a tree: `Tags.member.1.Key` stands in `Tags`, in `member`, in `1`.
//!
//! Source: WHATWG URL Standard, "application/x-www-form-urlencoded".

use model::limits::DEPTH;
use secret::SecretBuffer;

use crate::limits;

/// A form that is none: an escape or a text that can't be read, a parameter that occurs twice or stands both for a text
/// and for a structure, too many parameters, or a name with too many parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken;

/// The parameters of a request, their escapes resolved. They may be secrets.
pub(crate) struct Form {
    text: SecretBuffer,
    /// Where each name begins and ends, and where its value ends.
    places: Vec<[usize; 3]>,
}

/// What stands under a name.
#[derive(Debug, Default)]
pub(crate) struct Node<'f> {
    pub(crate) text: Option<&'f str>,
    pub(crate) members: Vec<(&'f str, Node<'f>)>,
}

impl Form {
    /// Reads `name=value&name=value`.
    pub(crate) fn read(encoded: &[u8]) -> Result<Form, Broken> {
        let mut text = SecretBuffer::with_capacity(encoded.len());
        let mut places = Vec::new();
        for pair in encoded
            .split(|byte| *byte == b'&')
            .filter(|pair| !pair.is_empty())
        {
            if places.len() == limits::PARAMETERS {
                return Err(Broken);
            }
            let equals = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let (name, value) = pair.split_at(equals);
            let begin = text.len();
            resolve(name, &mut text)?;
            let middle = text.len();
            resolve(value.get(1..).unwrap_or_default(), &mut text)?;
            places.push([begin, middle, text.len()]);
        }
        let form = Form { text, places };
        if str::from_utf8(form.text.expose()).is_err() {
            return Err(Broken);
        }
        Ok(form)
    }

    /// Each name with its value, in the order in which they came.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        // INVARIANT: the text is UTF-8. Between two parameters it may be cut within a character, which is then no text.
        let whole = str::from_utf8(self.text.expose()).unwrap_or_default();
        self.places.iter().filter_map(move |[begin, middle, end]| {
            Some((whole.get(*begin..*middle)?, whole.get(*middle..*end)?))
        })
    }

    /// The value of the parameter of this name.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.pairs()
            .find(|(other, _)| *other == name)
            .map(|(_, value)| value)
    }

    /// All parameters but those of which `skipped` says so.
    pub(crate) fn tree(&self, skipped: impl Fn(&str) -> bool) -> Result<Node<'_>, Broken> {
        if self.pairs().count() != self.places.len() {
            return Err(Broken);
        }
        let mut sorted: Vec<(Vec<&str>, &str)> = self
            .pairs()
            .filter(|(name, _)| !skipped(name))
            .map(|(name, value)| (name.split('.').collect(), value))
            .collect();
        sorted.sort_unstable();
        if sorted.iter().any(|(parts, _)| parts.len() > usize::from(DEPTH)) {
            return Err(Broken);
        }
        grow(&sorted, 0)
    }
}

/// The tree of parameters that have their first `depth` parts in common, and are sorted.
fn grow<'f>(sorted: &[(Vec<&'f str>, &'f str)], depth: usize) -> Result<Node<'f>, Broken> {
    let mut node = Node::default();
    let mut rest = sorted;
    if let [(parts, value), after @ ..] = rest
        && parts.len() == depth
    {
        node.text = Some(value);
        rest = after;
    }
    while let Some((parts, _)) = rest.first() {
        // A parameter that is as short as the one before it is that one again.
        let name = *parts.get(depth).ok_or(Broken)?;
        let alike = rest
            .iter()
            .take_while(|(parts, _)| parts.get(depth) == Some(&name))
            .count();
        let (under, after) = rest.split_at(alike);
        node.members.push((name, grow(under, depth + 1)?));
        rest = after;
    }
    match (&node.text, node.members.is_empty()) {
        // An empty list is written as its name alone.
        (Some(text), false) if !text.is_empty() => Err(Broken),
        _ => Ok(node),
    }
}

/// Appends a text with its escapes resolved.
fn resolve(encoded: &[u8], out: &mut SecretBuffer) -> Result<(), Broken> {
    let mut rest = encoded;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'+' => out.extend(b" "),
            b'%' => {
                let digits = rest
                    .get(..2)
                    .and_then(|digits| str::from_utf8(digits).ok())
                    .ok_or(Broken)?;
                if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                    return Err(Broken);
                }
                out.extend(&[u8::from_str_radix(digits, 16).map_err(|_| Broken)?]);
                rest = rest.get(2..).unwrap_or_default();
            }
            plain => out.extend(&[*plain]),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(node: &Node<'_>) -> String {
        let members: Vec<String> = node
            .members
            .iter()
            .map(|(name, node)| format!("{name}{}", shown(node)))
            .collect();
        match (node.text, members.is_empty()) {
            (Some(text), true) => format!("={text}"),
            (_, _) => format!("{{{}}}", members.join(",")),
        }
    }

    fn tree(encoded: &str) -> Result<String, Broken> {
        Ok(shown(
            &Form::read(encoded.as_bytes())?.tree(|name| name == "Action")?,
        ))
    }

    #[test]
    fn names_with_dots_are_a_tree() {
        for (encoded, expected) in [
            ("", "{}"),
            ("Action=A&UserName=ada", "{UserName=ada}"),
            ("A.member.2=y&A.member.1=x&&B=", "{A{member{1=x,2=y}},B=}"),
            ("A=%C3%A4+%2b%26%3D&B=a=b", "{A=ä +&=,B=a=b}"),
            ("A=&A.member.1=x", "{A{member{1=x}}}"),
            (
                "T.member.1.Key=a&T.member.1.Value=b",
                "{T{member{1{Key=a,Value=b}}}}",
            ),
        ] {
            assert_eq!(tree(encoded).as_deref(), Ok(expected), "{encoded}");
        }
    }

    #[test]
    fn what_is_no_form_is_refused() {
        let many: String = (0..=limits::PARAMETERS)
            .map(|number| format!("p{number}=&"))
            .collect();
        let deep = "a.".repeat(usize::from(DEPTH)) + "a=1";
        for broken in [
            "A=%",
            "A=%2",
            "A=%zz",
            "A=%+1",
            "A=%ff",
            "A=1&A=2",
            "A=1&A.b=2",
            "A.b=1&A.b=1",
            &many,
            &deep,
            // Two halves of one character.
            "A=%C3&B=%A4",
            "A=%C3&%A4=1",
        ] {
            assert_eq!(tree(broken), Err(Broken), "{broken}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(form) = Form::read(&bytes) {
                let _ = form.tree(|_| false);
            }
        }
    }
}
