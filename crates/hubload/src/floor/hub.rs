use std::io::{self, ErrorKind};

use super::{
    peer::{Stage, Upload},
    peers::{Peers, To, frame},
};
use crate::{
    protocol::{self, Invocation, Message, Protocol, SEPARATOR, Value},
    websocket::{self, opcode},
};

impl Peers {
    /// What a frame brought: our clients never split a message.
    pub(super) fn hub_bytes(
        &mut self,
        place: usize,
        stage: Stage,
        mut bytes: &[u8],
    ) -> io::Result<()> {
        let Stage::Hub(protocol) = stage else {
            return self.shake_hands(place, bytes);
        };
        while let Some((message, length)) = protocol.decode(bytes).map_err(io::Error::other)? {
            self.message(place, protocol, message)?;
            bytes = &bytes[length..];
        }
        Ok(())
    }

    fn shake_hands(&mut self, place: usize, bytes: &[u8]) -> io::Result<()> {
        let (record, _) = protocol::record(bytes).ok_or(ErrorKind::InvalidData)?;
        let messagepack = record.windows(11).any(|word| word == b"messagepack");
        let protocol = if messagepack { Protocol::MessagePack } else { Protocol::Json };
        if let Some(peer) = self.peer(place) {
            peer.stage = Stage::Hub(protocol);
        }
        self.keep_alive(place);
        let mut answer = Vec::new();
        websocket::write(opcode::TEXT, &[b'{', b'}', SEPARATOR], &mut answer);
        self.send(place, &answer)
    }

    fn message(
        &mut self,
        place: usize,
        protocol: Protocol,
        message: Message<'_>,
    ) -> io::Result<()> {
        match message {
            Message::Invocation(call) => self.call(place, protocol, call),
            Message::StreamInvocation(call) => {
                let (Some(id), Some(Value::Number(count))) = (call.id, &call.arguments[0]) else {
                    return Err(ErrorKind::InvalidData.into());
                };
                for item in 0..*count {
                    let item = Message::Item { id, value: Value::Number(item) };
                    self.send(place, &frame(protocol, &item))?;
                }
                self.complete(place, protocol, Some(id), Value::Null)
            }
            Message::Item { id, .. } => {
                let uploads = self.peer(place).map(|peer| peer.uploads.iter_mut());
                if let Some(upload) = uploads.and_then(|mut all| all.find(|one| one.stream == id)) {
                    upload.items += 1;
                }
                Ok(())
            }
            Message::Completion { id, .. } => {
                let Some(peer) = self.peer(place) else { return Ok(()) };
                let Some(n) = peer.uploads.iter().position(|one| one.stream == id) else {
                    return Ok(());
                };
                let upload = peer.uploads.swap_remove(n);
                self.complete(place, protocol, upload.call, Value::Number(upload.items))
            }
            Message::Ping | Message::Close { .. } | Message::Other(_) => Ok(()),
        }
    }

    fn call(&mut self, place: usize, protocol: Protocol, call: Invocation<'_>) -> io::Result<()> {
        let Invocation { id, target, arguments, upload } = call;
        let result = match (&*target, arguments) {
            ("Echo", [Some(text), None]) => text,
            ("Broadcast", [Some(text), None]) => {
                self.fan_out(&To::All, &text);
                Value::Null
            }
            ("SendToGroup", [Some(Value::Text(group)), Some(text)]) => {
                self.fan_out(&To::Group(group.into()), &text);
                Value::Null
            }
            ("SendToUser", [Some(Value::Text(user)), Some(text)]) => {
                self.fan_out(&To::User(user.into()), &text);
                Value::Null
            }
            ("JoinGroup", [Some(Value::Text(group)), None]) => {
                if let Some(peer) = self.peer(place) {
                    peer.groups.push(group.clone().into());
                }
                self.groups.entry(group.into()).or_default().push(place);
                Value::Null
            }
            ("Upload", [None, None]) => {
                let upload = Upload { stream: upload.unwrap_or_default(), call: id, items: 0 };
                if let Some(peer) = self.peer(place) {
                    peer.uploads.push(upload);
                }
                return Ok(());
            }
            _ => return Err(ErrorKind::InvalidData.into()),
        };
        self.complete(place, protocol, id, result)
    }

    fn complete(
        &mut self,
        place: usize,
        protocol: Protocol,
        id: Option<u32>,
        result: Value<'_>,
    ) -> io::Result<()> {
        match id {
            Some(id) => {
                self.send(place, &frame(protocol, &Message::Completion { id, outcome: Ok(result) }))
            }
            None => Ok(()),
        }
    }
}
