//! Text of a policy with its wildcards and variables taken apart.
//!
//! Source: IAM User Guide, "IAM policy elements: Variables and tags".

use crate::{ConditionKey, Version};

/// A text of a policy, piece by piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(pub(crate) Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// These characters.
    Text(Box<str>),
    /// `?`: any one character.
    One,
    /// `*`: any run of characters.
    Run,
    /// The value of a key of the request, as it is: what looks like a wildcard in it is none.
    Variable(Box<Variable>),
}

/// `${key}` or `${key, 'default'}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) key: ConditionKey,
    pub(crate) default: Option<Box<str>>,
}

/// A `${` that begins no variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoVariable;

/// Whether `*` and `?` stand for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wildcards {
    Yes,
    No,
}

/// Whether `${…}` is a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variables {
    Yes,
    No,
}

impl Variables {
    /// Where the place may hold variables: they are, unless the policy is of the version that has none.
    pub(crate) fn of(version: Version) -> Variables {
        match version {
            Version::V2008 => Variables::No,
            Version::V2012 => Variables::Yes,
        }
    }
}

impl Template {
    /// Takes `text` apart. Without variables it always succeeds.
    pub(crate) fn read(
        text: &str,
        wildcards: Wildcards,
        variables: Variables,
    ) -> Result<Template, NoVariable> {
        let special: &[char] = match wildcards {
            Wildcards::Yes => &['*', '?', '$'],
            Wildcards::No => &['$'],
        };
        let mut pieces = Pieces::default();
        let mut rest = text;
        while let Some(at) = rest.find(special) {
            let (before, from) = rest.split_at(at);
            pieces.push_text(before);
            let mut taken = 1;
            if from.starts_with('*') {
                pieces.push_run();
            } else if from.starts_with('?') {
                pieces.push(Piece::One);
            } else if variables == Variables::Yes && from.starts_with("${") {
                let inside = from.get(2..).unwrap_or_default();
                let length = end_of_variable(inside).ok_or(NoVariable)?;
                match inside.get(..length).unwrap_or_default() {
                    escape @ ("*" | "?" | "$") => pieces.push_text(escape),
                    inside => pieces.push(Piece::Variable(Box::new(variable(inside)?))),
                }
                taken = 2 + length + 1;
            } else {
                pieces.push_text("$");
            }
            rest = from.get(taken..).unwrap_or_default();
        }
        pieces.push_text(rest);
        Ok(Template(pieces.finish()))
    }

    /// Whether [`Template::read`] succeeds.
    pub(crate) fn check(text: &str, variables: Variables) -> Result<(), NoVariable> {
        if variables == Variables::No || !text.contains('$') {
            return Ok(());
        }
        Template::read(text, Wildcards::Yes, variables).map(drop)
    }

    /// The text that it begins with.
    pub(crate) fn prefix(&self) -> Option<&str> {
        match self.0.first() {
            Some(Piece::Text(text)) => Some(text),
            _ => None,
        }
    }
}

/// The keys of the variables in a text of a policy of this version.
pub(crate) fn keys_of(text: &str, version: Version) -> impl Iterator<Item = ConditionKey> + use<> {
    let template = Template::read(text, Wildcards::Yes, Variables::of(version));
    let pieces = template.map(|template| template.0).unwrap_or_default();
    pieces.into_iter().filter_map(|piece| match piece {
        Piece::Variable(variable) => Some(variable.key),
        _ => None,
    })
}

/// Where the variable that `inside` begins with ends: the first brace that stands in no quotes.
fn end_of_variable(inside: &str) -> Option<usize> {
    let mut quoted = false;
    for (at, letter) in inside.char_indices() {
        match letter {
            '\'' => quoted = !quoted,
            '}' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

fn variable(inside: &str) -> Result<Variable, NoVariable> {
    let (key, default) = match inside.split_once(',') {
        None => (inside, None),
        Some((key, default)) => {
            let quoted = default.trim_matches(' ');
            let default = quoted.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
            (key, Some(default.ok_or(NoVariable)?))
        }
    };
    let legal = |letter: char| letter.is_alphanumeric() || "-_.:/=+@ ".contains(letter);
    let key = key.trim_matches(' ');
    if !key.chars().all(legal) {
        return Err(NoVariable);
    }
    Ok(Variable {
        key: ConditionKey::new(key).ok_or(NoVariable)?,
        default: default.map(Into::into),
    })
}

/// Pieces being gathered: neighbouring texts become one, and neighbouring runs.
#[derive(Default)]
struct Pieces {
    done: Vec<Piece>,
    text: String,
}

impl Pieces {
    fn push_text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn push_run(&mut self) {
        if !self.text.is_empty() || self.done.last() != Some(&Piece::Run) {
            self.push(Piece::Run);
        }
    }

    fn push(&mut self, piece: Piece) {
        if !self.text.is_empty() {
            self.done.push(Piece::Text(std::mem::take(&mut self.text).into()));
        }
        self.done.push(piece);
    }

    fn finish(mut self) -> Vec<Piece> {
        if !self.text.is_empty() {
            self.done.push(Piece::Text(self.text.into()));
        }
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Piece>, NoVariable> {
        Template::read(text, Wildcards::Yes, Variables::Yes).map(|template| template.0)
    }

    fn text(text: &str) -> Piece {
        Piece::Text(text.into())
    }

    fn variable(key: &str, default: Option<&str>) -> Piece {
        Piece::Variable(Box::new(Variable {
            key: ConditionKey::new(key).unwrap(),
            default: default.map(Into::into),
        }))
    }

    #[test]
    fn a_text_falls_into_its_pieces() {
        assert_eq!(read("").unwrap(), []);
        assert_eq!(
            read("a**b?").unwrap(),
            [text("a"), Piece::Run, text("b"), Piece::One]
        );
        assert_eq!(
            read("x/${aws:username}/*").unwrap(),
            [text("x/"), variable("aws:username", None), text("/"), Piece::Run]
        );
        assert_eq!(read("a${*}${?}${$}{b}$").unwrap(), [text("a*?${b}$")]);
        for written in [
            "${aws:PrincipalTag/team, 'no}ne, *'}",
            "${aws:PrincipalTag/team,'no}ne, *'}",
        ] {
            assert_eq!(
                read(written).unwrap(),
                [variable("aws:PrincipalTag/team", Some("no}ne, *"))]
            );
        }
    }

    #[test]
    fn what_begins_like_a_variable_and_is_none_is_refused() {
        for text in [
            "${",
            "${aws:username",
            "${}",
            "${username}",
            "${aws:*}",
            "${aws:${aws:username}}",
            "${aws:a, b}",
            "${aws:a, 'b}",
            "${**}",
        ] {
            assert_eq!(read(text), Err(NoVariable), "{text}");
        }
    }

    #[test]
    fn where_there_are_no_variables_they_are_text() {
        let written = "${aws:username}${";
        let template = Template::read(written, Wildcards::Yes, Variables::No).unwrap();
        assert_eq!(template.0, [text(written)]);
        let template = Template::read("${*}", Wildcards::Yes, Variables::No).unwrap();
        assert_eq!(template.0, [text("${"), Piece::Run, text("}")]);
    }
}
