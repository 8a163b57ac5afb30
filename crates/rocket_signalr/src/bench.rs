//! What this crate's own benchmarks measure: a message on its way in and out, and a hub with its
//! clients, without sockets.

use std::{
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::{Bytes, BytesMut};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    auth::Nobody,
    connection::{Connection, Dispatch, Taken},
    context::HubContext,
    dispatch::HubDispatcher,
    hub::Hub,
    id::ConnectionId,
    lifetime::Lifetime,
    options::HubOptions,
    protocol::{
        Frame, Framer, HubProtocol, HubProtocols, Incoming, Invocation, PropertyNaming,
        TransferFormat, handshake,
    },
    request::ConnectRequest,
    transport::{Transport, websocket::frame::FrameReader},
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

    /// What a client sends to call a method that answers to it.
    pub fn call<A: Serialize>(self, id: &str, target: &str, arguments: &A) -> Option<BytesMut> {
        let written = self.protocol().invocation(target, Some(id), arguments).ok()?;
        Some(written.payload().into())
    }

    /// The answer to a call.
    pub fn completion<T: Serialize>(self, id: &str, result: &T) -> Option<Written> {
        self.protocol().completion(id, result).ok().map(Written)
    }

    /// An item of a stream.
    pub fn stream_item<T: Serialize>(self, id: &str, item: &T) -> Option<Written> {
        self.protocol().stream_item(id, item).ok().map(Written)
    }

    /// Cuts the first message off what a client has sent.
    pub fn record(self, input: &mut BytesMut) -> Option<Bytes> {
        Framer::default().next_record(self.protocol(), input, None).ok()?
    }

    /// Reads a call.
    pub fn parse(self, record: &[u8]) -> Option<Call<'_>> {
        match self.protocol().parse(record) {
            Ok(Incoming::Invocation(call)) => Some(Call(call)),
            _ => None,
        }
    }

    /// Cuts the first message off what a client has sent, reads it and binds its one argument.
    pub fn read<T: DeserializeOwned>(self, input: &mut BytesMut) -> Option<T> {
        self.parse(&self.record(input)?)?.bind()
    }
}

/// A call of a hub method, whose arguments are still encoded.
#[derive(Debug)]
pub struct Call<'a>(Invocation<'a>);

impl Call<'_> {
    /// Binds its one argument.
    pub fn bind<T: DeserializeOwned>(&mut self) -> Option<T> {
        self.0.arguments.next(1).ok()
    }
}

/// A message of the server.
#[derive(Debug)]
pub struct Written(Frame);

impl Written {
    /// A frame that holds these bytes.
    pub fn raw(bytes: &[u8]) -> Self {
        Self(Frame::raw(bytes, TransferFormat::Binary))
    }

    /// The whole WebSocket frame.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.websocket()
    }
}

/// Reads a handshake and answers it.
pub fn shake_hands(input: &mut BytesMut) -> Option<Written> {
    let request = handshake::parse_handshake(&mut Framer::default(), input, None).ok()??;
    request.accept(TransferFormat::Text, HubProtocols::ALL, PropertyNaming::CamelCase).ok()?;
    Some(Written(handshake::handshake_response(None)))
}

/// Reads the WebSocket frames of a client, and appends what they carry to `output`.
pub fn read_frames(mut chunk: &mut [u8], output: &mut BytesMut) {
    let mut frames = FrameReader::default();
    while let Ok(Some(_)) = frames.read(&mut chunk, output, usize::MAX) {}
}

/// A client that has shaken hands and has no socket: what it is sent waits in its outbox.
#[derive(Debug)]
pub struct Client {
    connection: Arc<Connection>,
    encoding: Encoding,
}

impl Client {
    /// `None` without random numbers.
    pub fn new(encoding: Encoding) -> Option<Self> {
        let id = ConnectionId::random().ok()?;
        let connection = Connection::new(id, id, Arc::new(HubOptions::default()), false);
        connection.open(Transport::WebSockets, ConnectRequest::default, None);
        connection.establish(encoding.protocol(), 1);
        let client = Self { connection: Arc::new(connection), encoding };
        client.take();
        Some(client)
    }

    /// The id of its connection.
    pub fn id(&self) -> &str {
        self.connection.id.as_str()
    }

    /// Takes what it was sent, and tells how many messages that is.
    pub fn take(&self) -> usize {
        let outbox = self.connection.outbox();
        let ticket = outbox.begin_response();
        let taken = outbox.poll_take(ticket, 0, &Context::from_waker(Waker::noop()));
        outbox.settle(Vec::new());
        outbox.end_response(ticket);
        match taken {
            Poll::Ready(Taken::Frames(frames)) => frames.len(),
            _ => 0,
        }
    }
}

/// A hub that is attached to nothing.
pub struct Server<H: Hub> {
    context: HubContext<H>,
    dispatcher: HubDispatcher<H>,
}

impl<H: Hub> Server<H> {
    /// A hub without clients.
    pub fn new(hub: H) -> Self {
        let context = HubContext::new(Arc::new(Lifetime::default()));
        let (hub, filters) = (Arc::new(hub), Arc::new([]));
        let dispatcher = HubDispatcher::new(hub, context.clone(), Arc::new(Nobody), filters);
        Self { context, dispatcher }
    }

    /// The hub as seen from outside.
    pub const fn context(&self) -> &HubContext<H> {
        &self.context
    }

    /// A client comes.
    pub fn add(&self, client: &Client) {
        self.dispatcher.add(&client.connection);
    }

    /// A client leaves.
    pub fn remove(&self, client: &Client) {
        self.context.lifetime().remove(&client.connection);
    }

    /// Carries out a message of a client. True if that is begun at once.
    pub fn message(&self, client: &Client, record: &[u8]) -> bool {
        let message = client.encoding.protocol().parse(record);
        message.is_ok_and(|message| {
            matches!(self.dispatcher.message(&client.connection, message), Ok(None))
        })
    }
}

impl<H: Hub> std::fmt::Debug for Server<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("hub", &H::NAME).finish_non_exhaustive()
    }
}
