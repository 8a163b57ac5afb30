//! A client that comes back to its connection when its socket is lost.

use std::{collections::VecDeque, net::SocketAddr};

use serde_json::{Value, json};

use super::{Client, Encoding, Server, Socket, within};

/// Numbers what it sends and gets, as the official clients do.
#[derive(Debug)]
pub(crate) struct Stateful {
    pub(crate) client: Client,
    encoding: Encoding,
    addr: SocketAddr,
    pub(crate) path: String,
    pub(crate) id: String,
    /// What was sent and is not acknowledged, the oldest first.
    unacknowledged: VecDeque<Value>,
    /// How many messages were sent.
    sent: usize,
    /// The number of the last message that was taken.
    received: u64,
    /// The number of the last that came, which may be a repetition.
    current: u64,
}

impl Stateful {
    pub(crate) async fn connect(server: &Server) -> Self {
        Self::open(server, Encoding::Json, &[]).await
    }

    pub(crate) async fn connect_with(server: &Server, headers: &[(&str, &str)]) -> Self {
        Self::open(server, Encoding::Json, headers).await
    }

    pub(crate) async fn connect_as(server: &Server, encoding: Encoding) -> Self {
        Self::open(server, encoding, &[]).await
    }

    async fn open(server: &Server, encoding: Encoding, headers: &[(&str, &str)]) -> Self {
        let (id, token) = server.negotiate_with("/hub", "&useStatefulReconnect=true", &[]).await;
        let path = format!("/hub?id={token}");
        let mut client = Client::new(server.socket(&path, headers).await);
        client.shake_hands(encoding, 2).await;
        Self {
            client,
            encoding,
            addr: server.addr,
            path,
            id,
            unacknowledged: VecDeque::new(),
            sent: 0,
            received: 0,
            current: 0,
        }
    }

    /// Sends a message that counts.
    pub(crate) async fn send(&mut self, message: Value) {
        self.unacknowledged.push_back(message.clone());
        self.sent += 1;
        self.client.send(message).await;
    }

    pub(crate) async fn notify(&mut self, target: &str, arguments: Value) {
        self.send(json!({"type": 1, "target": target, "arguments": arguments})).await;
    }

    /// Opens a new socket, and lets the old one go only then.
    pub(crate) async fn come_back(&mut self) {
        self.come_back_with(&[]).await;
    }

    pub(crate) async fn come_back_with(&mut self, headers: &[(&str, &str)]) {
        let socket = Socket::open(self.addr, &self.path, headers).await.expect("may come back");
        self.client = Client::new(socket);
        self.client.encoding = self.encoding;
        let number = self.sent - self.unacknowledged.len() + 1;
        self.client.send(json!({"type": 9, "sequenceId": number})).await;
        for message in self.unacknowledged.clone() {
            self.client.send(message).await;
        }
        // What came before is not looked at.
        let number = self.client.next().await;
        assert_eq!(number["type"], 9, "the server's Sequence comes first");
        self.current = number["sequenceId"].as_u64().expect("a number") - 1;
        assert!(self.current <= self.received, "no message is left out");
    }

    /// The next message that is new. None if the connection is lost.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            let message = within("a message", self.client.receive()).await?;
            if let Some(message) = self.take(message) {
                return Some(message);
            }
        }
    }

    /// Looks at a message: itself, if it is new and counts.
    pub(crate) fn take(&mut self, message: Value) -> Option<Value> {
        match message["type"].as_u64() {
            Some(8) => {
                let number = message["sequenceId"].as_u64().expect("a number");
                let number = usize::try_from(number).expect("a small number");
                assert!(number <= self.sent, "nothing is acknowledged that was not sent");
                while self.sent - self.unacknowledged.len() < number {
                    self.unacknowledged.pop_front();
                }
                None
            }
            Some(1..=5) => {
                self.current += 1;
                let new = self.current > self.received;
                self.received = self.received.max(self.current);
                new.then_some(message)
            }
            _ => None,
        }
    }

    /// Acknowledges all that came.
    pub(crate) async fn acknowledge(&mut self) {
        self.client.send(json!({"type": 8, "sequenceId": self.received})).await;
    }

    /// Waits until the server has acknowledged all that was sent. Nothing else may come.
    pub(crate) async fn expect_acknowledged(&mut self) {
        while !self.unacknowledged.is_empty() {
            let message = self.client.next().await;
            assert_eq!(self.take(message), None);
        }
    }
}
