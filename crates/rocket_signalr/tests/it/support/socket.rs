//! A WebSocket of which everything can be seen and sent.

use std::net::SocketAddr;

use bytes::{Buf, Bytes, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use super::{
    http::{Answer, read_head, write_head},
    within,
};

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// The client's side of a WebSocket.
#[derive(Debug)]
pub(crate) struct Socket {
    reader: OwnedReadHalf,
    /// None once it was taken.
    writer: Option<Writer>,
    buffer: BytesMut,
}

/// The side of a socket that sends, for use while the other is not read.
#[derive(Debug)]
pub(crate) struct Writer(OwnedWriteHalf);

impl Writer {
    pub(crate) async fn text(&mut self, text: &str) -> bool {
        self.0.write_all(&masked(1, true, text.as_bytes())).await.is_ok()
    }
}

/// A frame as it came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) opcode: u8,
    pub(crate) payload: Bytes,
}

impl Frame {
    /// The code of a close frame.
    pub(crate) fn close_code(&self) -> Option<u16> {
        (self.opcode == 8 && self.payload.len() >= 2).then(|| (&self.payload[..]).get_u16())
    }
}

impl Socket {
    /// Asks for the upgrade. The answer if it is refused.
    pub(crate) async fn open(
        addr: SocketAddr,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, Answer> {
        let mut all = vec![
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        all.extend_from_slice(headers);
        let mut stream = TcpStream::connect(addr).await.expect("the server listens");
        write_head(&mut stream, addr, "GET", path, &all, None).await;
        let mut buffer = BytesMut::new();
        let head = within("the answer to an upgrade", read_head(&mut stream, &mut buffer)).await;
        let mut answer = head.expect("an answer to the upgrade");
        if answer.status == 101 {
            assert_eq!(answer.header("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
            return Ok(Self::new(stream, buffer));
        }
        let length = answer.header("content-length").map_or(0, |l| l.parse().expect("a length"));
        while buffer.len() < length {
            let read = within("the body of a refusal", stream.read_buf(&mut buffer)).await;
            assert_ne!(read.expect("the body of a refusal"), 0);
        }
        answer.body = String::from_utf8_lossy(&buffer[..length]).into_owned();
        Err(answer)
    }

    fn new(stream: TcpStream, buffer: BytesMut) -> Self {
        let (reader, writer) = stream.into_split();
        Self { reader, writer: Some(Writer(writer)), buffer }
    }

    /// The side that sends.
    pub(crate) fn take_writer(&mut self) -> Writer {
        self.writer.take().expect("it was not taken before")
    }

    /// A socket that leads nowhere, to be put in the place of one that is lost.
    pub(crate) async fn dead() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let addr = listener.local_addr().expect("an address");
        let stream = TcpStream::connect(addr).await.expect("a socket");
        Self::new(stream, BytesMut::new())
    }

    /// Sends bytes as they are. False if the connection is lost.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> bool {
        match &mut self.writer {
            Some(writer) => writer.0.write_all(bytes).await.is_ok(),
            None => false,
        }
    }

    /// Sends a frame. False if the connection is lost.
    pub(crate) async fn frame(&mut self, opcode: u8, fin: bool, payload: &[u8]) -> bool {
        self.write(&masked(opcode, fin, payload)).await
    }

    pub(crate) async fn text(&mut self, text: &str) -> bool {
        self.frame(1, true, text.as_bytes()).await
    }

    /// The next frame. None if the connection is lost. Can be cancelled.
    pub(crate) async fn read(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.cut() {
                return Some(frame);
            }
            if self.reader.read_buf(&mut self.buffer).await.unwrap_or(0) == 0 {
                return None;
            }
        }
    }

    fn cut(&mut self) -> Option<Frame> {
        let [first, second, ..] = self.buffer[..] else { return None };
        assert_eq!(first & 0xF0, 0x80, "a server's frames are whole, without reserved bits");
        assert_eq!(second & 0x80, 0, "a server's frames are not masked");
        let (header, length) = match second {
            126 => (4, usize::from(self.buffer.get(2..)?.try_get_u16().ok()?)),
            127 => (10, usize::try_from(self.buffer.get(2..)?.try_get_u64().ok()?).ok()?),
            length => (2, usize::from(length)),
        };
        if self.buffer.len() < header + length {
            return None;
        }
        self.buffer.advance(header);
        let payload = self.buffer.split_to(length).freeze();
        Some(Frame { opcode: first & 0x0F, payload })
    }
}

/// A frame as clients send it.
pub(crate) fn masked(opcode: u8, fin: bool, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![if fin { 0x80 | opcode } else { opcode }];
    match payload.len() {
        length @ ..126 => bytes.push(0x80 | length as u8),
        length @ ..65536 => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(&MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}
