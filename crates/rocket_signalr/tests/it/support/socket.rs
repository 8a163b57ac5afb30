//! A WebSocket of which everything can be seen and sent.

use std::net::SocketAddr;

use bytes::{Buf, Bytes, BytesMut};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use super::{
    http::{Answer, head, read_head},
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
    /// The extensions that were agreed on.
    pub(crate) extensions: Option<String>,
    /// The subprotocol that the server has chosen.
    pub(crate) sub_protocol: Option<String>,
}

/// The side of a socket that sends, for use while the other is not read.
#[derive(Debug)]
pub(crate) struct Writer(OwnedWriteHalf);

impl Writer {
    pub(crate) async fn text(&mut self, text: &str) -> bool {
        self.write(&masked(1, true, text.as_bytes())).await
    }

    /// Sends bytes as they are. False if the connection is lost.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).await.is_ok()
    }
}

/// A frame as it came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) opcode: u8,
    /// The length that the frame had, if its payload was compressed.
    pub(crate) compressed: Option<usize>,
    pub(crate) payload: Bytes,
}

impl Frame {
    /// Opcode and payload.
    pub(crate) fn told(&self) -> (u8, &[u8]) {
        (self.opcode, &self.payload)
    }

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
        let stream = TcpStream::connect(addr).await.expect("the server listens");
        Self::open_on(stream, path, headers, &[]).await
    }

    /// As [`open`](Self::open), on a socket that is connected, and with bytes right behind the request.
    pub(crate) async fn open_on(
        mut stream: TcpStream,
        path: &str,
        headers: &[(&str, &str)],
        early: &[u8],
    ) -> Result<Self, Answer> {
        let addr = stream.peer_addr().expect("it is connected");
        let mut all = vec![
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        all.extend_from_slice(headers);
        let request = [head(addr, "GET", path, &all, None).as_bytes(), early].concat();
        stream.write_all(&request).await.expect("the request is sent");
        let mut buffer = BytesMut::new();
        let answer = within("the answer to an upgrade", read_head(&mut stream, &mut buffer)).await;
        let mut answer = answer.expect("an answer to the upgrade");
        if answer.status == 101 {
            assert_eq!(answer.header("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
            let extensions = answer.header("sec-websocket-extensions").map(str::to_owned);
            let sub_protocol = answer.header("sec-websocket-protocol").map(str::to_owned);
            return Ok(Self { extensions, sub_protocol, ..Self::new(stream, buffer) });
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
        Self { reader, writer: Some(Writer(writer)), buffer, extensions: None, sub_protocol: None }
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

    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.reader.local_addr().expect("an address")
    }

    /// Sends bytes as they are. False if the connection is lost.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> bool {
        match &mut self.writer {
            Some(writer) => writer.write(bytes).await,
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

    /// Sends a compressed text.
    pub(crate) async fn deflated(&mut self, text: &str) -> bool {
        self.frame(RSV1 | 1, true, &deflate(text.as_bytes())).await
    }

    /// Waits for the next frame.
    pub(crate) async fn next(&mut self) -> Frame {
        within("a frame", self.read()).await.expect("the connection stands")
    }

    /// Expects that the connection is lost, and that nothing comes before that.
    pub(crate) async fn expect_end(&mut self) {
        assert_eq!(within("the end of the connection", self.read()).await, None);
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
        let compressed = self.extensions.is_some() && matches!(first, 0xC1 | 0xC2);
        let reserved = if compressed { RSV1 } else { 0 };
        assert_eq!(first & 0xF0, 0x80 | reserved, "a server's frames are whole");
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
        let mut payload = self.buffer.split_to(length).freeze();
        if compressed {
            payload = inflate(&payload).into();
        }
        Some(Frame { opcode: first & 0x0F, compressed: compressed.then_some(length), payload })
    }
}

/// Says in the first byte of a frame that its message is compressed.
pub(crate) const RSV1: u8 = 0x40;

/// The payload of a compressed message.
pub(crate) fn deflate(payload: &[u8]) -> Vec<u8> {
    let mut compressed = Vec::with_capacity(payload.len() + 100);
    let mut compress = Compress::new(Compression::default(), false);
    compress.compress_vec(payload, &mut compressed, FlushCompress::Sync).expect("room");
    assert_eq!(compressed.split_off(compressed.len() - 4), [0, 0, 0xFF, 0xFF]);
    compressed
}

/// Each message is compressed on its own.
fn inflate(payload: &[u8]) -> Vec<u8> {
    let whole = [payload, &[0, 0, 0xFF, 0xFF]].concat();
    let mut inflated = Vec::new();
    let mut decompress = Decompress::new(false);
    while decompress.total_in() < whole.len() as u64 {
        inflated.reserve(64 * 1024);
        let rest = &whole[decompress.total_in() as usize..];
        decompress.decompress_vec(rest, &mut inflated, FlushDecompress::None).expect("DEFLATE");
    }
    inflated
}

/// A frame as clients send it. Reserved bits may be set in `opcode`.
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
