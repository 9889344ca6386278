//! A connection of a client that costs as little as may be: it writes bytes made ahead, and of an answer looks at the
//! status and the length alone.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::stop::Stop;

/// Bytes of an answer's head and body at most.
const ANSWER: usize = 64 << 10;

/// A kept-alive HTTP/1.1 connection.
pub(crate) struct Connection {
    stream: TlsStream<TcpStream>,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects and shakes hands.
    pub(crate) async fn open(address: SocketAddr, tls: Arc<ClientConfig>) -> Result<Connection, Stop> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::IpAddress(address.ip().into());
        let stream = TlsConnector::from(tls).connect(name, stream).await?;
        Ok(Connection {
            stream,
            buffer: vec![0; ANSWER],
        })
    }

    /// The cipher suite and the key exchange that were agreed on.
    pub(crate) fn agreed(&self) -> String {
        let (_, session) = self.stream.get_ref();
        let suite = session.negotiated_cipher_suite().map(|suite| suite.suite());
        let group = session.negotiated_key_exchange_group().map(|group| group.name());
        format!("{suite:?}, {group:?}")
    }

    /// Sends a whole request and reads the body of its answer, which must be a success.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<&[u8], Stop> {
        self.stream.write_all(request).await?;
        self.stream.flush().await?;
        let mut filled = 0;
        let head = loop {
            filled += self.read(filled).await?;
            if let Some(head) = Head::of(self.filled(filled))? {
                break head;
            }
        };
        let end = head.length + head.body;
        while filled < end {
            filled += self.read(filled).await?;
        }
        let answer = self.buffer.get(head.length..filled).unwrap_or_default();
        match head.status {
            200 => Ok(answer),
            status => Err(format!("{status}: {}", String::from_utf8_lossy(answer)).into()),
        }
    }

    fn filled(&self, filled: usize) -> &[u8] {
        self.buffer.get(..filled).unwrap_or_default()
    }

    async fn read(&mut self, filled: usize) -> Result<usize, Stop> {
        let space = self.buffer.get_mut(filled..).unwrap_or_default();
        match self.stream.read(space).await? {
            0 => Err("the server closed a connection, or its answer is too long".into()),
            read => Ok(read),
        }
    }
}

/// What matters of an answer's head.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// Bytes of the head.
    length: usize,
    /// Bytes of the body.
    body: usize,
}

impl Head {
    /// `None` while it is not whole.
    fn of(bytes: &[u8]) -> Result<Option<Head>, Stop> {
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            return Ok(None);
        };
        let text = std::str::from_utf8(bytes.get(..end).unwrap_or_default())?;
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let mut headers = lines.filter_map(|line| line.split_once(':'));
        let body = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        Ok(Some(Head {
            status: status.ok_or("an answer has no status")?.parse()?,
            length: end + 4,
            body: body.ok_or("an answer has no length")?.1.trim().parse()?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_an_answer_is_read_once_it_is_whole() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nx: y\r\n\r\n{";
        for cut in 0..whole.len() - 1 {
            assert_eq!(Head::of(&whole[..cut]).unwrap(), None);
        }
        let head = Head {
            status: 200,
            length: whole.len() - 1,
            body: 12,
        };
        assert_eq!(Head::of(whole).unwrap(), Some(head));
        assert!(Head::of(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
