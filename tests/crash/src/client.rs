//! A small KMS client over plain HTTP/1.1, one request at a time.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use ambient::{Clock, SystemClock};
use http::{HeaderMap, HeaderValue};
use secret::SecretString;
use serde_json::Value;
use sigv4::sign::Signer;

use crate::kind::region_of;

/// The user agent of calls that the checks themselves make.
pub const CHECKER: &str = "checker";
/// The Regions that are served. All calls go to the first that do not name a key in the second.
pub const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];
/// How the server is started: over plain HTTP, with [`REGIONS`].
pub const ARGUMENTS: [&str; 4] = ["--tls", "off", "--regions", "us-east-1,eu-west-1"];
/// No answer takes longer: a walk has a deadline of 30 seconds.
const PATIENCE: Duration = Duration::from_secs(50);

/// An access key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: String,
}

impl Access {
    /// The one in a data directory, or what is wrong with it.
    pub fn of(data: &Path) -> Result<Access, String> {
        Access::in_file(&data.join("local/credentials"))
    }

    /// The operator's.
    pub fn of_operator(data: &Path) -> Result<Access, String> {
        Access::in_file(&data.join("local/operator-credentials"))
    }

    fn in_file(path: &Path) -> Result<Access, String> {
        let text = std::fs::read_to_string(path).map_err(|cause| format!("{}: {cause}", path.display()))?;
        let value = |name: &str| {
            let mut pairs = text.lines().filter_map(|line| line.split_once('='));
            let found = pairs.find(|(key, _)| key.trim() == name);
            found
                .map(|(_, value)| value.trim().to_owned())
                .ok_or_else(|| format!("{} has no {name}", path.display()))
        };
        Ok(Access {
            id: value("aws_access_key_id")?,
            secret: value("aws_secret_access_key")?,
        })
    }
}

/// One kept-alive connection.
pub struct Client {
    stream: TcpStream,
    host: String,
    signers: [Signer; 2],
    clock: SystemClock,
    buffer: Vec<u8>,
}

/// A complete answer.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The header `x-amzn-RequestId`.
    pub request_id: String,
    /// The body; null where it is empty.
    pub body: Value,
}

impl Answer {
    /// The code of a refusal.
    pub fn code(&self) -> &str {
        self.body["__type"].as_str().unwrap_or_default()
    }
}

/// The address in `http://HOST:PORT`.
pub fn address_of(url: &str) -> SocketAddr {
    url.strip_prefix("http://").unwrap().parse().unwrap()
}

impl Client {
    /// Connects.
    pub fn connect(address: SocketAddr, access: &Access) -> io::Result<Client> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let signer = |region| {
            let secret = SecretString::new(access.secret.clone());
            Signer::new(&access.id, secret, region, sigv4::Service::usual("kms"))
        };
        Ok(Client {
            stream,
            host: address.to_string(),
            signers: REGIONS.map(signer),
            clock: SystemClock::start(),
            buffer: Vec::new(),
        })
    }

    /// A whole request to a Region, signed now. The user agent is not covered by the signature, and names the call in
    /// its record.
    pub fn request(&self, region: &str, operation: &str, body: &[u8], agent: &str) -> Vec<u8> {
        let place = REGIONS.iter().position(|served| *served == region).unwrap();
        let mut headers = HeaderMap::new();
        let mut header = |name, value: &str| headers.insert(name, HeaderValue::from_str(value).unwrap());
        header("host", &self.host);
        header("content-type", "application/x-amz-json-1.1");
        header("x-amz-target", &format!("TrentService.{operation}"));
        self.signers[place]
            .sign("POST", "/", "", &mut headers, body, self.clock.now())
            .unwrap();
        let mut request = b"POST / HTTP/1.1\r\n".to_vec();
        for (name, value) in &headers {
            request.extend_from_slice(name.as_str().as_bytes());
            request.extend_from_slice(b": ");
            request.extend_from_slice(value.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        let rest = format!("user-agent: {agent}\r\ncontent-length: {}\r\n\r\n", body.len());
        request.extend_from_slice(rest.as_bytes());
        request.extend_from_slice(body);
        request
    }

    /// Calls an operation, in the Region of the key whose ARN the body has. An error says that the connection died
    /// before the whole answer was there.
    pub fn call(&mut self, operation: &str, body: &Value, agent: &str) -> io::Result<Answer> {
        let region = body["KeyId"].as_str().and_then(region_of).unwrap_or(REGIONS[0]);
        self.call_in(region, operation, body, agent)
    }

    /// Calls an operation in a Region.
    pub fn call_in(
        &mut self,
        region: &str,
        operation: &str,
        body: &Value,
        agent: &str,
    ) -> io::Result<Answer> {
        let request = self.request(region, operation, body.to_string().as_bytes(), agent);
        self.stream.write_all(&request)?;
        self.answer()
    }

    /// Calls an operation that has to succeed, for a check. An error says what came instead.
    pub fn ok(&mut self, operation: &str, body: &Value) -> Result<Value, String> {
        let answer = self.call(operation, body, CHECKER);
        Client::succeeded(answer, operation, body)
    }

    /// The same in a Region.
    pub fn ok_in(&mut self, region: &str, operation: &str, body: &Value) -> Result<Value, String> {
        let answer = self.call_in(region, operation, body, CHECKER);
        Client::succeeded(answer, operation, body)
    }

    fn succeeded(answer: io::Result<Answer>, operation: &str, body: &Value) -> Result<Value, String> {
        match answer {
            Ok(answer) if answer.status == 200 => Ok(answer.body),
            Ok(answer) => Err(format!("{operation} {body}: {} {}", answer.status, answer.body)),
            Err(cause) => Err(format!("{operation} {body}: {cause}")),
        }
    }

    /// The connection itself.
    pub fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Reads the next answer.
    pub fn answer(&mut self) -> io::Result<Answer> {
        self.buffer.clear();
        let head = loop {
            if let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            self.fill()?;
        };
        let text = std::str::from_utf8(&self.buffer[..head]).map_err(io::Error::other)?;
        let header = |name: &str| {
            let mut pairs = text.lines().filter_map(|line| line.split_once(':'));
            pairs
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim().to_owned())
        };
        let status = text.get(9..12).and_then(|digits| digits.parse().ok());
        let status = status.ok_or_else(|| io::Error::other("an answer without a status"))?;
        let request_id = header("x-amzn-requestid").unwrap_or_default();
        let length: usize = header("content-length").map_or(0, |length| length.parse().unwrap());
        while self.buffer.len() < head + length {
            self.fill()?;
        }
        let body = match length {
            0 => Value::Null,
            _ => serde_json::from_slice(&self.buffer[head..head + length]).map_err(io::Error::other)?,
        };
        Ok(Answer {
            status,
            request_id,
            body,
        })
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut room = [0; 16 << 10];
        match self.stream.read(&mut room)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                self.buffer.extend_from_slice(&room[..read]);
                Ok(())
            }
        }
    }
}
