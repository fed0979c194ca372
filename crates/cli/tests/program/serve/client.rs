//! HTTP/1.1 by hand: a library would hide which connections were refused, reset or closed.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Longer than the service takes for anything; who waits longer waits for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection, kept for as long as the server keeps it.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// Connects; `ConnectionRefused` if nobody listens.
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Connection { stream: BufReader::new(stream) })
    }

    /// Begins to post this message; returns with the server in the middle of the body, and what is still to be sent.
    pub(crate) fn half_posted(address: SocketAddr, text: &str) -> io::Result<(Self, Vec<u8>)> {
        let mut connection = Connection::open(address)?;
        let request = message(text);
        let body = request.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or_default();
        connection.send(&request[..body])?;
        // The server says 100 when somebody begins to read the body, so the request is in its hands.
        connection.send(b"\r\nexpect: 100-continue\r\n\r\n")?;
        if connection.line()? != "HTTP/1.1 100 Continue" || !connection.line()?.is_empty() {
            return Err(unreadable());
        }
        let (half, rest) = request[body + 4..].split_at(10);
        connection.send(half)?;
        Ok((connection, rest.to_vec()))
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Reads one answer; `UnexpectedEof` if the server closed before it was whole.
    pub(crate) fn reply(&mut self) -> io::Result<Reply> {
        let first = self.line()?;
        let status = first.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(unreadable)?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(": ").ok_or_else(unreadable)?;
            headers.push((name.to_owned(), value.to_owned()));
        }
        let mut reply = Reply { status, headers, body: String::new() };
        let length = reply.header("content-length").and_then(|n| n.parse().ok()).ok_or_else(unreadable)?;
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        reply.body = String::from_utf8(body).map_err(|_| unreadable())?;
        Ok(reply)
    }

    /// Sends a request and reads its answer.
    pub(crate) fn ask(&mut self, request: &[u8]) -> io::Result<Reply> {
        self.send(request)?;
        self.reply()
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }
}

fn unreadable() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

/// What a client sees.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The server said that it closes the connection after this answer.
    pub(crate) fn closes(&self) -> bool {
        self.header("connection") == Some("close")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }
}

/// `GET path`.
pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: ash\r\n\r\n").into_bytes()
}

/// `POST /analyze` with this body.
pub(crate) fn post(body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST /analyze HTTP/1.1\r\nhost: ash\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The same request with a key.
pub(crate) fn with_key(request: &[u8], key: &str) -> Vec<u8> {
    let first = request.windows(2).position(|two| two == b"\r\n").unwrap_or_default();
    let (line, rest) = request.split_at(first);
    [line, format!("\r\nauthorization: Bearer {key}").as_bytes(), rest].concat()
}

/// `POST /analyze` with this message.
pub(crate) fn message(text: &str) -> Vec<u8> {
    post(&serde_json::json!({ "message": text }).to_string())
}
