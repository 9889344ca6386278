//! What a signed request claims, read and not yet believed.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use ambient::Timestamp;
use http::header::{AUTHORIZATION, DATE};
use http::{HeaderMap, HeaderName};

use crate::canonical::single;
use crate::error::echo;
use crate::{ALGORITHM, SignatureError, SignedRequest, encode, limits, query, stamp};

static AMZ_DATE: HeaderName = HeaderName::from_static("x-amz-date");
static SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// Where the signature stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// In the `Authorization` header.
    Header,
    /// In the query.
    Query {
        /// How long after it was signed the request is valid; unless it says so, as long as one signed in
        /// its header.
        expires: Option<Duration>,
    },
}

/// What a signature is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope<'p> {
    /// The day, as `20150830`.
    pub date: &'p str,
    /// The Region's name.
    pub region: &'p str,
    /// The service's name.
    pub service: &'p str,
    /// Always `aws4_request`, in a scope that is right.
    pub terminator: &'p str,
}

impl fmt::Display for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}/{}/{}",
            self.date, self.region, self.service, self.terminator
        )
    }
}

/// What a signed request claims. Nothing of it is to be believed before [`verify`](crate::verify) says so.
pub struct Presented<'a> {
    credential: Cow<'a, str>,
    signed_headers: Cow<'a, str>,
    /// `None` where the text is not that of any signature.
    signature: Option<[u8; 32]>,
    session_token: Option<Cow<'a, str>>,
    signed_at: Timestamp,
    stamp: Cow<'a, str>,
    form: Form,
}

impl Presented<'_> {
    /// Whose access key signed the request.
    pub fn access_key_id(&self) -> &str {
        self.credential.split('/').next().unwrap_or_default()
    }

    /// What the signature is good for.
    pub fn scope(&self) -> Scope<'_> {
        let mut parts = self.credential.split('/').skip(1);
        // INVARIANT: `read_credential` has counted five elements.
        let mut part = || parts.next().unwrap_or_default();
        Scope {
            date: part(),
            region: part(),
            service: part(),
            terminator: part(),
        }
    }

    /// The session token, which whoever looks the access key up has to test.
    pub fn session_token(&self) -> Option<&str> {
        self.session_token.as_deref()
    }

    /// When the request says that it was signed, to the second.
    pub fn signed_at(&self) -> Timestamp {
        self.signed_at
    }

    /// The same as the string to sign has it.
    pub fn stamp(&self) -> &str {
        &self.stamp
    }

    /// The names of the signed headers, with `;` between them, as the request has them.
    pub fn signed_headers(&self) -> &str {
        &self.signed_headers
    }

    /// Where the signature stands.
    pub fn form(&self) -> Form {
        self.form
    }

    /// The signature; `None` where the text is not that of any.
    pub(crate) fn signature(&self) -> Option<&[u8; 32]> {
        self.signature.as_ref()
    }
}

impl fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presented")
            .field("credential", &self.credential)
            .field("signed_headers", &self.signed_headers)
            .field("session_token", &self.session_token.is_some())
            .field("stamp", &self.stamp)
            .field("form", &self.form)
            .finish_non_exhaustive()
    }
}

/// Reads what a request claims, from its header or its query.
pub fn presented<'a>(request: &SignedRequest<'a>) -> Result<Presented<'a>, SignatureError> {
    request.check_size()?;
    query::check_count(request.query)?;
    let parameters = QueryForm::find(request.query)?;
    let header = authorization(request.headers)?;
    match (header, parameters) {
        (None, None) => Err(SignatureError::Missing),
        (Some(_), Some(_)) => Err(SignatureError::SignedTwice),
        (Some(text), None) => in_header(text, request.headers),
        (None, Some(parameters)) => in_query(parameters),
    }
}

/// The `Authorization` header.
fn authorization(headers: &HeaderMap) -> Result<Option<&str>, SignatureError> {
    let text = single(headers, &AUTHORIZATION)?;
    match text {
        Some(text) if text.len() > limits::AUTHORIZATION => Err(SignatureError::TooLong {
            what: "Authorization header",
            limit: limits::AUTHORIZATION,
        }),
        text => Ok(text),
    }
}

fn in_header<'a>(text: &'a str, headers: &'a HeaderMap) -> Result<Presented<'a>, SignatureError> {
    if !text.starts_with("AWS4-") {
        return Err(SignatureError::Missing);
    }
    let mut words = words(text);
    let algorithm = words.next().unwrap_or_default();
    let (mut credential, mut signed_headers, mut signature) = (None, None, None);
    for word in words {
        let Some((name, value)) = word.split_once('=') else {
            return Err(SignatureError::Incomplete(format!(
                "'{}' not a valid key=value pair (missing equal-sign) in Authorization header: '{}'.",
                echo(word),
                echo(text),
            )));
        };
        match name {
            "Credential" => once(&mut credential, value, "Credential")?,
            "SignedHeaders" => once(&mut signed_headers, value, "SignedHeaders")?,
            "Signature" => once(&mut signature, value, "Signature")?,
            _ => {}
        }
    }
    let date = match single(headers, &AMZ_DATE)? {
        Some(date) => Some((date, false)),
        None => single(headers, &DATE)?.map(|date| (date, true)),
    };
    let (Some(credential), Some(signed_headers), Some(signature), Some((date, http_date))) = (
        credential.filter(|text| !text.is_empty()),
        signed_headers,
        signature.filter(|text| !text.is_empty()),
        date,
    ) else {
        let parts = [
            (credential.is_none_or(str::is_empty), "'Credential' parameter"),
            (signature.is_none_or(str::is_empty), "'Signature' parameter"),
            (signed_headers.is_none(), "'SignedHeaders' parameter"),
            (
                date.is_none(),
                "existence of either a 'X-Amz-Date' or a 'Date' header",
            ),
        ];
        let missing = parts.iter().filter(|(missing, _)| *missing);
        let mut message: String = missing
            .map(|(_, part)| format!("Authorization header requires {part}. "))
            .collect();
        message.push_str("Authorization=");
        message.push_str(echo(text));
        return Err(SignatureError::Incomplete(message));
    };
    check_algorithm(algorithm)?;
    let signed_at = if http_date {
        stamp::read_date_header(date)
    } else {
        stamp::read(date)
    };
    let signed_at = signed_at.ok_or_else(|| unreadable_date(date))?;
    let stamp = if http_date {
        Cow::Owned(stamp::write(signed_at))
    } else {
        Cow::Borrowed(date)
    };
    let session_token = single(headers, &SECURITY_TOKEN)?;
    Ok(Presented {
        credential: read_credential(Cow::Borrowed(credential))?,
        signed_headers: read_signed_headers(Cow::Borrowed(signed_headers))?,
        signature: read_signature(signature),
        session_token: session_token
            .map(|token| read_token(Cow::Borrowed(token)))
            .transpose()?,
        signed_at,
        stamp,
        form: Form::Header,
    })
}

/// The words of a header: what spaces and commas divide.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    // By bytes, since both dividers are ASCII, and this is the longest text to look through.
    std::iter::from_fn(move || {
        let divider = |byte: &u8| matches!(byte, b' ' | b',');
        let start = rest.bytes().position(|byte| !divider(&byte))?;
        let word = rest.get(start..)?;
        let (word, after) = match word.bytes().position(|byte| divider(&byte)) {
            Some(end) => word.split_at_checked(end)?,
            None => (word, ""),
        };
        rest = after;
        Some(word)
    })
}

/// The parameters of a signature in a query.
#[derive(Default)]
struct QueryForm<'a> {
    algorithm: Option<Cow<'a, str>>,
    credential: Option<Cow<'a, str>>,
    signature: Option<Cow<'a, str>>,
    signed_headers: Option<Cow<'a, str>>,
    date: Option<Cow<'a, str>>,
    expires: Option<Cow<'a, str>>,
    token: Option<Cow<'a, str>>,
}

impl<'a> QueryForm<'a> {
    /// Gathers them; `None` unless one of those is there that only a signature needs.
    fn find(query: &'a str) -> Result<Option<QueryForm<'a>>, SignatureError> {
        let mut form = QueryForm::default();
        for (name, value) in query::parameters(query) {
            let (place, what) = match &*encode::decoded(name) {
                "X-Amz-Algorithm" => (&mut form.algorithm, "X-Amz-Algorithm"),
                "X-Amz-Credential" => (&mut form.credential, "X-Amz-Credential"),
                query::SIGNATURE => (&mut form.signature, query::SIGNATURE),
                "X-Amz-SignedHeaders" => (&mut form.signed_headers, "X-Amz-SignedHeaders"),
                "X-Amz-Date" => (&mut form.date, "X-Amz-Date"),
                "X-Amz-Expires" => (&mut form.expires, "X-Amz-Expires"),
                "X-Amz-Security-Token" => (&mut form.token, "X-Amz-Security-Token"),
                _ => continue,
            };
            once(place, encode::decoded(value), what)?;
        }
        let is_signed = form.algorithm.is_some() || form.credential.is_some() || form.signature.is_some();
        Ok(is_signed.then_some(form))
    }
}

fn in_query(form: QueryForm<'_>) -> Result<Presented<'_>, SignatureError> {
    let given = |part: Option<_>| part.filter(|text: &Cow<'_, str>| !text.is_empty());
    let (algorithm, credential) = (given(form.algorithm), given(form.credential));
    let (signature, signed_headers) = (given(form.signature), given(form.signed_headers));
    let date = given(form.date);
    let parts = [
        (algorithm.is_none(), "X-Amz-Algorithm"),
        (credential.is_none(), "X-Amz-Credential"),
        (signature.is_none(), query::SIGNATURE),
        (signed_headers.is_none(), "X-Amz-SignedHeaders"),
        (date.is_none(), "X-Amz-Date"),
    ];
    let (Some(algorithm), Some(credential), Some(signature), Some(signed_headers), Some(date)) =
        (algorithm, credential, signature, signed_headers, date)
    else {
        let missing = parts.iter().filter(|(missing, _)| *missing);
        let mut message: String = missing
            .map(|(_, part)| format!("AWS query-string parameters must include '{part}'. "))
            .collect();
        message.push_str("Re-examine the query-string parameters.");
        return Err(SignatureError::Incomplete(message));
    };
    check_algorithm(&algorithm)?;
    Ok(Presented {
        credential: read_credential(credential)?,
        signed_headers: read_signed_headers(signed_headers)?,
        signature: read_signature(&signature),
        session_token: form.token.map(read_token).transpose()?,
        signed_at: stamp::read(&date).ok_or_else(|| unreadable_date(&date))?,
        stamp: date,
        form: Form::Query {
            expires: form.expires.map(|text| read_expires(&text)).transpose()?,
        },
    })
}

fn once<T>(place: &mut Option<T>, value: T, what: &'static str) -> Result<(), SignatureError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(SignatureError::Repeated { what }),
    }
}

fn check_algorithm(algorithm: &str) -> Result<(), SignatureError> {
    if algorithm == ALGORITHM {
        return Ok(());
    }
    let algorithm = echo(algorithm);
    Err(SignatureError::Incomplete(format!(
        "Unsupported AWS 'algorithm': '{algorithm}' (only {ALGORITHM} for now)."
    )))
}

fn read_credential(text: Cow<'_, str>) -> Result<Cow<'_, str>, SignatureError> {
    if text.bytes().filter(|byte| *byte == b'/').count() == 4 {
        return Ok(text);
    }
    Err(SignatureError::Incomplete(format!(
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{}'",
        echo(&text)
    )))
}

fn read_signed_headers(text: Cow<'_, str>) -> Result<Cow<'_, str>, SignatureError> {
    if text.bytes().filter(|byte| *byte == b';').count() >= limits::SIGNED_HEADERS {
        return Err(SignatureError::TooMany {
            what: "signed headers",
            limit: limits::SIGNED_HEADERS,
        });
    }
    Ok(text)
}

fn read_token(text: Cow<'_, str>) -> Result<Cow<'_, str>, SignatureError> {
    if text.len() > limits::SESSION_TOKEN {
        return Err(SignatureError::TooLong {
            what: "session token",
            limit: limits::SESSION_TOKEN,
        });
    }
    Ok(text)
}

/// Reads 64 lower-case hexadecimal digits: a signature is compared as the text that it is.
fn read_signature(text: &str) -> Option<[u8; 32]> {
    let mut signature = [0; 32];
    let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    (lower && hex::decode_to_slice(text, &mut signature).is_ok()).then_some(signature)
}

fn read_expires(text: &str) -> Result<Duration, SignatureError> {
    let message = match text.parse::<i64>() {
        Err(_) => "X-Amz-Expires should be a number",
        Ok(seconds) => match u64::try_from(seconds) {
            Err(_) | Ok(0) => "X-Amz-Expires must be greater than zero",
            Ok(seconds) if seconds > limits::EXPIRES => {
                "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be \
                 less than 604800 seconds"
            }
            Ok(seconds) => return Ok(Duration::from_secs(seconds)),
        },
    };
    Err(SignatureError::Incomplete(message.to_owned()))
}

fn unreadable_date(text: &str) -> SignatureError {
    SignatureError::Incomplete(format!(
        "Date must be in ISO-8601 'basic format'. Got '{}'. See http://en.wikipedia.org/wiki/ISO_8601",
        echo(text)
    ))
}
