//! A client of the server for this program's own commands: TLS that trusts the data directory's authority alone,
//! SigV4 with its access key, awsJson 1.1.

mod answer;
mod credentials;
mod endpoint;
mod error;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ambient::Clock;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::Full;
use hyper::client::conn::http1::SendRequest;
use serde_json::Value;
use server::Profile;
use sigv4::Service;
use sigv4::sign::Signer;

pub(crate) use answer::{Answer, Blob, Confidential};
pub(crate) use error::ClientError;

use credentials::Credentials;
use endpoint::Endpoint;

/// From the first byte sent to the last byte received, the connection included.
const PATIENCE: Duration = Duration::from_secs(30);
/// What the audit log shows as the caller's program.
const USER_AGENT: &str = concat!("keystead/", env!("CARGO_PKG_VERSION"));
/// What the targets of KMS begin with.
const TARGET_PREFIX: &str = "TrentService";

/// Calls KMS with the root access key of a data directory, one call at a time over one connection.
pub(crate) struct Client {
    endpoint: Endpoint,
    signer: Signer,
    clock: Arc<dyn Clock>,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    /// A client of the server whose data directory is `data`, as its last start left it.
    pub(crate) fn of(data: &Path, clock: Arc<dyn Clock>) -> Result<Client, ClientError> {
        let profile = Profile::read(data)?;
        let local = data.join("local");
        let credentials = Credentials::read(&local.join("credentials"))?;
        Ok(Client {
            endpoint: Endpoint::new(&profile.endpoint, &local.join("ca.pem"), clock.clone())?,
            signer: Signer::new(
                &credentials.access_key_id,
                credentials.secret_access_key,
                &profile.region,
                Service::named("kms"),
            ),
            clock,
            connection: None,
        })
    }

    /// The server's URL.
    pub(crate) fn endpoint(&self) -> &str {
        self.endpoint.url()
    }

    /// Calls `operation`, such as `DescribeKey`, once.
    pub(crate) async fn call(&mut self, operation: &str, input: &Value) -> Result<Answer, ClientError> {
        let request = self.request(operation, Bytes::from(input.to_string()))?;
        let exchange = async {
            let mut connection = self.connected().await?;
            let response = connection
                .send_request(request)
                .await
                .map_err(|cause| ClientError::cut(self.endpoint.url(), cause))?;
            let answer = answer::read(response, self.endpoint.url()).await?;
            self.connection = Some(connection);
            Ok::<_, ClientError>(answer)
        };
        let answered = tokio::time::timeout(PATIENCE, exchange).await;
        let answer = answered.map_err(|_| ClientError::Silent {
            url: self.endpoint.url().to_owned(),
            patience: PATIENCE,
        })??;
        answer.or_refused(operation)
    }

    /// The connection of the call before if it still stands, or a new one.
    async fn connected(&mut self) -> Result<SendRequest<Full<Bytes>>, ClientError> {
        if let Some(mut open) = self.connection.take()
            && open.ready().await.is_ok()
        {
            return Ok(open);
        }
        self.endpoint.connect().await
    }

    fn request(&self, operation: &str, body: Bytes) -> Result<Request<Full<Bytes>>, ClientError> {
        let mut headers = HeaderMap::new();
        let text =
            |value: &str| HeaderValue::from_str(value).map_err(|_| ClientError::NoHeader(value.to_owned()));
        headers.insert("host", text(self.endpoint.authority())?);
        headers.insert(
            "content-type",
            HeaderValue::from_static("application/x-amz-json-1.1"),
        );
        headers.insert("user-agent", HeaderValue::from_static(USER_AGENT));
        headers.insert("x-amz-target", text(&format!("{TARGET_PREFIX}.{operation}"))?);
        self.signer
            .sign("POST", "/", "", &mut headers, &body, self.clock.now())?;
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.headers_mut() = headers;
        Ok(request)
    }
}
