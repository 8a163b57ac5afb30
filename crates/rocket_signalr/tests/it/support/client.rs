//! A SignalR client on a WebSocket.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::{Encoding, Socket, within};

/// The separator of messages.
pub(crate) const RS: char = '\u{1e}';

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// The messages that came before, pings left out.
    pub(crate) last: Vec<Value>,
    /// The code of the close frame. None if the socket was cut.
    pub(crate) code: Option<u16>,
}

/// A client whose handshake is done.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) socket: Socket,
    pub(super) encoding: Encoding,
    /// Messages that came in one frame with others, or before an answer that was waited for.
    came: VecDeque<Value>,
    last_id: u32,
    code: Option<u16>,
}

impl Client {
    /// A client whose handshake has not been made.
    pub(crate) fn new(socket: Socket) -> Self {
        Self { socket, encoding: Encoding::Json, came: VecDeque::new(), last_id: 0, code: None }
    }

    pub(crate) async fn shake_hands(&mut self, encoding: Encoding, version: u32) {
        self.send(json!({"protocol": encoding.name(), "version": version})).await;
        assert_eq!(self.next().await, json!({}), "the answer to the handshake");
        self.encoding = encoding;
    }

    /// Sends one message.
    pub(crate) async fn send(&mut self, message: Value) {
        self.frame(self.encoding.opcode(), &self.encoding.write(&message)).await;
    }

    /// Sends a frame of text.
    pub(crate) async fn text(&mut self, text: &str) {
        self.frame(1, text.as_bytes()).await;
    }

    /// Sends a frame of bytes.
    pub(crate) async fn binary(&mut self, bytes: &[u8]) {
        self.frame(2, bytes).await;
    }

    /// That the server may have left is not noticed here.
    async fn frame(&mut self, opcode: u8, bytes: &[u8]) {
        within("room to send", self.socket.frame(opcode, true, bytes)).await;
    }

    /// Calls a method and waits for its result, or its error.
    pub(crate) async fn invoke(&mut self, target: &str, arguments: Value) -> Result<Value, String> {
        let id = self.call(target, arguments).await;
        self.completion(&id).await
    }

    /// Calls a method and returns the id of the call.
    pub(crate) async fn call(&mut self, target: &str, arguments: Value) -> String {
        let id = self.new_id();
        // In the order in which the JavaScript client writes it.
        let call = json!({"target": target, "arguments": arguments, "invocationId": id, "type": 1});
        self.send(call).await;
        id
    }

    /// Calls a method and wants no answer.
    pub(crate) async fn notify(&mut self, target: &str, arguments: Value) {
        self.send(json!({"type": 1, "target": target, "arguments": arguments})).await;
    }

    /// Asks for a stream and returns its id.
    pub(crate) async fn stream(&mut self, target: &str, arguments: Value) -> String {
        let id = self.new_id();
        self.send(json!({"type": 4, "invocationId": id, "target": target, "arguments": arguments}))
            .await;
        id
    }

    /// Calls a method with upload streams of these ids.
    pub(crate) async fn upload(
        &mut self,
        target: &str,
        arguments: Value,
        streams: &[&str],
    ) -> String {
        let id = self.new_id();
        let call = json!({
            "type": 1, "invocationId": id, "target": target, "arguments": arguments,
            "streamIds": streams,
        });
        self.send(call).await;
        id
    }

    /// Asks for a stream of what is uploaded as `upload`, and returns its id.
    pub(crate) async fn stream_of(&mut self, target: &str, upload: &str) -> String {
        let id = self.new_id();
        let call = json!({
            "type": 4, "invocationId": id, "target": target, "arguments": [],
            "streamIds": [upload],
        });
        self.send(call).await;
        id
    }

    pub(crate) async fn item(&mut self, stream: &str, item: Value) {
        self.send(json!({"type": 2, "invocationId": stream, "item": item})).await;
    }

    /// Ends an upload stream.
    pub(crate) async fn complete(&mut self, stream: &str) {
        self.send(json!({"type": 3, "invocationId": stream})).await;
    }

    pub(crate) async fn cancel(&mut self, stream: &str) {
        self.send(json!({"type": 5, "invocationId": stream})).await;
    }

    fn new_id(&mut self) -> String {
        self.last_id += 1;
        format!("c{}", self.last_id)
    }

    /// Waits for the end of a call. What comes before it is kept for [`next`](Self::next).
    pub(crate) async fn completion(&mut self, id: &str) -> Result<Value, String> {
        let mut others = VecDeque::new();
        let completion = loop {
            let message = self.next().await;
            if message["type"] == 3 && message["invocationId"] == id {
                break message;
            }
            others.push_back(message);
        };
        others.append(&mut self.came);
        self.came = others;
        match completion.get("error") {
            Some(error) => Err(error.as_str().expect("an error is text").to_owned()),
            None => Ok(completion.get("result").cloned().unwrap_or(Value::Null)),
        }
    }

    /// The next message; pings are passed over.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            let message = self.next_or_ping().await;
            if message != json!({"type": 6}) {
                return message;
            }
        }
    }

    pub(crate) async fn next_or_ping(&mut self) -> Value {
        match within("a message", self.receive()).await {
            Some(message) => message,
            None => panic!("waited for a message, and the connection ended: {:?}", self.code),
        }
    }

    /// Expects this message as the next.
    pub(crate) async fn expect(&mut self, message: Value) {
        assert_eq!(self.next().await, message);
    }

    /// Expects that this method is called on the client next.
    pub(crate) async fn expect_call(&mut self, target: &str, arguments: Value) {
        self.expect(json!({"type": 1, "target": target, "arguments": arguments})).await;
    }

    /// Expects the next item of a stream.
    pub(crate) async fn expect_item(&mut self, stream: &str, item: Value) {
        self.expect(json!({"type": 2, "invocationId": stream, "item": item})).await;
    }

    /// Reads to the end of the connection.
    pub(crate) async fn end(&mut self) -> End {
        let mut last = Vec::new();
        while let Some(message) = within("the end of the connection", self.receive()).await {
            if message != json!({"type": 6}) {
                last.push(message);
            }
        }
        End { last, code: self.code }
    }

    /// Expects this Close, the close frame 1000 behind it, and nothing else.
    pub(crate) async fn expect_close(&mut self, close: Value) {
        assert_eq!(self.end().await, End { last: vec![close], code: Some(1000) });
    }

    /// Closes the WebSocket and waits until the server has done so too.
    pub(crate) async fn close(&mut self) -> End {
        self.socket.frame(8, true, &1000_u16.to_be_bytes()).await;
        self.end().await
    }

    /// Reads on, as clients do: a close frame and pings are answered. None at the end.
    pub(crate) async fn receive(&mut self) -> Option<Value> {
        loop {
            if let Some(message) = self.came.pop_front() {
                return Some(message);
            }
            let frame = self.socket.read().await?;
            match frame.opcode {
                1 | 2 => {
                    assert_eq!(frame.opcode, self.encoding.opcode());
                    self.came.extend(self.encoding.read(&frame.payload));
                }
                8 => {
                    if self.code.is_none() {
                        self.code = frame.close_code();
                        self.socket.frame(8, true, &frame.payload).await;
                    }
                }
                9 => {
                    self.socket.frame(10, true, &frame.payload).await;
                }
                10 => {}
                other => panic!("opcode {other}"),
            }
        }
    }
}
