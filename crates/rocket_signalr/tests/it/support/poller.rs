//! A SignalR client that polls.

use std::{collections::VecDeque, net::SocketAddr};

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::{Answer, Encoding, request, request_bytes};

#[derive(Debug)]
pub(crate) struct Poller {
    pub(crate) addr: SocketAddr,
    /// Where polls and posts go.
    pub(crate) path: String,
    encoding: Encoding,
    came: VecDeque<Value>,
}

impl Poller {
    /// Makes the first poll, which only tells that the connection is there.
    pub(crate) async fn open(addr: SocketAddr, path: &str, token: &str) -> Self {
        let path = format!("{path}?id={token}");
        let poller = Self { addr, path, encoding: Encoding::Json, came: VecDeque::new() };
        let first = poller.poll().await;
        assert_eq!(first.told(), (200, ""));
        assert_eq!(first.header("content-type"), Some("application/octet-stream"));
        poller
    }

    pub(crate) async fn shake_hands(&mut self, encoding: Encoding) {
        self.send(json!({"protocol": encoding.name(), "version": 1})).await;
        assert_eq!(self.next().await, Some(json!({})));
        self.encoding = encoding;
    }

    pub(crate) async fn send(&self, message: Value) {
        let body = self.encoding.write(&message);
        let answer = request(self.addr, "POST", &self.path, &[], &body).await;
        assert_eq!(answer.told(), (200, ""));
    }

    pub(crate) async fn post(&self, body: &str) -> Answer {
        request(self.addr, "POST", &self.path, &[], body.as_bytes()).await
    }

    /// Posts in the background.
    pub(crate) fn posting(&self, body: String) -> JoinHandle<Answer> {
        let (addr, path) = (self.addr, self.path.clone());
        tokio::spawn(async move { request(addr, "POST", &path, &[], body.as_bytes()).await })
    }

    pub(crate) async fn poll(&self) -> Answer {
        request(self.addr, "GET", &self.path, &[], b"").await
    }

    /// Polls in the background.
    pub(crate) fn polling(&self) -> JoinHandle<Answer> {
        let (addr, path) = (self.addr, self.path.clone());
        tokio::spawn(async move { request(addr, "GET", &path, &[], b"").await })
    }

    /// Polls twice at once: the answer to the poll that is replaced, and the one that waits.
    pub(crate) async fn replaced_poll(&self) -> (Answer, JoinHandle<Answer>) {
        let (mut a, mut b) = (self.polling(), self.polling());
        tokio::select! {
            answer = &mut a => (answer.expect("an answer"), b),
            answer = &mut b => (answer.expect("an answer"), a),
        }
    }

    /// Gives the server the time to see what has come to its other sockets.
    pub(crate) async fn round_trips(&self) {
        for _ in 0..3 {
            self.send(json!({"type": 6})).await;
        }
    }

    pub(crate) async fn delete(&self) -> Answer {
        request(self.addr, "DELETE", &self.path, &[], b"").await
    }

    /// The next message, with as many polls as it takes. None at the end.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(message) = self.came.pop_front() {
                return Some(message);
            }
            let (answer, body) = request_bytes(self.addr, "GET", &self.path, &[], b"").await;
            match answer.status {
                200 => self.came.extend(self.encoding.read(&body)),
                204 => return None,
                status => panic!("a poll was answered with {status}"),
            }
        }
    }
}

/// The messages of a response: all of them are whole.
pub(crate) fn messages(body: &str) -> Vec<Value> {
    Encoding::Json.read(body.as_bytes())
}
