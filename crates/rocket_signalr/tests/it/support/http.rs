//! One HTTP request, and its whole answer.

use std::{io, net::SocketAddr};

use bytes::{Buf, BytesMut};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::within;

/// An answer as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The reason phrase.
    pub(crate) reason: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| &**v)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("the body is JSON")
    }

    /// Status and body.
    pub(crate) fn told(&self) -> (u16, &str) {
        (self.status, &self.body)
    }
}

/// Sends a request on a socket of its own.
pub(crate) async fn request(
    addr: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let (mut answer, body) = request_bytes(addr, method, path, headers, body).await;
    answer.body = String::from_utf8(body).expect("the body is UTF-8");
    answer
}

/// As [`request`], of an answer whose body need not be text.
pub(crate) async fn request_bytes(
    addr: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> (Answer, Vec<u8>) {
    let mut stream = TcpStream::connect(addr).await.expect("the server listens");
    write_head(&mut stream, addr, method, path, headers, Some(body.len())).await;
    // Whoever refuses a large body may close before all of it is sent.
    let _ = stream.write_all(body).await;
    let mut buffer = BytesMut::new();
    let what = format!("the answer to {method} {path}");
    within(&what, async {
        let answer = read_head(&mut stream, &mut buffer).await.expect(&what);
        let mut body = Body::of(&answer);
        let mut bytes = Vec::new();
        while let Some(part) = body.part(&mut stream, &mut buffer).await {
            bytes.extend_from_slice(&part);
        }
        (answer, bytes)
    })
    .await
}

pub(super) async fn write_head(
    stream: &mut TcpStream,
    addr: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    length: Option<usize>,
) {
    let head = head(addr, method, path, headers, length);
    stream.write_all(head.as_bytes()).await.expect("the request is sent");
}

/// The head of a request.
pub(super) fn head(
    addr: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    length: Option<usize>,
) -> String {
    let mut head = format!("{method} {path} HTTP/1.1\r\n");
    if headers.iter().all(|(name, _)| !name.eq_ignore_ascii_case("host")) {
        head += &format!("Host: {addr}\r\n");
    }
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    if let Some(length) = length {
        head += &format!("Connection: close\r\nContent-Length: {length}\r\n");
    }
    head += "\r\n";
    head
}

/// Reads the head of an answer. The begin of its body may be left in the buffer.
pub(super) async fn read_head(stream: &mut TcpStream, buffer: &mut BytesMut) -> io::Result<Answer> {
    let end = loop {
        if let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let head = buffer.split_to(end + 4);
    let head = String::from_utf8_lossy(&head[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut status = lines.next().unwrap_or_default().splitn(3, ' ').skip(1);
    let code = status.next().and_then(|code| code.parse().ok()).expect("a status");
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let reason = status.next().unwrap_or_default().to_owned();
    Ok(Answer { status: code, reason, headers, body: String::new() })
}

/// How the rest of a body is told.
#[derive(Debug)]
pub(super) enum Body {
    Sized(usize),
    Chunked,
    Ended,
}

impl Body {
    pub(super) fn of(answer: &Answer) -> Self {
        if answer.header("transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked")) {
            return Self::Chunked;
        }
        let length = answer.header("content-length").and_then(|length| length.parse().ok());
        Self::Sized(length.unwrap_or_default())
    }

    /// The next part. None at the end, or if the connection is lost.
    pub(super) async fn part(
        &mut self,
        stream: &mut TcpStream,
        buffer: &mut BytesMut,
    ) -> Option<BytesMut> {
        loop {
            if let Some(part) = self.cut(buffer) {
                return (!part.is_empty()).then_some(part);
            }
            if stream.read_buf(buffer).await.unwrap_or(0) == 0 {
                *self = Self::Ended;
                return None;
            }
        }
    }

    /// A part that is in the buffer. An empty one is the end.
    fn cut(&mut self, buffer: &mut BytesMut) -> Option<BytesMut> {
        match self {
            Self::Ended | Self::Sized(0) => Some(BytesMut::new()),
            Self::Sized(left) => {
                let part = buffer.split_to(buffer.len().min(*left));
                *left -= part.len();
                (!part.is_empty()).then_some(part)
            }
            Self::Chunked => {
                let line = buffer.windows(2).position(|bytes| bytes == b"\r\n")?;
                let size = String::from_utf8_lossy(&buffer[..line]);
                let size = usize::from_str_radix(size.trim(), 16).expect("the size of a chunk");
                if buffer.len() < line + 2 + size + 2 {
                    return None;
                }
                buffer.advance(line + 2);
                let part = buffer.split_to(size);
                buffer.advance(2);
                if size == 0 {
                    *self = Self::Ended;
                }
                Some(part)
            }
        }
    }
}
