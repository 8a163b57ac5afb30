//! A SignalR client on an event stream.

use std::{collections::VecDeque, net::SocketAddr};

use bytes::BytesMut;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::{
    Answer, Encoding, RS,
    http::{Body, read_head, write_head},
    request, within,
};

/// What the server sends comes here; what the client sends goes by POST requests.
#[derive(Debug)]
pub(crate) struct EventStream {
    addr: SocketAddr,
    /// Where posts go.
    pub(crate) path: String,
    pub(crate) answer: Answer,
    stream: TcpStream,
    buffer: BytesMut,
    body: Body,
    text: String,
    came: VecDeque<Value>,
}

impl EventStream {
    /// Opens the stream: its answer, and the comment that it begins with.
    pub(crate) async fn open(addr: SocketAddr, path: &str, token: &str) -> Self {
        let path = format!("{path}?id={token}");
        let mut stream = TcpStream::connect(addr).await.expect("the server listens");
        let headers = [("Accept", "text/event-stream")];
        write_head(&mut stream, addr, "GET", &path, &headers, None).await;
        let mut buffer = BytesMut::new();
        let head = within("the event stream", read_head(&mut stream, &mut buffer)).await;
        let answer = head.expect("an event stream");
        assert_eq!(answer.status, 200);
        let mut this = Self {
            addr,
            path,
            body: Body::of(&answer),
            answer,
            stream,
            buffer,
            text: String::new(),
            came: VecDeque::new(),
        };
        assert!(within("the first line", this.read_on()).await);
        assert_eq!(this.text, ":\r\n", "browsers wait for a first line");
        this.text.clear();
        this
    }

    pub(crate) async fn shake_hands(&mut self) {
        self.send(json!({"protocol": "json", "version": 1})).await;
        assert_eq!(self.next().await, Some(json!({})));
    }

    pub(crate) async fn send(&self, message: Value) {
        let body = format!("{message}{RS}");
        let answer = request(self.addr, "POST", &self.path, &[], body.as_bytes()).await;
        assert_eq!(answer.told(), (200, ""));
    }

    /// The next message. None at the end.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(message) = self.came.pop_front() {
                return Some(message);
            }
            let data = self.event().await?;
            assert!(!data.contains('\n'), "in one line");
            self.came.extend(Encoding::Json.read(data.as_bytes()));
        }
    }

    /// The data of the next event, its lines joined as browsers do. None at the end.
    pub(crate) async fn event(&mut self) -> Option<String> {
        within("an event", async {
            loop {
                if let Some(end) = self.text.find("\r\n\r\n") {
                    let event: String = self.text.drain(..end + 4).collect();
                    let lines = event.trim_end_matches("\r\n").split("\r\n");
                    let data: Vec<_> = lines
                        .map(|line| line.strip_prefix("data: ").expect("an event has data alone"))
                        .collect();
                    return Some(data.join("\n"));
                }
                if !self.read_on().await {
                    return None;
                }
            }
        })
        .await
    }

    async fn read_on(&mut self) -> bool {
        match self.body.part(&mut self.stream, &mut self.buffer).await {
            Some(part) => {
                self.text.push_str(std::str::from_utf8(&part).expect("UTF-8"));
                true
            }
            None => false,
        }
    }
}
