use std::collections::BTreeMap;

use ambient::Timestamp;
use http::{HeaderMap, HeaderValue, Method};
use model::{Blob, Shape, Unreadable, View};
use secret::{SecretBuffer, SecretString};
use uuid::Uuid;

use super::*;
use crate::Failure;

#[derive(Debug, PartialEq, Shape)]
struct Tag {
    #[shape(audit = log, length = 1..=5)]
    key: String,
    #[shape(audit = log)]
    value: Option<String>,
}

#[derive(Debug, Shape)]
struct Input {
    #[shape(audit = log, length = 1..=5)]
    user_name: String,
    #[shape(default, audit = log)]
    tags: Vec<Tag>,
    #[shape(audit = log)]
    duration_seconds: Option<i32>,
    #[shape(audit = log)]
    set_as_default: Option<bool>,
    #[shape(audit = log)]
    until: Option<Timestamp>,
    #[shape(audit = omit)]
    blob: Option<Blob>,
    #[shape(sensitive)]
    password: Option<SecretString>,
    #[shape(default, audit = log)]
    context: BTreeMap<String, String>,
    #[shape(audit = log)]
    names: Option<Vec<String>>,
}

fn read(form: &str) -> Result<Input, String> {
    let read = decode::<Input>(form.as_bytes());
    read.map(|read| read.value)
        .map_err(|unreadable| match &unreadable {
            Unreadable::Malformed(_) => {
                format!("malformed {}", unreadable.message(View::Wire).unwrap_or_default())
            }
            Unreadable::Invalid(_) => unreadable.message(View::Wire).unwrap_or_default(),
        })
}

#[test]
fn every_kind_of_member_is_read() {
    let form = "Action=A&Version=1&X-Amz-Date=x&UserName=ada&Tags.member.10.Key=c&Tags.member.2.Key=b&Tags.member.2.Value=\
                &DurationSeconds=900&SetAsDefault=true&Until=2026-11-26T12%3A00%3A00.5Z&Blob=aGk%3D&Password=p%26w\
                &Context.entry.1.key=k&Context.entry.1.value=v&Names=";
    let input = read(form).unwrap();
    assert_eq!(input.user_name, "ada");
    let tag = |key: &str, value: Option<&str>| Tag {
        key: key.to_owned(),
        value: value.map(str::to_owned),
    };
    assert_eq!(input.tags, [tag("b", Some("")), tag("c", None)]);
    assert_eq!(
        (input.duration_seconds, input.set_as_default),
        (Some(900), Some(true))
    );
    assert_eq!(input.until, Some(Timestamp::from_milliseconds(1_795_694_400_500)));
    assert_eq!(input.blob, Some(Blob(b"hi".to_vec())));
    assert_eq!(input.password.unwrap().expose(), "p&w");
    assert_eq!(input.context, BTreeMap::from([("k".to_owned(), "v".to_owned())]));
    assert_eq!(input.names, Some(Vec::new()));
    assert_eq!(
        read("UserName=a&Until=1.5").unwrap().until,
        Some(Timestamp::from_milliseconds(1500))
    );
}

#[test]
fn constraints_are_told_as_in_every_protocol() {
    assert_eq!(
        read("UserName=abcdef&Tags.member.1.Value=x").unwrap_err(),
        "2 validation errors detected: Value null at 'tags.1.member.key' failed to satisfy constraint: Member must not be \
         null; Value 'abcdef' at 'userName' failed to satisfy constraint: Member must have length less than or equal to 5"
    );
    assert!(read("").unwrap_err().contains("Value null at 'userName'"));
}

#[test]
fn what_is_of_another_kind_is_malformed() {
    for (form, told) in [
        (
            "UserName=a&DurationSeconds=soon",
            "STRING_VALUE can not be converted to Integer",
        ),
        (
            "UserName=a&DurationSeconds=99999999999",
            "the number does not fit Integer",
        ),
        (
            "UserName=a&SetAsDefault=yes",
            "STRING_VALUE can not be converted to Boolean",
        ),
        (
            "UserName=a&Until=tomorrow",
            "STRING_VALUE can not be converted to Timestamp",
        ),
        ("UserName=a&Blob=%3D", "a blob is not valid base64"),
        (
            "UserName.member.1=a",
            "START_OBJECT can not be converted to String",
        ),
        ("UserName=a&UserName=b", ""),
        ("UserName=%", ""),
    ] {
        assert_eq!(read(form).unwrap_err(), format!("malformed {told}"), "{form}");
    }
}

#[test]
fn unknown_parameters_are_counted() {
    let read = decode::<Input>(b"UserName=a&What=1&Else.member.1.Deep=2").unwrap();
    assert_eq!(read.unknown_members, 2);
}

#[derive(Shape)]
struct Output {
    #[shape(audit = log)]
    user: Tag,
    #[shape(audit = log)]
    created: Timestamp,
    #[shape(audit = log)]
    is_truncated: bool,
    #[shape(audit = log)]
    marker: Option<String>,
    #[shape(default, audit = log)]
    members: Vec<Tag>,
    #[shape(audit = log)]
    none: Vec<String>,
    #[shape(default, audit = log)]
    summary: BTreeMap<String, i32>,
    #[shape(audit = omit)]
    picture: Blob,
    #[shape(sensitive)]
    secret: SecretString,
}

#[test]
fn an_output_is_elements() {
    let tag = || Tag {
        key: "k".to_owned(),
        value: Some("<&>\"'\r\u{e4}".to_owned()),
    };
    let output = Output {
        user: tag(),
        created: Timestamp::from_milliseconds(1_795_694_400_999),
        is_truncated: false,
        marker: None,
        members: vec![tag()],
        none: Vec::new(),
        summary: BTreeMap::from([("Users".to_owned(), 3)]),
        picture: Blob(b"hi".to_vec()),
        secret: SecretString::new("a+/b".to_owned()),
    };
    let text = "<Key>k</Key><Value>&lt;&amp;&gt;&quot;&apos;&#13;\u{e4}</Value>";
    assert_eq!(
        str::from_utf8(encode(&output).unwrap().expose()).unwrap(),
        format!(
            "<User>{text}</User><Created>2026-11-26T12:00:00Z</Created><IsTruncated>false</IsTruncated>\
             <Members><member>{text}</member></Members><None></None>\
             <Summary><entry><key>Users</key><value>3</value></entry></Summary><Picture>aGk=</Picture>\
             <Secret>a+/b</Secret>"
        )
    );
}

const NAMESPACE: &str = "https://iam.amazonaws.com/doc/2010-05-08/";

#[test]
fn answers_have_the_form_of_aws() {
    let id = Uuid::from_u128(1);
    let output = SecretBuffer::from_vec(b"<A>1</A>".to_vec());
    let metadata =
        "<ResponseMetadata><RequestId>00000000-0000-0000-0000-000000000001</RequestId></ResponseMetadata>";
    for (answer, status, body) in [
        (
            success(id, NAMESPACE, "GetUser", Some(&output)),
            200,
            format!(
                r#"<GetUserResponse xmlns="{NAMESPACE}"><GetUserResult><A>1</A></GetUserResult>{metadata}</GetUserResponse>"#
            ),
        ),
        (
            success(id, NAMESPACE, "DeleteUser", None),
            200,
            format!(r#"<DeleteUserResponse xmlns="{NAMESPACE}">{metadata}</DeleteUserResponse>"#),
        ),
        (
            failure(
                id,
                NAMESPACE,
                &Failure::refused("AccessDeniedException", "User: <x>"),
            ),
            403,
            format!(
                r#"<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: &lt;x&gt;</Message></Error><RequestId>00000000-0000-0000-0000-000000000001</RequestId></ErrorResponse>"#
            ),
        ),
        (
            failure(id, NAMESPACE, &Failure::silent("InternalFailure", 500)),
            500,
            format!(
                r#"<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>Receiver</Type><Code>InternalFailure</Code></Error><RequestId>00000000-0000-0000-0000-000000000001</RequestId></ErrorResponse>"#
            ),
        ),
    ] {
        assert_eq!(answer.status(), status);
        assert_eq!(answer.body(), body.as_bytes());
        assert_eq!(answer.headers()["content-type"], "text/xml");
        assert_eq!(
            answer.headers()["x-amzn-requestid"],
            "00000000-0000-0000-0000-000000000001"
        );
    }
}

#[test]
fn a_form_or_a_query_names_service_and_operation() {
    let mut headers = HeaderMap::new();
    assert!(is_query(&Method::GET, "/", "A=1&Action=GetUser", &headers));
    assert!(!is_query(&Method::GET, "/", "X-Action=GetUser", &headers));
    assert!(!is_query(&Method::POST, "/", "Action=GetUser", &headers));
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8");
    headers.insert("content-type", kind);
    assert!(is_query(&Method::POST, "/", "", &headers));
    assert!(!is_query(&Method::POST, "/other", "", &headers));
    assert!(!is_query(&Method::PUT, "/", "", &headers));

    let of = |form: &str| Target::of(form.as_bytes(), &headers).map_err(|failure| failure.code);
    let target = of("Version=2010-05-08&Action=GetUser").unwrap();
    assert_eq!((&*target.version, &*target.operation), ("2010-05-08", "GetUser"));
    assert_eq!(of("Version=2010-05-08"), Err("MissingAction"));
    assert_eq!(of("Action=GetUser"), Err("InvalidAction"));
    assert_eq!(of("Action=%"), Err("MalformedQueryString"));
    headers.insert("content-encoding", HeaderValue::from_static("gzip"));
    let encoded = Target::of(b"Version=2010-05-08&Action=GetUser", &headers).unwrap_err();
    assert_eq!(encoded.code, "MalformedHttpRequestException");
}
