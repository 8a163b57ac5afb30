//! As much of HTTP/1.1 as a SignalR client needs: requests out, responses in.

pub(crate) mod chunks;
pub(crate) mod events;
mod url;

use std::{borrow::Cow, fmt::Write};

use self::chunks::Chunks;
pub(crate) use self::url::Url;

/// Appends a request. Each header line ends with CRLF.
pub(crate) fn request(
    out: &mut Vec<u8>,
    method: &str,
    url: &Url,
    path: &str,
    headers: &str,
    body: Option<&[u8]>,
) {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n{headers}", url.authority);
    if let Some(body) = body {
        // Writing to memory cannot fail.
        let _ = write!(head, "Content-Length: {}\r\n", body.len());
    }
    head.push_str("\r\n");
    out.extend(head.as_bytes());
    out.extend(body.unwrap_or_default());
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(usize),
    Chunked,
    UntilClose,
}

#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) framing: Framing,
    /// The answer to the key of an upgrade.
    pub(crate) accept: Option<String>,
    /// Whether the server closes the connection after it.
    pub(crate) close: bool,
    /// How many bytes it took.
    pub(crate) length: usize,
}

/// The head of the response that `bytes` begins with, or none if it is incomplete.
pub(crate) fn head(bytes: &[u8]) -> Result<Option<Head>, String> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let length = match response.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(format!("not an HTTP response: {error}")),
    };
    let status = response.code.unwrap_or_default();
    let header = |name: &str| {
        let found = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| String::from_utf8_lossy(header.value))
    };
    let framing = match (header("content-length"), header("transfer-encoding")) {
        (_, Some(encoding)) if encoding.eq_ignore_ascii_case("chunked") => Framing::Chunked,
        (Some(length), None) => {
            Framing::Length(length.parse().map_err(|_| format!("a Content-Length of '{length}'"))?)
        }
        (None, None) if matches!(status, 101 | 204 | 304) => Framing::Length(0),
        (None, None) => Framing::UntilClose,
        (_, Some(encoding)) => return Err(format!("a Transfer-Encoding of '{encoding}'")),
    };
    Ok(Some(Head {
        status,
        framing,
        accept: header("sec-websocket-accept").map(Cow::into_owned),
        close: header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")),
        length,
    }))
}

#[derive(Debug)]
pub(crate) struct Response<'a> {
    pub(crate) status: u16,
    pub(crate) body: Cow<'a, [u8]>,
    pub(crate) close: bool,
    /// How many bytes it took.
    pub(crate) length: usize,
}

/// The whole response that `bytes` begins with, or none if it is incomplete.
pub(crate) fn response(bytes: &[u8]) -> Result<Option<Response<'_>>, String> {
    let Some(head) = head(bytes)? else {
        return Ok(None);
    };
    let rest = &bytes[head.length..];
    let (body, length) = match head.framing {
        Framing::Length(length) => match rest.get(..length) {
            Some(body) => (Cow::Borrowed(body), length),
            None => return Ok(None),
        },
        Framing::Chunked => {
            let (mut chunks, mut body) = (Chunks::default(), Vec::new());
            let length = chunks.read(rest, &mut body)?;
            if !chunks.ended() {
                return Ok(None);
            }
            (Cow::Owned(body), length)
        }
        Framing::UntilClose => return Err("a response without a length".into()),
    };
    let length = head.length + length;
    Ok(Some(Response { status: head.status, body, close: head.close, length }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_read_when_it_is_whole() {
        let bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nConnection: close\r\n\r\nokHTTP";
        for end in 0..bytes.len() - 4 {
            assert!(response(&bytes[..end]).unwrap().is_none(), "{end}");
        }
        let response = response(bytes).unwrap().unwrap();
        assert_eq!((response.status, &*response.body), (200, &b"ok"[..]));
        assert_eq!((response.close, response.length), (true, bytes.len() - 4));
    }

    #[test]
    fn a_body_in_chunks_is_put_together() {
        let bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\n\r\n";
        for end in 0..bytes.len() {
            assert!(response(&bytes[..end]).unwrap().is_none(), "{end}");
        }
        let response = response(bytes).unwrap().unwrap();
        assert_eq!((&*response.body, response.length), (&b"abc"[..], bytes.len()));
    }

    #[test]
    fn what_is_no_response_is_told() {
        assert!(response(b"NOPE\r\n\r\n").is_err());
        assert!(response(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n").is_err());
        assert!(response(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
