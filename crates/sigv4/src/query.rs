//! The query of a request: read, and put into canonical form.

use std::ops::Range;

use crate::SignatureError;
use crate::encode;
use crate::limits;

/// The one parameter that is never part of the canonical form.
pub(crate) const SIGNATURE: &str = "X-Amz-Signature";

/// The parameters of a query as sent: names and values, still encoded. Empty ones are no parameters.
pub(crate) fn parameters(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
}

/// Refuses a query of too many parameters.
pub(crate) fn check_count(query: &str) -> Result<(), SignatureError> {
    if parameters(query).nth(limits::QUERY_PARAMETERS).is_some() {
        return Err(SignatureError::TooMany {
            what: "query-string parameters",
            limit: limits::QUERY_PARAMETERS,
        });
    }
    Ok(())
}

/// Appends the canonical form of a query as sent: decoded, encoded, and sorted by name and value.
pub(crate) fn push(out: &mut Vec<u8>, query: &str, without_signature: bool) {
    if query.is_empty() {
        return;
    }
    let mut text = Vec::with_capacity(query.len() + query.len() / 4);
    let mut sorted: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    for (name, value) in parameters(query) {
        if without_signature && encode::decoded(name) == SIGNATURE {
            continue;
        }
        let start = text.len();
        encode::push_query_again(&mut text, name);
        let middle = text.len();
        encode::push_query_again(&mut text, value);
        sorted.push((start..middle, middle..text.len()));
    }
    let part = |range: &Range<usize>| text.get(range.clone()).unwrap_or_default();
    sorted.sort_unstable_by(|a, b| (part(&a.0), part(&a.1)).cmp(&(part(&b.0), part(&b.1))));
    for (at, (name, value)) in sorted.iter().enumerate() {
        if at > 0 {
            out.push(b'&');
        }
        out.extend_from_slice(part(name));
        out.push(b'=');
        out.extend_from_slice(part(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canonical(query: &str) -> String {
        let mut out = Vec::new();
        push(&mut out, query, true);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn parameters_are_sorted_by_encoded_name_and_then_by_value() {
        assert_eq!(canonical("b=2&a=2&a=1&A=3&%C3%A9=4"), "%C3%A9=4&A=3&a=1&a=2&b=2");
        // `ab` comes after `a`, though `=` is greater than none and `-` is less than `=`.
        assert_eq!(canonical("a-b=1&a=2"), "a=2&a-b=1");
    }

    #[test]
    fn a_parameter_without_a_value_has_an_empty_one() {
        assert_eq!(canonical("b&a=&&=x"), "=x&a=&b=");
    }

    #[test]
    fn the_signature_is_left_out_however_its_name_is_written() {
        assert_eq!(canonical("a=1&X-Amz-Signature=2&X%2DAmz-Signature=3"), "a=1");
    }

    proptest! {
        #[test]
        fn order_and_spelling_do_not_matter(mut pairs in prop::collection::vec(("[a-c +%&=é]{0,3}", "[a-c +%&=é]{0,3}"), 0..6)) {
            let written = |pairs: &[(String, String)]| {
                let mut text = Vec::new();
                for (name, value) in pairs {
                    encode::push_query(&mut text, name);
                    text.push(b'=');
                    encode::push_query(&mut text, value);
                    text.push(b'&');
                }
                String::from_utf8(text).unwrap()
            };
            let one = written(&pairs);
            pairs.reverse();
            prop_assert_eq!(canonical(&written(&pairs).replace("%20", "+")), canonical(&one));
        }
    }
}
