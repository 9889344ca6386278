//! JSON with what a policy needs and general parsers drop: where each value stands, numbers as they were written,
//! and repeated names refused.
//!
//! Source: RFC 8259.

use std::borrow::Cow;

use crate::limits;

/// A value, and the bytes of the text that it takes up.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node<'t> {
    pub(crate) value: Value<'t>,
    /// Its first byte.
    pub(crate) start: usize,
    /// Its last byte.
    pub(crate) last: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'t> {
    Text(Cow<'t, str>),
    /// A number or a boolean, as it was written.
    Scalar(&'t str),
    Null,
    List(Vec<Node<'t>>),
    Object(Vec<Member<'t>>),
}

/// A name and its value.
pub(crate) type Member<'t> = (Cow<'t, str>, Node<'t>);

/// Why a text is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotJson {
    /// It is no JSON.
    Malformed,
    /// An object has two members of one name.
    Repeated,
    /// It is nested deeper than [`limits::DEPTH`].
    Deep,
}

/// Reads the one value that `text` is.
pub(crate) fn read(text: &str) -> Result<Node<'_>, NotJson> {
    let mut reader = Reader { text, at: 0 };
    let node = reader.node(limits::DEPTH)?;
    reader.skip_space();
    match reader.peek() {
        None => Ok(node),
        Some(_) => Err(NotJson::Malformed),
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Takes `byte` after any space, if it is next.
    fn takes(&mut self, byte: u8) -> bool {
        self.skip_space();
        let next = self.peek() == Some(byte);
        self.at += usize::from(next);
        next
    }

    fn node(&mut self, depth: usize) -> Result<Node<'t>, NotJson> {
        self.skip_space();
        let start = self.at;
        let value = match self.peek() {
            Some(b'"') => Value::Text(self.string()?),
            Some(b'[') => Value::List(self.list(depth.checked_sub(1).ok_or(NotJson::Deep)?)?),
            Some(b'{') => Value::Object(self.object(depth.checked_sub(1).ok_or(NotJson::Deep)?)?),
            Some(b'-' | b'0'..=b'9') => Value::Scalar(self.number()?),
            _ => self.word()?,
        };
        Ok(Node {
            value,
            start,
            last: self.at.saturating_sub(1),
        })
    }

    fn word(&mut self) -> Result<Value<'t>, NotJson> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        for word in ["true", "false", "null"] {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(match word {
                    "null" => Value::Null,
                    _ => Value::Scalar(word),
                });
            }
        }
        Err(NotJson::Malformed)
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node<'t>>, NotJson> {
        self.at += 1;
        let mut nodes = Vec::new();
        if self.takes(b']') {
            return Ok(nodes);
        }
        loop {
            nodes.push(self.node(depth)?);
            if self.takes(b']') {
                return Ok(nodes);
            }
            if !self.takes(b',') {
                return Err(NotJson::Malformed);
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Vec<Member<'t>>, NotJson> {
        self.at += 1;
        let mut members: Vec<Member<'t>> = Vec::new();
        if self.takes(b'}') {
            return Ok(members);
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(NotJson::Malformed);
            }
            let name = self.string()?;
            if !self.takes(b':') {
                return Err(NotJson::Malformed);
            }
            members.push((name, self.node(depth)?));
            if self.takes(b'}') {
                break;
            }
            if !self.takes(b',') {
                return Err(NotJson::Malformed);
            }
        }
        if repeats(&members) {
            return Err(NotJson::Repeated);
        }
        Ok(members)
    }

    fn digits(&mut self) -> Result<(), NotJson> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            return Err(NotJson::Malformed);
        }
        Ok(())
    }

    fn number(&mut self) -> Result<&'t str, NotJson> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// The characters up to a quote or an escape.
    fn run(&mut self) -> &'t str {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let length = rest
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1F));
        self.at = start + length.unwrap_or(rest.len());
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn string(&mut self) -> Result<Cow<'t, str>, NotJson> {
        self.at += 1;
        let mut string = Cow::Borrowed(self.run());
        loop {
            match self.take() {
                Some(b'"') => return Ok(string),
                Some(b'\\') => string.to_mut().push(self.escaped()?),
                _ => return Err(NotJson::Malformed),
            }
            match self.run() {
                "" => {}
                run => string.to_mut().push_str(run),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, NotJson> {
        Ok(match self.take() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{C}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return Err(NotJson::Malformed),
        })
    }

    fn unicode(&mut self) -> Result<char, NotJson> {
        let first = self.hex()?;
        let code = match first {
            0xD800..=0xDBFF => {
                if self.take() != Some(b'\\') || self.take() != Some(b'u') {
                    return Err(NotJson::Malformed);
                }
                match self.hex()? {
                    second @ 0xDC00..=0xDFFF => 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00),
                    _ => return Err(NotJson::Malformed),
                }
            }
            code => code,
        };
        char::from_u32(code).ok_or(NotJson::Malformed)
    }

    fn hex(&mut self) -> Result<u32, NotJson> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.take().and_then(|byte| char::from(byte).to_digit(16));
            code = code * 16 + digit.ok_or(NotJson::Malformed)?;
        }
        Ok(code)
    }
}

fn repeats(members: &[Member<'_>]) -> bool {
    // Nearly every object is small enough to be looked through as it is.
    if members.len() <= 8 {
        let mut rest = members;
        while let Some(((name, _), others)) = rest.split_first() {
            if others.iter().any(|(other, _)| other == name) {
                return true;
            }
            rest = others;
        }
        return false;
    }
    let mut names: Vec<&str> = members.iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair.first() == pair.last())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(node: Node<'_>) -> serde_json::Value {
        match node.value {
            Value::Text(text) => text.into_owned().into(),
            Value::Scalar(text) => serde_json::from_str(text).unwrap(),
            Value::Null => serde_json::Value::Null,
            Value::List(nodes) => nodes.into_iter().map(plain).collect(),
            Value::Object(members) => members
                .into_iter()
                .map(|(name, node)| (name.into_owned(), plain(node)))
                .collect(),
        }
    }

    #[test]
    fn a_value_knows_where_it_stands() {
        let text = r#" {"a": [1.50, "\u00e9\ud83d\ude00"] } "#;
        let node = read(text).unwrap();
        assert_eq!(&text[node.start..=node.last], text.trim());
        let Value::Object(members) = node.value else {
            panic!()
        };
        let Value::List(nodes) = &members[0].1.value else {
            panic!()
        };
        assert_eq!(nodes[0].value, Value::Scalar("1.50"));
        assert_eq!(nodes[1].value, Value::Text("é😀".into()));
        assert_eq!(&text[nodes[0].start..=nodes[0].last], "1.50");
    }

    #[test]
    fn a_name_stands_once_and_nothing_is_nested_without_end() {
        assert_eq!(read(r#"{"a":1,"b":2,"\u0061":3}"#), Err(NotJson::Repeated));
        for last in 0..20 {
            let members: Vec<String> = (0..=last).map(|name| format!(r#""{name}":1"#)).collect();
            assert!(read(&format!("{{{}}}", members.join(","))).is_ok());
            let repeated = format!(r#"{{{},"0":1}}"#, members.join(","));
            assert_eq!(read(&repeated), Err(NotJson::Repeated));
        }
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(&nested(limits::DEPTH)).is_ok());
        assert_eq!(read(&nested(limits::DEPTH + 1)), Err(NotJson::Deep));
        assert_eq!(read(&"[".repeat(100_000)), Err(NotJson::Deep));
    }

    proptest! {
        #[test]
        fn what_is_json_is_read_as_any_parser_reads_it(
            text in r#"([\[\]{}:",]|"[ab]"|[-0-9.eE+]{1,4}|true|null|\\u00e9|\\ud83d\\ude00|\\n|[ \n\\xé]){0,12}"#
        ) {
            match (read(&text), serde_json::from_str::<serde_json::Value>(&text)) {
                (Ok(node), Ok(value)) => prop_assert_eq!(plain(node), value),
                (Err(NotJson::Repeated | NotJson::Deep), _) => {}
                (Err(_), Err(_)) => {}
                // serde_json refuses what is too great for a float.
                (Ok(_), Err(error)) => prop_assert!(error.to_string().contains("out of range"), "{text}: {error}"),
                (ours, theirs) => prop_assert!(false, "{text}: {ours:?} {theirs:?}"),
            }
        }
    }
}
