//! The real server, as a child process on a data directory.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use secret::SecretString;
use serde_json::Value;
use testkit::server::{Launch, Server};

use crate::load::{self, Requests, Target};
use crate::signed::{REGION, Scribe};
use crate::stop::Stop;
use crate::tls;

/// A running `keystead server`; killed when dropped.
#[derive(Debug)]
pub(crate) struct Keystead {
    server: Server,
    scribe: Scribe,
    target: Target,
}

impl Keystead {
    /// Starts it, and waits until it says that it is ready.
    pub(crate) fn start(data_directory: &Path) -> Result<Keystead, Stop> {
        let server = Launch::on(data_directory)?
            .arguments(["--regions", REGION])
            .start()?;
        let host = server
            .url()
            .strip_prefix("https://")
            .ok_or("the server has no TLS")?;
        let local = data_directory.join("local");
        let target = Target {
            address: host.parse()?,
            tls: tls::client(&fs::read(local.join("ca.pem"))?)?,
            process: server.process(),
        };
        Ok(Keystead {
            scribe: Scribe::new(host, &fs::read_to_string(local.join("credentials"))?)?,
            target,
            server,
        })
    }

    /// Where load goes.
    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    /// What signs with another access key.
    pub(crate) fn scribe_of(&self, access_key: &str, secret: &SecretString) -> Scribe {
        self.scribe.of(access_key, secret)
    }

    /// Requests for one operation with these bodies, signed now.
    pub(crate) fn signed(&self, operation: &str, bodies: &[Vec<u8>]) -> Result<Requests, Stop> {
        let requests = bodies.iter().map(|body| self.scribe.request(operation, body));
        Ok(Arc::new(requests.collect::<Result<_, _>>()?))
    }

    /// The answers to these bodies, in order.
    pub(crate) fn ask(&self, operation: &str, bodies: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, Stop> {
        load::once(&self.target, &self.signed(operation, bodies)?)
    }

    /// The answer to one request.
    pub(crate) fn ask_one(&self, operation: &str, body: &Value) -> Result<Value, Stop> {
        let answers = self.ask(operation, &[body.to_string().into_bytes()])?;
        Ok(serde_json::from_slice(answers.first().ok_or("no answer")?)?)
    }

    /// Makes a key and gives its id.
    pub(crate) fn create_key(&self) -> Result<String, Stop> {
        self.create(&Value::Object(serde_json::Map::new()))
    }

    /// Makes a key as the request says and gives its id.
    pub(crate) fn create(&self, request: &Value) -> Result<String, Stop> {
        let answer = self.ask_one("CreateKey", request)?;
        let id = answer.pointer("/KeyMetadata/KeyId").and_then(Value::as_str);
        Ok(id.ok_or("CreateKey answers no key id")?.to_owned())
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn end(self) -> Result<(), Stop> {
        let ended = self.server.terminate()?;
        if ended.status.success() {
            Ok(())
        } else {
            Err(format!("the server ended with {}: {}", ended.status, ended.stderr).into())
        }
    }
}
