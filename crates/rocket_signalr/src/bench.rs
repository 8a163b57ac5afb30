//! What this crate's own benchmarks measure: a message on its way in and out, without sockets.

use bytes::BytesMut;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    protocol::{Frame, Framer, HubProtocol, Incoming},
    transport::websocket::frame::FrameReader,
};

/// An encoding.
#[derive(Debug, Clone, Copy)]
pub enum Encoding {
    /// JSON.
    Json,
    /// MessagePack.
    MessagePack,
}

impl Encoding {
    const fn protocol(self) -> HubProtocol {
        match self {
            Self::Json => HubProtocol::JSON,
            Self::MessagePack => HubProtocol::MessagePack,
        }
    }

    /// A call of a client, ready to be written to any number of WebSockets.
    pub fn invocation<A: Serialize>(self, target: &str, arguments: &A) -> Option<Written> {
        self.protocol().invocation(target, None, arguments).ok().map(Written)
    }

    /// The answer to a call.
    pub fn completion<T: Serialize>(self, id: &str, result: &T) -> Option<Written> {
        self.protocol().completion(id, result).ok().map(Written)
    }

    /// Cuts the first message off what a client has sent, reads it and binds its one argument.
    pub fn read<T: DeserializeOwned>(self, input: &mut BytesMut) -> Option<T> {
        let record = Framer::default().next_record(self.protocol(), input, None).ok()??;
        match self.protocol().parse(&record) {
            Ok(Incoming::Invocation(mut call)) => call.arguments.next(1).ok(),
            _ => None,
        }
    }
}

/// A message of the server.
#[derive(Debug)]
pub struct Written(Frame);

impl Written {
    /// The whole WebSocket frame.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.websocket()
    }
}

/// Reads the WebSocket frames of a client, and appends what they carry to `output`.
pub fn read_frames(mut chunk: &mut [u8], output: &mut BytesMut) {
    let mut frames = FrameReader::default();
    while let Ok(Some(_)) = frames.read(&mut chunk, output, usize::MAX) {}
}
