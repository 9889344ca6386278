//! Each refusal has AWS's code and message, and comes in AWS's order.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod support;

use ambient::Timestamp;
use sigv4::{Form, Service, SignatureError, limits, presented};
use support::{ACCESS_KEY_ID, NOW, REGION, Request, encoded, secret, signer};

const KMS: Service = Service::usual("kms");

fn signed() -> Request {
    let mut request = Request::kms();
    request.sign(&signer(KMS, None), NOW);
    request
}

fn presigned(seconds: u64) -> Request {
    let mut request = Request::kms();
    request.presign(&signer(KMS, None), NOW, seconds);
    request
}

fn refusal(request: &Request) -> (&'static str, String) {
    let error = request.verify(&KMS, NOW).unwrap_err();
    (error.code(), error.to_string())
}

fn seconds(by: i64) -> Timestamp {
    Timestamp::from_seconds(NOW.seconds() + by)
}

fn assert_incomplete(request: &Request, message: &str) {
    assert_eq!(
        refusal(request),
        ("IncompleteSignatureException", message.to_owned())
    );
}

fn assert_invalid(request: &Request, message: &str) {
    assert_eq!(
        refusal(request),
        ("InvalidSignatureException", message.to_owned())
    );
}

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

#[test]
fn an_unsigned_request_has_no_token() {
    let missing = (
        "MissingAuthenticationTokenException",
        "Missing Authentication Token".to_owned(),
    );
    assert_eq!(refusal(&Request::kms()), missing);
    for other in ["Bearer abc", "Basic abc", "AWS AKID:abc", ""] {
        let mut request = signed();
        request.set("authorization", other);
        assert_eq!(refusal(&request), missing, "{other}");
    }
}

#[test]
fn a_header_that_lacks_parts_is_told_which() {
    let mut request = signed();
    request.headers.remove("x-amz-date");
    request.set("authorization", "AWS4-HMAC-SHA256");
    assert_incomplete(
        &request,
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' \
         parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires \
         existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256",
    );
    let mut request = signed();
    request.set(
        "authorization",
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/e,Signature=f",
    );
    assert_incomplete(
        &request,
        "Authorization header requires 'SignedHeaders' parameter. \
         Authorization=AWS4-HMAC-SHA256 Credential=a/b/c/d/e,Signature=f",
    );
}

#[test]
fn a_malformed_header_is_told_how() {
    let with = |text: &str| {
        let mut request = signed();
        request.set("authorization", text);
        request
    };
    assert_incomplete(
        &with("AWS4-HMAC-SHA256 Credential= AKID/b/c/d/e, SignedHeaders=host, Signature=f"),
        "'AKID/b/c/d/e' not a valid key=value pair (missing equal-sign) in Authorization header: \
         'AWS4-HMAC-SHA256 Credential= AKID/b/c/d/e, SignedHeaders=host, Signature=f'.",
    );
    assert_incomplete(
        &with("AWS4-HMAC-SHA512 Credential=a/b/c/d/e, SignedHeaders=host, Signature=f"),
        "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512' (only AWS4-HMAC-SHA256 for now).",
    );
    assert_incomplete(
        &with("AWS4-HMAC-SHA256 Credential=a/b/c/d, SignedHeaders=host, Signature=f"),
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b/c/d'",
    );
    assert_incomplete(
        &with("AWS4-HMAC-SHA256 Credential=a/b/c/d/e, Credential=x, SignedHeaders=host, Signature=f"),
        "Credential must not be given more than once.",
    );
}

#[test]
fn a_header_that_was_sent_twice_is_refused() {
    for name in ["authorization", "x-amz-date", "x-amz-security-token"] {
        let mut request = Request::kms();
        request.sign(&signer(KMS, Some("token")), NOW);
        let value = request.header(name);
        request.add(name, &value);
        assert_incomplete(&request, &format!("{name} must not be given more than once."));
    }
}

#[test]
fn the_parts_of_the_header_may_be_spaced_as_they_like() {
    let request = signed();
    let text = request.header("authorization");
    for text in [
        text.replace(", ", ","),
        text.replace(", ", " ,  "),
        format!("  {text} "),
    ] {
        let mut request = request.clone();
        request.set("authorization", &text);
        assert_eq!(request.verify(&KMS, NOW), Ok(()), "{text}");
    }
}

#[test]
fn a_date_must_be_of_the_basic_format() {
    for date in [
        "2015-08-30T12:36:00Z",
        "20150830",
        "",
        "Sun, 30 Aug 2015 12:36:00 GMT",
    ] {
        let mut request = signed();
        request.set("x-amz-date", date);
        assert_incomplete(
            &request,
            &format!(
                "Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
            ),
        );
    }
}

#[test]
fn a_date_header_serves_where_there_is_no_other() {
    for date in ["20150830T123600Z", "Sun, 30 Aug 2015 12:36:00 GMT"] {
        let mut request = Request::kms();
        request.set("date", date);
        let signer = signer(KMS, None);
        // The signer always sends x-amz-date, so sign the canonical form by hand.
        let names = "content-type;date;host;x-amz-target";
        let form = sigv4::canonical_request(&request.parts(), names, false, &KMS).unwrap();
        let mut probe = Request::kms();
        probe.sign(&signer, NOW);
        let parts = probe.parts();
        let claims = presented(&parts).unwrap();
        let string = sigv4::string_to_sign("20150830T123600Z", claims.scope(), &form);
        let signature = hex::encode(hmac_chain(claims.scope(), &string));
        request.set(
            "authorization",
            &format!(
                "AWS4-HMAC-SHA256 Credential={ACCESS_KEY_ID}/{}, SignedHeaders={names}, Signature={signature}",
                claims.scope()
            ),
        );
        assert_eq!(request.verify(&KMS, NOW), Ok(()), "{date}");
    }
}

fn hmac_chain(scope: sigv4::Scope<'_>, string: &[u8]) -> Vec<u8> {
    use aws_lc_rs::hmac;
    let start = format!("AWS4{}", support::SECRET).into_bytes();
    let parts = [scope.date, scope.region, scope.service, scope.terminator];
    let steps = parts.iter().map(|part| part.as_bytes()).chain([string]);
    steps.fold(start, |key, step| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        hmac::sign(&key, step).as_ref().to_vec()
    })
}

#[test]
fn a_query_that_lacks_parts_is_told_which() {
    let mut request = Request::kms();
    request.query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20150830T123600Z".to_owned();
    assert_incomplete(
        &request,
        "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include \
         'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. Re-examine the \
         query-string parameters.",
    );
}

#[test]
fn a_presigned_request_expires_within_a_week() {
    for (text, message) in [
        ("x", "X-Amz-Expires should be a number"),
        ("0", "X-Amz-Expires must be greater than zero"),
        ("-1", "X-Amz-Expires must be greater than zero"),
        (
            "604801",
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less \
             than 604800 seconds",
        ),
    ] {
        let mut request = presigned(60);
        request.query = request
            .query
            .replace("X-Amz-Expires=60", &format!("X-Amz-Expires={text}"));
        assert_incomplete(&request, message);
    }
    assert_eq!(presigned(604_800).verify(&KMS, seconds(604_800)), Ok(()));
}

#[test]
fn a_parameter_of_the_signature_that_was_sent_twice_is_refused() {
    let mut request = presigned(60);
    request.query.push_str("&X-Amz-Date=20150830T123600Z");
    assert_incomplete(&request, "X-Amz-Date must not be given more than once.");
}

#[test]
fn a_request_signed_both_ways_is_refused() {
    let mut request = presigned(60);
    request.set("authorization", &signed().header("authorization"));
    assert_invalid(
        &request,
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    );
}

#[test]
fn a_clock_may_be_five_minutes_off_and_no_more() {
    let request = signed();
    assert_eq!(request.verify(&KMS, seconds(300)), Ok(()));
    assert_eq!(request.verify(&KMS, seconds(-300)), Ok(()));
    assert_eq!(
        request.verify(&KMS, seconds(301)).unwrap_err().to_string(),
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)"
    );
    assert_eq!(
        request.verify(&KMS, seconds(-301)).unwrap_err().to_string(),
        "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z \
         (20150830T123059Z + 5 min.)"
    );
}

#[test]
fn a_clock_may_be_fifteen_minutes_off_for_sts() {
    let sts = Service::named("sts");
    let mut request = Request::new("GET", "/", "Action=GetCallerIdentity", &[("host", "h")], b"");
    request.sign(&signer(sts, None), NOW);
    assert_eq!(request.verify(&sts, seconds(900)), Ok(()));
    let error = request.verify(&sts, seconds(901)).unwrap_err().to_string();
    assert!(error.ends_with("(20150830T125101Z - 15 min.)"), "{error}");
}

#[test]
fn a_presigned_request_is_valid_until_it_expires() {
    let request = presigned(600);
    assert_eq!(request.verify(&KMS, seconds(600)), Ok(()));
    assert_eq!(
        request.verify(&KMS, seconds(601)).unwrap_err().to_string(),
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124601Z - 10 min.)"
    );
    assert!(matches!(
        request.verify(&KMS, seconds(-301)),
        Err(SignatureError::NotYetCurrent(_))
    ));
    let error = presigned(90).verify(&KMS, seconds(91)).unwrap_err().to_string();
    assert!(error.ends_with("(20150830T123731Z - 90 sec.)"), "{error}");
}

#[test]
fn a_scope_is_told_all_its_faults() {
    let request = {
        let mut request = signed();
        let text = request.header("authorization");
        request.set(
            "authorization",
            &text.replace(
                "20150830/eu-central-1/kms/aws4_request",
                "20150829/mars-1/sts/aws5_request",
            ),
        );
        request
    };
    let error = support::verify(&request, &secret(), &KMS, &|region| region == REGION, NOW).unwrap_err();
    assert_eq!(error.code(), "InvalidSignatureException");
    assert_eq!(
        error.to_string(),
        "Credential should be scoped to a valid region, not 'mars-1'. \
         Credential should be scoped to correct service: 'kms'. \
         Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. \
         Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
         '20150829' != '20150830', from '20150830T123600Z'."
    );
}

#[test]
fn a_region_that_is_not_served_is_refused_however_well_it_is_signed() {
    let error = support::verify(&signed(), &secret(), &KMS, &|region| region == "us-east-1", NOW);
    assert_eq!(
        error.unwrap_err().to_string(),
        format!("Credential should be scoped to a valid region, not '{REGION}'.")
    );
}

#[test]
fn host_and_all_amz_headers_must_be_signed() {
    let mut request = signed();
    request.set(
        "authorization",
        &request
            .header("authorization")
            .replace("content-type;host;", "content-type;"),
    );
    assert_invalid(
        &request,
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    );
    let mut request = signed();
    request.add("x-amz-meta", "1");
    assert_invalid(
        &request,
        "'x-amz-meta' must be a 'SignedHeader' in the AWS Authorization.",
    );
}

#[test]
fn a_wrong_signature_says_no_more_than_that() {
    let mut request = signed();
    request.body.push(b' ');
    assert_invalid(&request, MISMATCH);
    assert_eq!(request.verify(&KMS, NOW).unwrap_err().status(), 400);
    let mut request = signed();
    let text = request.header("authorization");
    request.set(
        "authorization",
        &format!("{}Signature=short", text.split("Signature").next().unwrap()),
    );
    assert_invalid(&request, MISMATCH);
}

#[test]
fn time_comes_before_scope_and_scope_before_the_signature() {
    let mut request = signed();
    request.body.clear();
    let mut scoped = request.clone();
    scoped.set(
        "authorization",
        &request.header("authorization").replace("/kms/", "/sts/"),
    );
    assert!(matches!(
        scoped.verify(&KMS, seconds(999)),
        Err(SignatureError::Expired(_))
    ));
    assert!(matches!(scoped.verify(&KMS, NOW), Err(SignatureError::Scope(_))));
    assert_eq!(request.verify(&KMS, NOW), Err(SignatureError::Mismatch));
}

#[test]
fn what_is_found_at_the_look_up_has_its_codes_too() {
    assert_eq!(SignatureError::UnknownKey.code(), "UnrecognizedClientException");
    assert_eq!(
        SignatureError::UnknownKey.to_string(),
        "The security token included in the request is invalid."
    );
    assert_eq!(SignatureError::TokenExpired.code(), "ExpiredTokenException");
    assert_eq!(
        SignatureError::TokenExpired.to_string(),
        "The security token included in the request is expired"
    );
}

#[test]
fn a_request_is_read_before_it_is_believed() {
    let mut request = Request::kms();
    request.presign(&signer(KMS, Some("to/ken+=")), NOW, 60);
    let parts = request.parts();
    let claims = presented(&parts).unwrap();
    assert_eq!(claims.access_key_id(), ACCESS_KEY_ID);
    assert_eq!(claims.session_token(), Some("to/ken+="));
    assert_eq!(claims.signed_at(), NOW);
    assert_eq!(claims.signed_headers(), "content-type;host;x-amz-target");
    assert_eq!(
        claims.scope().to_string(),
        format!("20150830/{REGION}/kms/aws4_request")
    );
    let expires = Some(std::time::Duration::from_secs(60));
    assert_eq!(claims.form(), Form::Query { expires });
    assert!(!format!("{claims:?}").contains("to/ken"));
}

#[test]
fn what_is_too_much_is_refused() {
    let long = |length: usize| "a".repeat(length);
    let mut request = signed();
    request.path = format!("/{}", long(limits::PATH));
    assert_incomplete(&request, "The path must not be longer than 8192 bytes.");
    let mut request = signed();
    request.query = long(limits::QUERY + 1);
    assert_incomplete(&request, "The query string must not be longer than 65536 bytes.");
    let mut request = signed();
    request.query = "a&".repeat(limits::QUERY_PARAMETERS + 1);
    assert_incomplete(
        &request,
        "There must not be more than 512 query-string parameters.",
    );
    let mut request = signed();
    request.set("authorization", &format!("AWS4-{}", long(limits::AUTHORIZATION)));
    assert_incomplete(
        &request,
        "The Authorization header must not be longer than 8192 bytes.",
    );
    let mut request = signed();
    request.set("x-amz-security-token", &long(limits::SESSION_TOKEN + 1));
    assert_incomplete(&request, "The session token must not be longer than 16384 bytes.");
    let mut request = signed();
    let list = "a;".repeat(limits::SIGNED_HEADERS);
    request.set(
        "authorization",
        &request
            .header("authorization")
            .replace("SignedHeaders=", &format!("SignedHeaders={list}")),
    );
    assert_incomplete(&request, "There must not be more than 128 signed headers.");
    let mut request = presigned(60);
    let credential = long(limits::ECHO * 2);
    request.query = request
        .query
        .replace(&encoded(&format!("{ACCESS_KEY_ID}/")), &credential);
    let message = refusal(&request).1;
    assert!(message.len() < limits::ECHO + 200, "{}", message.len());
}
