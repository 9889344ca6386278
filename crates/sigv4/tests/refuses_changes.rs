//! What alters a request's canonical form is refused; what does not is not.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod support;

use http::HeaderValue;
use proptest::prelude::*;
use proptest::sample::Index;
use sigv4::{Form, Service, SignatureError, canonical_request, presented};
use support::{NOW, Request, encoded, requests, signer};

const TOKEN: &str = "IQoJb3JpZ2luX2VjEXAMPLE/+a==";

/// A change that alters the canonical form, or what is signed along with it, of any request.
#[derive(Clone, Debug)]
enum Change {
    Method,
    PathGrows,
    PathEscapes,
    QueryGrows,
    QueryShrinks,
    QueryValue,
    HeaderValue(Index),
    HeaderRepeated(Index),
    HeaderGone(Index),
    NameUnlisted(Index),
    NameListed,
    NameListedTwice(Index),
    NamesReversed,
    BodyGrows,
    BodyByte(Index),
    BodyShrinks,
    Time(i64),
    ScopeDate,
    ScopeRegion,
    ScopeService,
    ScopeTerminator,
    Token,
    TokenGone,
    SignatureDigit(Index),
    SignatureUpper,
    SignatureShort,
    SignatureLong,
    UnsignedAmzHeader,
    Expires,
}

fn changes() -> impl Strategy<Value = Change> {
    use Change as C;
    let index = || any::<Index>();
    let plain = prop::sample::select(vec![
        C::Method,
        C::PathGrows,
        C::PathEscapes,
        C::QueryGrows,
        C::QueryShrinks,
        C::QueryValue,
        C::NameListed,
        C::NamesReversed,
        C::BodyGrows,
        C::BodyShrinks,
        C::ScopeDate,
        C::ScopeRegion,
        C::ScopeService,
        C::ScopeTerminator,
        C::Token,
        C::TokenGone,
        C::SignatureUpper,
        C::SignatureShort,
        C::SignatureLong,
        C::UnsignedAmzHeader,
        C::Expires,
    ]);
    prop_oneof![
        20 => plain,
        2 => index().prop_map(C::HeaderValue),
        2 => index().prop_map(C::HeaderRepeated),
        2 => index().prop_map(C::HeaderGone),
        2 => index().prop_map(C::NameUnlisted),
        1 => index().prop_map(C::NameListedTwice),
        2 => index().prop_map(C::BodyByte),
        2 => (1_i64..200, any::<bool>()).prop_map(|(by, back)| C::Time(if back { -by } else { by })),
        4 => index().prop_map(C::SignatureDigit),
    ]
}

/// Makes the change; `None` where this request has nothing of the kind to change.
fn changed(request: &Request, change: &Change) -> Option<Request> {
    let mut out = request.clone();
    let parts = request.parts();
    let claims = presented(&parts).unwrap();
    let presigned = claims.form() != Form::Header;
    let listed: Vec<&str> = claims.signed_headers().split(';').collect();
    match change {
        Change::Method => out.method = if out.method == "GET" { "POST" } else { "GET" }.to_owned(),
        Change::PathGrows => out.path.push_str("/zz"),
        Change::PathEscapes => {
            let at = out.path.rfind(|letter: char| letter.is_ascii_alphabetic())?;
            // The letter must not be one of an escape, nor of a segment that is normalized away.
            if out.path.contains('%') || out.path.contains("..") {
                return None;
            }
            let letter = out.path.remove(at);
            out.path.insert_str(at, &format!("%{:02X}", u32::from(letter)));
        }
        Change::QueryGrows => {
            let comma = if out.query.is_empty() { "" } else { "&" };
            out.query = format!("zz=1{comma}{}", out.query);
        }
        Change::QueryShrinks => {
            let (first, rest) = out.query.split_once('&').unwrap_or((&out.query, ""));
            if first.is_empty() || first.starts_with("X-Amz-") {
                return None;
            }
            out.query = rest.to_owned();
        }
        Change::QueryValue => {
            let (first, rest) = out.query.split_once('&').unwrap_or((&out.query, ""));
            if first.is_empty() || first.starts_with("X-Amz-") {
                return None;
            }
            out.query = format!("{first}z&{rest}");
        }
        Change::HeaderValue(index) => {
            let name = *index.get(&listed);
            let value = [out.headers.get(name)?.as_bytes(), b"x"].concat();
            *out.headers.get_mut(name)? = HeaderValue::from_bytes(&value).unwrap();
        }
        Change::HeaderRepeated(index) => {
            let name = *index.get(&listed);
            let value = out.header(name);
            out.add(name, &value);
        }
        Change::HeaderGone(index) => {
            let name = *index.get(&listed);
            out.headers.remove(name)?;
        }
        Change::NameUnlisted(index) => {
            let without = *index.get(&listed);
            let left: Vec<&str> = listed.iter().copied().filter(|name| *name != without).collect();
            relist(&mut out, &listed, &left);
        }
        Change::NameListed => {
            out.add("zz-last", "1");
            relist(&mut out, &listed, &[&listed[..], &["zz-last"]].concat());
        }
        Change::NameListedTwice(index) => {
            let at = index.index(listed.len());
            relist(
                &mut out,
                &listed,
                &[&listed[..=at], &[listed[at]], &listed[at + 1..]].concat(),
            );
        }
        Change::NamesReversed => {
            if listed.len() < 2 {
                return None;
            }
            let reversed: Vec<&str> = listed.iter().rev().copied().collect();
            relist(&mut out, &listed, &reversed);
        }
        Change::BodyGrows => out.body.push(0),
        Change::BodyByte(index) => {
            if out.body.is_empty() {
                return None;
            }
            let at = index.index(out.body.len());
            out.body[at] ^= 1;
        }
        Change::BodyShrinks => {
            out.body.pop()?;
        }
        Change::Time(by) => {
            let before = claims.stamp();
            let after = stamp_after(before, *by)?;
            if presigned {
                out.query = out.query.replace(before, &after);
            } else {
                out.set("x-amz-date", &after);
            }
        }
        Change::ScopeDate => rescope(&mut out, claims.scope().date, "20150829"),
        Change::ScopeRegion => rescope(&mut out, claims.scope().region, "us-east-1"),
        Change::ScopeService => rescope(&mut out, "kms", "kmsx"),
        Change::ScopeTerminator => rescope(&mut out, "aws4_request", "aws5_request"),
        Change::Token => {
            claims.session_token()?;
            if presigned {
                out.query = out.query.replace(&encoded(TOKEN), &encoded("another"));
            } else {
                out.set("x-amz-security-token", "another");
            }
        }
        Change::TokenGone => {
            claims.session_token()?;
            out.query = out
                .query
                .replace(&format!("X-Amz-Security-Token={}&", encoded(TOKEN)), "");
            out.headers.remove("x-amz-security-token");
        }
        Change::SignatureDigit(index) => resign(&mut out, |text| {
            let at = index.index(text.len());
            let digit = if text.as_bytes()[at] == b'0' { "1" } else { "0" };
            text.replace_range(at..=at, digit);
        }),
        Change::SignatureUpper => resign(&mut out, |text| *text = text.to_uppercase()),
        Change::SignatureShort => resign(&mut out, |text| text.truncate(62)),
        Change::SignatureLong => resign(&mut out, |text| text.push_str("00")),
        Change::UnsignedAmzHeader => out.add("x-amz-zz", "1"),
        Change::Expires => {
            if !presigned {
                return None;
            }
            out.query = out.query.replace("X-Amz-Expires=600", "X-Amz-Expires=601");
        }
    }
    Some(out)
}

/// Puts another list of signed headers in.
fn relist(request: &mut Request, before: &[&str], after: &[&str]) {
    let (before, after) = (before.join(";"), after.join(";"));
    let list = |before: &str| format!("SignedHeaders={before}");
    request.query = request
        .query
        .replace(&list(&encoded(&before)), &list(&encoded(&after)));
    replace_in_authorization(request, &list(&before), &list(&after));
}

/// Changes one element of the scope.
fn rescope(request: &mut Request, before: &str, after: &str) {
    request.query = request
        .query
        .replace(&format!("%2F{before}"), &format!("%2F{after}"));
    replace_in_authorization(request, &format!("/{before}"), &format!("/{after}"));
}

fn resign(request: &mut Request, change: impl Fn(&mut String)) {
    let place = if request.query.contains("X-Amz-Signature=") {
        request.query.clone()
    } else {
        request.header("authorization")
    };
    let (_, before) = place.rsplit_once("Signature=").unwrap();
    let mut after = before.to_owned();
    change(&mut after);
    // Some signatures have no letter, and cannot be written in upper case.
    if after == before {
        after.push('0');
    }
    request.query = request.query.replace(before, &after);
    replace_in_authorization(request, before, &after);
}

fn replace_in_authorization(request: &mut Request, before: &str, after: &str) {
    if request.headers.contains_key("authorization") {
        let text = request.header("authorization").replacen(before, after, 1);
        request.set("authorization", &text);
    }
}

/// The same minute's or a neighbour's stamp, some seconds on; `None` over the hour.
fn stamp_after(stamp: &str, seconds: i64) -> Option<String> {
    let minute: i64 = stamp[11..13].parse().unwrap();
    let second: i64 = stamp[13..15].parse().unwrap();
    let total = minute * 60 + second + seconds;
    (0..3600)
        .contains(&total)
        .then(|| format!("{}{:02}{:02}Z", &stamp[..11], total / 60, total % 60))
}

fn signed(mut request: Request, presigned: bool, token: bool) -> Request {
    let signer = signer(Service::named("kms"), token.then_some(TOKEN));
    if presigned {
        request.presign(&signer, NOW, 600);
    } else {
        request.sign(&signer, NOW);
    }
    request
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_change_that_alters_the_canonical_form_is_refused(
        request in requests(), change in changes(), presigned: bool, token: bool,
    ) {
        let service = Service::named("kms");
        let signed = signed(request, presigned, token);
        prop_assert_eq!(signed.verify(&service, NOW), Ok(()));
        if let Some(changed) = changed(&signed, &change) {
            prop_assert!(changed.verify(&service, NOW).is_err(), "{changed:?}");
        }
    }

    #[test]
    fn a_change_that_does_not_alter_the_canonical_form_is_taken(
        request in requests(), presigned: bool, token: bool, which in 0..7,
    ) {
        let service = Service::named("kms");
        let signed = signed(request, presigned, token);
        let mut changed = signed.clone();
        match which {
            0 => {
                let mut parameters: Vec<&str> = signed.query.split('&').collect();
                parameters.reverse();
                changed.query = parameters.join("&");
            }
            1 => changed.query = signed.query.replace("%20", "+").replace("%7E", "~"),
            2 => changed.query = format!("&{}&&", signed.query.replace('a', "%61")),
            3 => changed.path = format!("/.{}", signed.path),
            4 => {
                let host = format!("  {}  ", signed.header("host"));
                changed.set("host", &host);
            }
            5 => {
                changed.add("user-agent", "another");
                changed.add("x-amzn-trace-id", "Root=1");
            }
            _ => {
                changed.headers.clear();
                let mut names: Vec<_> = signed.headers.keys().collect();
                names.reverse();
                for name in names {
                    for value in signed.headers.get_all(name) {
                        changed.headers.append(name, value.clone());
                    }
                }
            }
        }
        prop_assert_eq!(changed.verify(&service, NOW), Ok(()), "{:?}", changed);
    }

    #[test]
    fn any_edit_is_refused_just_when_the_canonical_form_is_another(
        request in requests(), presigned: bool, place in 0..4, at: Index, byte in 0x20_u8..0x7f, insert: bool,
    ) {
        let service = Service::named("kms");
        let signed = signed(request, presigned, false);
        let mut edited = signed.clone();
        let edit = |text: &mut String| {
            let bound = if insert { text.len() + 1 } else { text.len() };
            let start = text.floor_char_boundary(at.index(bound.max(1)));
            let end = if insert { start } else { text.ceil_char_boundary((start + 1).min(text.len())) };
            text.replace_range(start..end, &char::from(byte).to_string());
        };
        match place {
            0 => edit(&mut edited.path),
            1 => edit(&mut edited.query),
            2 => edit(&mut edited.method),
            _ => {
                let names: Vec<_> = signed.headers.keys().collect();
                let name = *at.get(&names);
                let mut value = signed.headers.get(name).unwrap().to_str().unwrap().to_owned();
                edit(&mut value);
                edited.headers.insert(name, value.parse().unwrap());
            }
        }
        let form = |request: &Request| {
            let parts = request.parts();
            let claims = presented(&parts).ok()?;
            let canonical = canonical_request(&parts, claims.signed_headers(), presigned, &service).ok()?;
            let place = if presigned { request.query.clone() } else { request.header("authorization") };
            let dividers: &[char] = if presigned { &['&'] } else { &[' ', ','] };
            let (_, signature) = place.split_once("Signature=")?;
            let signature = signature.split(dividers).next()?.to_owned();
            Some((canonical, claims.stamp().to_owned(), claims.scope().to_string(), signature))
        };
        let same = form(&edited) == form(&signed);
        prop_assert_eq!(edited.verify(&service, NOW).is_ok(), same, "{:?}", edited);
    }
}

#[test]
fn a_token_added_after_signing_is_read_and_one_signed_cannot_be_unsigned() {
    let service = Service::named("kms");
    let mut request = signed(Request::kms(), false, false);
    request.add("x-amz-security-token", TOKEN);
    assert_eq!(request.verify(&service, NOW), Ok(()));
    assert_eq!(presented(&request.parts()).unwrap().session_token(), Some(TOKEN));
    let mut presigned = signed(Request::kms(), true, false);
    presigned.add("x-amz-security-token", TOKEN);
    assert_eq!(
        presigned.verify(&service, NOW),
        Err(SignatureError::Unsigned("'x-amz-security-token'".to_owned()))
    );
}

#[test]
fn another_secret_makes_another_signature() {
    let request = signed(Request::kms(), false, false);
    let other = secret::SecretString::new("another".to_owned());
    let result = support::verify(&request, &other, &Service::named("kms"), &|_| true, NOW);
    assert_eq!(result, Err(SignatureError::Mismatch));
}
