//! The protocols, one behind the other: which of them a service speaks is a line in its declaration.

use bytes::Bytes;
use http::Response;
use model::{Read, Shape, Unreadable};
use secret::SecretBuffer;
use uuid::Uuid;

use crate::{Failure, Unwritable, aws_json, aws_query};

/// The protocol of a service, and what it is known by in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// awsJson 1.1.
    AwsJson {
        /// What stands before the dot in `X-Amz-Target`: `TrentService`.
        target: &'static str,
    },
    /// awsQuery.
    AwsQuery {
        /// The version of the service's model: `2010-05-08`.
        version: &'static str,
        /// The XML namespace of its answers.
        namespace: &'static str,
    },
}

impl Wire {
    /// Reads an operation's input: a body, or the parameters of a query.
    pub fn decode<T: Shape>(&self, input: &[u8]) -> Result<Read<T>, Unreadable> {
        match self {
            Wire::AwsJson { .. } => aws_json::decode(input),
            Wire::AwsQuery { .. } => aws_query::decode(input),
        }
    }

    /// Writes an operation's output.
    pub fn encode<T: Shape>(&self, output: &T) -> Result<SecretBuffer, Unwritable> {
        match self {
            Wire::AwsJson { .. } => aws_json::encode(output),
            Wire::AwsQuery { .. } => aws_query::encode(output),
        }
    }

    /// The answer of an operation that succeeded, with its output where its model has one.
    pub fn success(
        &self,
        request_id: Uuid,
        operation: &str,
        output: Option<SecretBuffer>,
    ) -> Response<Bytes> {
        match self {
            Wire::AwsJson { .. } => aws_json::success(request_id, output),
            Wire::AwsQuery { namespace, .. } => {
                aws_query::success(request_id, namespace, operation, output.as_ref())
            }
        }
    }

    /// The answer of an operation that failed.
    pub fn failure(&self, request_id: Uuid, failure: &Failure) -> Response<Bytes> {
        match self {
            Wire::AwsJson { .. } => aws_json::failure(request_id, failure),
            Wire::AwsQuery { namespace, .. } => aws_query::failure(request_id, namespace, failure),
        }
    }
}
