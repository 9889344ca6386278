//! A client of the server for this program's own commands: TLS that trusts the data directory's authority alone,
//! SigV4, awsJson 1.1 for KMS and awsQuery for IAM.

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
use secret::SecretString;
use serde_json::Value;
use server::Profile;
use sigv4::Service;
use sigv4::sign::Signer;

pub(crate) use answer::{Answer, Blob, Confidential, SecretText};
pub(crate) use error::ClientError;

pub(crate) use credentials::Credentials;
use endpoint::Endpoint;

/// From the first byte sent to the last byte received, the connection included.
const PATIENCE: Duration = Duration::from_secs(30);
/// What the audit log shows as the caller's program.
const USER_AGENT: &str = concat!("keystead/", env!("CARGO_PKG_VERSION"));
/// What the targets of KMS begin with.
const KMS_TARGET: &str = "TrentService";
/// What the targets of the administration begin with.
const ADMIN_TARGET: &str = "Keystead";
/// The version of IAM's operations.
const IAM_VERSION: &str = "2010-05-08";
/// The Region that IAM's requests are signed for, wherever they are sent.
const IAM_REGION: &str = "us-east-1";

/// Calls KMS, IAM and the administration with one access key, one call at a time over one connection.
pub(crate) struct Client {
    endpoint: Endpoint,
    kms: Signer,
    iam: Signer,
    admin: Signer,
    clock: Arc<dyn Clock>,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    /// A client of the server whose data directory is `data`, as its last start left it, with the root access key.
    pub(crate) fn of(data: &Path, clock: Arc<dyn Clock>) -> Result<Client, ClientError> {
        Client::of_file(data, "credentials", clock)
    }

    /// The same, with the operator's access key.
    pub(crate) fn of_operator(data: &Path, clock: Arc<dyn Clock>) -> Result<Client, ClientError> {
        Client::of_file(data, "operator-credentials", clock)
    }

    fn of_file(data: &Path, name: &str, clock: Arc<dyn Clock>) -> Result<Client, ClientError> {
        // What is no data directory is named first.
        let profile = Profile::read(data)?;
        let credentials = Credentials::read(&data.join("local").join(name))?;
        Client::new(data, &profile, &credentials, clock)
    }

    /// The same, with somebody's access key.
    pub(crate) fn with(
        data: &Path,
        credentials: &Credentials,
        clock: Arc<dyn Clock>,
    ) -> Result<Client, ClientError> {
        Client::new(data, &Profile::read(data)?, credentials, clock)
    }

    fn new(
        data: &Path,
        profile: &Profile,
        credentials: &Credentials,
        clock: Arc<dyn Clock>,
    ) -> Result<Client, ClientError> {
        let ca = data.join("local").join("ca.pem");
        let signer = |region: &str, service| {
            let secret = SecretString::new(credentials.secret_access_key.expose().to_owned());
            Signer::new(
                &credentials.access_key_id,
                secret,
                region,
                Service::named(service),
            )
        };
        Ok(Client {
            endpoint: Endpoint::new(&profile.endpoint, &ca, clock.clone())?,
            kms: signer(&profile.region, "kms"),
            iam: signer(IAM_REGION, "iam"),
            admin: signer(&profile.region, "keystead"),
            clock,
            connection: None,
        })
    }

    /// The server's URL.
    pub(crate) fn endpoint(&self) -> &str {
        self.endpoint.url()
    }

    /// Calls `operation` of KMS, such as `DescribeKey`, once.
    pub(crate) async fn call(&mut self, operation: &str, input: &Value) -> Result<Answer, ClientError> {
        let request = self.json(&self.kms, KMS_TARGET, operation, input)?;
        self.exchange(request).await?.or_refused(operation)
    }

    /// Calls `operation` of the administration, such as `CreateAccount`, once.
    pub(crate) async fn call_admin(&mut self, operation: &str, input: &Value) -> Result<Answer, ClientError> {
        let request = self.json(&self.admin, ADMIN_TARGET, operation, input)?;
        self.exchange(request).await?.or_refused(operation)
    }

    /// Calls `operation` of IAM, such as `CreateUser`, once.
    pub(crate) async fn call_iam(
        &mut self,
        operation: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Answer, ClientError> {
        let form = answer::form(operation, IAM_VERSION, parameters);
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let request = self.request(&self.iam, &headers, form)?;
        self.exchange(request).await?.or_refused_by_iam(operation)
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, ClientError> {
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
        answered.map_err(|_| ClientError::Silent {
            url: self.endpoint.url().to_owned(),
            patience: PATIENCE,
        })?
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

    fn json(
        &self,
        signer: &Signer,
        prefix: &str,
        operation: &str,
        input: &Value,
    ) -> Result<Request<Full<Bytes>>, ClientError> {
        let target = format!("{prefix}.{operation}");
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", &target),
        ];
        self.request(signer, &headers, input.to_string())
    }

    fn request(
        &self,
        signer: &Signer,
        given: &[(&'static str, &str)],
        body: String,
    ) -> Result<Request<Full<Bytes>>, ClientError> {
        let mut headers = HeaderMap::new();
        let own = [("host", self.endpoint.authority()), ("user-agent", USER_AGENT)];
        for (name, value) in own.iter().chain(given) {
            let value =
                HeaderValue::from_str(value).map_err(|_| ClientError::NoHeader((*value).to_owned()))?;
            headers.insert(*name, value);
        }
        let body = Bytes::from(body);
        signer.sign("POST", "/", "", &mut headers, &body, self.clock.now())?;
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.headers_mut() = headers;
        Ok(request)
    }
}
