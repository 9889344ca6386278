//! Whether a request was signed by who it says, for here and for now.

use ambient::Timestamp;
use aws_lc_rs::hmac;
use http::HeaderName;

use crate::error::{Skewed, echo};
use crate::{
    Form, KnownSecret, Presented, Service, SignatureError, SignedRequest, SigningKeys, TERMINATOR,
    canonical_request, string_to_sign,
};

const SECURITY_TOKEN: &str = "x-amz-security-token";

/// What a request has to be signed for.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    /// The service that the request came to.
    pub service: &'a Service,
    /// Whether a Region is served here, by its name.
    pub serves: &'a dyn Fn(&str) -> bool,
}

/// Tests time, scope and signature, in this order.
///
/// The caller has found the access key to be active, and the session token to be the key's own. `now` is the
/// service's time.
pub fn verify(
    request: &SignedRequest<'_>,
    presented: &Presented<'_>,
    secret: KnownSecret<'_>,
    keys: &SigningKeys,
    now: Timestamp,
    expected: &Expected<'_>,
) -> Result<(), SignatureError> {
    check_time(presented, now, expected.service)?;
    check_scope(presented, expected)?;
    check_signed_headers(request, presented)?;
    let presigned = presented.form() != Form::Header;
    let canonical = canonical_request(request, presented.signed_headers(), presigned, expected.service)?;
    let string = string_to_sign(presented.stamp(), presented.scope(), &canonical);
    let key = keys.of(presented.access_key_id(), presented.scope(), secret);
    let signature = presented.signature().ok_or(SignatureError::Mismatch)?;
    hmac::verify(&key, &string, signature).map_err(|_| SignatureError::Mismatch)
}

fn check_time(presented: &Presented<'_>, now: Timestamp, service: &Service) -> Result<(), SignatureError> {
    let now = Timestamp::from_seconds(now.seconds());
    let signed_at = presented.signed_at();
    let span = match presented.form() {
        Form::Query {
            expires: Some(expires),
        } => expires,
        _ => service.skew,
    };
    if now.since(signed_at) > span {
        let before = now
            .milliseconds()
            .saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX));
        return Err(SignatureError::Expired(Skewed {
            signed_at,
            limit: Timestamp::from_milliseconds(before),
            now,
            span,
        }));
    }
    if signed_at.since(now) > service.skew {
        return Err(SignatureError::NotYetCurrent(Skewed {
            signed_at,
            limit: now.after(service.skew),
            now,
            span: service.skew,
        }));
    }
    Ok(())
}

fn check_scope(presented: &Presented<'_>, expected: &Expected<'_>) -> Result<(), SignatureError> {
    let scope = presented.scope();
    let date = presented.stamp().get(..8).unwrap_or_default();
    let served = (expected.serves)(scope.region);
    let service = expected.service.name;
    if served && scope.service == service && scope.terminator == TERMINATOR && scope.date == date {
        return Ok(());
    }
    let mut faults = Vec::new();
    if !served {
        faults.push(format!(
            "Credential should be scoped to a valid region, not '{}'.",
            echo(scope.region)
        ));
    }
    if scope.service != service {
        faults.push(format!(
            "Credential should be scoped to correct service: '{service}'."
        ));
    }
    if scope.terminator != TERMINATOR {
        faults.push(format!(
            "Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{}'.",
            echo(scope.terminator)
        ));
    }
    if scope.date != date {
        faults.push(format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
             '{}' != '{date}', from '{}'.",
            echo(scope.date),
            presented.stamp()
        ));
    }
    Err(SignatureError::Scope(faults.join(" ")))
}

/// Whether the list is canonical, and whether it has what it must have: `host`, and each `x-amz-*` header that
/// was sent, except a session token that was added after signing.
fn check_signed_headers(
    request: &SignedRequest<'_>,
    presented: &Presented<'_>,
) -> Result<(), SignatureError> {
    let mut ordered = true;
    let (mut has_host, mut signed, mut has_token) = (false, 0, false);
    let mut before = "";
    for name in presented.signed_headers().split(';') {
        // A name in capitals finds its header, but is not how the canonical form writes it.
        ordered &= name > before && !name.bytes().any(|byte| byte.is_ascii_uppercase());
        has_host |= name.eq_ignore_ascii_case("host");
        has_token |= name == SECURITY_TOKEN;
        signed += usize::from(name.starts_with("x-amz-"));
        before = name;
    }
    if !has_host {
        return Err(SignatureError::Unsigned("'Host' or ':authority'".to_owned()));
    }
    let added_later = |name: &str| name == SECURITY_TOKEN && !has_token && presented.form() == Form::Header;
    let sent = || request.headers.keys().map(HeaderName::as_str);
    let must_be_signed = || sent().filter(|name| name.starts_with("x-amz-") && !added_later(name));
    // The names of the list are distinct where it is ordered, and `canonical_request` refuses those that were not
    // sent: so none is missing where the numbers are equal.
    if !ordered || must_be_signed().count() != signed {
        let listed = |name: &str| presented.signed_headers().split(';').any(|signed| signed == name);
        return Err(match must_be_signed().find(|name| !listed(name)) {
            Some(name) => SignatureError::Unsigned(format!("'{name}'")),
            None => SignatureError::Mismatch,
        });
    }
    Ok(())
}
