//! Answers, which may hold secrets, so they are erased when dropped.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Response;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use secret::{SecretBuffer, SecretBytes, SecretString};
use serde::Deserialize;
use serde::de::{self, DeserializeOwned, Deserializer, Visitor};

use super::error::{ClientError, Refusal};

/// The most bytes of an answer.
const LARGEST: usize = 4 << 20;

/// What the service answered to one call.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The request's id, by which the audit log knows it.
    pub(crate) request_id: String,
    is_success: bool,
    body: SecretBuffer,
}

/// The form that calls an operation of a service of the query protocol.
pub(super) fn form(operation: &str, version: &str, parameters: &[(&str, &str)]) -> String {
    let named = [("Action", operation), ("Version", version)];
    let members = named.iter().chain(parameters);
    let members = members.map(|(name, value)| format!("{name}={}", sigv4::percent_encoded(value)));
    members.collect::<Vec<_>>().join("&")
}

/// Takes in a whole answer.
pub(super) async fn read(response: Response<Incoming>, url: &str) -> Result<Answer, ClientError> {
    let id = response.headers().get("x-amzn-requestid");
    let request_id = id.and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let is_success = response.status().is_success();
    let (mut body, mut stream) = (SecretBuffer::default(), response.into_body());
    while let Some(frame) = stream.frame().await {
        let frame = frame.map_err(|cause| ClientError::cut(url, cause))?;
        if let Some(bytes) = frame.data_ref() {
            if body.len() + bytes.len() > LARGEST {
                return Err(ClientError::cut(url, "it is larger than any answer"));
            }
            body.extend(bytes);
        }
    }
    Ok(Answer {
        request_id,
        is_success,
        body,
    })
}

impl Answer {
    /// Tells a refusal from an answer.
    pub(super) fn or_refused(self, operation: &str) -> Result<Answer, ClientError> {
        if self.is_success {
            return Ok(self);
        }
        let error: ErrorBody = self.read(operation)?;
        Err(ClientError::Refused(Refusal {
            operation: operation.to_owned(),
            code: error.code,
            message: error.message,
            request_id: self.request_id,
        }))
    }

    /// Tells a refusal by IAM from its answer.
    pub(super) fn or_refused_by_iam(self, operation: &str) -> Result<Answer, ClientError> {
        if self.is_success {
            return Ok(self);
        }
        Err(ClientError::Refused(Refusal {
            operation: operation.to_owned(),
            code: self.element("Code", operation)?.expose().to_owned(),
            message: self
                .element("Message", operation)
                .ok()
                .map(|text| text.expose().to_owned()),
            request_id: self.request_id,
        }))
    }

    /// The text of the one XML element of this name, as it stands there: for text that XML has nothing to escape in.
    pub(crate) fn element(&self, name: &str, operation: &str) -> Result<SecretString, ClientError> {
        let text = std::str::from_utf8(self.body.expose()).ok();
        let found = text.and_then(|text| {
            let (_, rest) = text.split_once(&format!("<{name}>"))?;
            let (text, _) = rest.split_once(&format!("</{name}>"))?;
            Some(SecretString::new(text.to_owned()))
        });
        found.ok_or_else(|| ClientError::Unreadable {
            operation: operation.to_owned(),
            why: format!("it has no {name}"),
        })
    }

    /// The answer's members; `operation` is named where they make no sense.
    pub(crate) fn read<T: DeserializeOwned>(&self, operation: &str) -> Result<T, ClientError> {
        serde_json::from_slice(self.body.expose()).map_err(|cause| ClientError::Unreadable {
            operation: operation.to_owned(),
            // The reader's own words could quote what it read.
            why: format!("at byte {}", cause.column()),
        })
    }
}

#[derive(Deserialize)]
struct ErrorBody {
    #[serde(rename = "__type")]
    code: String,
    #[serde(alias = "Message")]
    message: Option<String>,
}

/// Bytes that travel as base64.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Blob(pub(crate) Vec<u8>);

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Blob, D::Error> {
        let decoded = source.deserialize_str(Base64)?;
        Ok(Blob(decoded.expose().to_vec()))
    }
}

/// Secret bytes that travel as base64.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Confidential(pub(crate) SecretBytes);

impl<'de> Deserialize<'de> for Confidential {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Confidential, D::Error> {
        Ok(Confidential(source.deserialize_str(Base64)?.into_secret()))
    }
}

/// Secret text.
#[derive(Debug)]
pub(crate) struct SecretText(pub(crate) SecretString);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<SecretText, D::Error> {
        String::deserialize(source).map(|text| SecretText(SecretString::new(text)))
    }
}

/// Decodes base64 without a copy in between.
struct Base64;

impl Visitor<'_> for Base64 {
    type Value = SecretBuffer;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("base64 text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<SecretBuffer, E> {
        let mut bytes = SecretBuffer::default();
        let space = bytes.grow(base64::decoded_len_estimate(text.len()));
        let length = STANDARD
            .decode_slice(text, space)
            .map_err(|_| E::custom("not base64"))?;
        bytes.truncate(length);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(is_success: bool, body: &str) -> Answer {
        let mut bytes = SecretBuffer::default();
        bytes.extend(body.as_bytes());
        Answer {
            request_id: "id".to_owned(),
            is_success,
            body: bytes,
        }
    }

    #[test]
    fn a_refusal_has_awss_code_and_its_message_by_either_name() {
        for (body, printed) in [
            (
                r#"{"__type":"NotFoundException","message":"no"}"#,
                "X was refused: NotFoundException, no",
            ),
            (
                r#"{"__type":"AccessDeniedException","Message":"no"}"#,
                "X was refused: AccessDeniedException, no",
            ),
            (
                r#"{"__type":"InvalidCiphertextException"}"#,
                "X was refused: InvalidCiphertextException",
            ),
        ] {
            let refused = answer(false, body).or_refused("X").unwrap_err();
            assert_eq!(refused.to_string(), printed);
        }
        assert!(answer(true, "{}").or_refused("X").is_ok());
    }

    #[test]
    fn iam_is_asked_by_a_form_and_answers_in_xml() {
        let asked = form("CreateUser", "2010-05-08", &[("UserName", "a b&c=é")]);
        assert_eq!(
            asked,
            "Action=CreateUser&Version=2010-05-08&UserName=a%20b%26c%3D%C3%A9"
        );
        let made = answer(true, "<R><User><UserName>ada</UserName></User></R>");
        assert_eq!(made.element("UserName", "X").unwrap().expose(), "ada");
        assert!(made.element("Arn", "X").is_err());
        let refused = "<E><Error><Code>NoSuchEntity</Code><Message>no</Message></Error></E>";
        let refused = answer(false, refused).or_refused_by_iam("X").unwrap_err();
        assert_eq!(refused.to_string(), "X was refused: NoSuchEntity, no");
    }

    #[test]
    fn blobs_come_out_of_base64() {
        assert_eq!(
            answer(true, r#""AQIDBA==""#).read::<Blob>("X").unwrap(),
            Blob(vec![1, 2, 3, 4])
        );
        let secret: Confidential = answer(true, r#""AQIDBA==""#).read("X").unwrap();
        assert_eq!(secret.0.expose(), &[1, 2, 3, 4]);
        assert!(answer(true, r#""AQI""#).read::<Blob>("X").is_err());
    }

    #[test]
    fn an_answer_that_makes_no_sense_is_not_quoted() {
        let error = answer(true, r#"{"Plaintext":7,"secret":"hunter2"}"#);
        let error = error.read::<Blob>("X").unwrap_err().to_string();
        assert!(error.starts_with("the answer to X makes no sense"), "{error}");
        assert!(!error.contains("hunter2"));
    }
}
