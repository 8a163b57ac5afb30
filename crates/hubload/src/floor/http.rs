use std::{
    io::{self, ErrorKind},
    time::{Duration, Instant},
};

use super::{
    peer::Stage,
    peers::{Peers, To},
    pump::Pump,
};
use crate::websocket::{ACCEPT, KEY};

const NEGOTIATED: &str = r#"{"negotiateVersion":1,"connectionId":"0","connectionToken":"0","availableTransports":[{"transport":"WebSockets","transferFormats":["Text","Binary"]}]}"#;

impl Peers {
    /// Answers the request that `bytes` begin with and tells its length, if it is whole. Those for
    /// messages are put down.
    pub(super) fn request(
        &mut self,
        place: usize,
        bytes: &[u8],
        pumps: &mut Vec<Pump>,
    ) -> io::Result<Option<usize>> {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut request = httparse::Request::new(&mut headers);
        let length = match request.parse(bytes).map_err(io::Error::other)? {
            httparse::Status::Complete(length) => length,
            httparse::Status::Partial => return Ok(None),
        };
        let header = |name: &str| {
            let found = request.headers.iter().find(|header| header.name == name);
            found.and_then(|header| std::str::from_utf8(header.value).ok())
        };
        let path = request.path.unwrap_or_default();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let end = path.rsplit('/').next().unwrap_or_default();
        if let Some(user) = header("Authorization").and_then(|it| it.strip_prefix("Bearer ")) {
            self.sign_in(place, user);
        }
        match (request.method.unwrap_or_default(), end) {
            ("POST", "negotiate") => self.answer(place, "200 OK", NEGOTIATED)?,
            ("GET", "token") => {
                let user = parameter(query, "user").unwrap_or_default();
                self.answer(place, "200 OK", user)?;
            }
            ("GET", _) if header("Sec-WebSocket-Key") == Some(KEY) => {
                self.upgrade(place)?;
            }
            ("POST", "broadcast") => pumps.push(self.pump(place, To::All, query)),
            ("POST", group) if path.ends_with(&format!("/group/{group}")) => {
                pumps.push(self.pump(place, To::Group(group.to_owned()), query));
            }
            _ => self.answer(place, "404 Not Found", "")?,
        }
        // No request of ours has a body.
        Ok(Some(length))
    }

    /// The token is the user's name.
    fn sign_in(&mut self, place: usize, user: &str) {
        if let Some(peer) = self.peer(place) {
            peer.user = Some(user.to_owned());
        }
    }

    fn upgrade(&mut self, place: usize) -> io::Result<()> {
        let peer = self.peer(place).ok_or(ErrorKind::NotConnected)?;
        peer.stage = Stage::Handshake;
        if let Some(user) = peer.user.clone() {
            self.users.entry(user).or_default().push(place);
        }
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
        );
        self.send(place, answer.as_bytes())
    }

    fn pump(&mut self, place: usize, to: To, query: &str) -> Pump {
        let number = |name| parameter(query, name).and_then(|value| value.parse::<u32>().ok());
        let asked_by = self.peer(place).map_or(0, |peer| peer.number);
        Pump {
            to,
            size: number("size").unwrap_or(100) as usize,
            count: number("count").unwrap_or(1),
            interval: Duration::from_millis(number("interval").unwrap_or(0).into()),
            start: Instant::now(),
            sent: 0,
            asked: (place, asked_by),
        }
    }
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}
