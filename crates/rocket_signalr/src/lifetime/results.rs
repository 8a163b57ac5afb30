//! Results that the server has asked clients for.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bytes::Bytes;
use dashmap::DashMap;
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;

use crate::{
    connection::Connection,
    error::{HubError, short_name},
    id::ConnectionId,
    protocol::{HubProtocol, Outcome, RawValue},
};

/// The questions that wait for an answer, by their number.
#[derive(Debug, Default)]
pub(super) struct Results {
    last: AtomicU64,
    waiting: DashMap<u64, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    connection: ConnectionId,
    answer: oneshot::Sender<Answer>,
}

/// A result as it came.
#[derive(Debug)]
pub(crate) enum Answer {
    Result(HubProtocol, Bytes),
    Error(String),
}

/// What an answer was to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    Question,
    /// Nothing was asked under this id, or nobody waits for it any more.
    Nothing,
    /// It was another connection that was asked.
    OfAnother,
}

impl Results {
    /// Notes a question to a connection.
    pub(super) fn ask<'a>(&'a self, connection: &'a Connection) -> Question<'a> {
        let number = self.last.fetch_add(1, Relaxed) + 1;
        let (answer, answered) = oneshot::channel();
        self.waiting.insert(number, Waiting { connection: connection.id, answer });
        Question { results: self, number, connection, answered }
    }

    /// Brings an answer to whoever waits for it.
    pub(super) fn answer(&self, from: ConnectionId, id: &str, answer: Answer) -> Answered {
        let Some(number) = id.strip_prefix('s').and_then(|number| number.parse().ok()) else {
            return Answered::Nothing;
        };
        if let Some((_, waiting)) =
            self.waiting.remove_if(&number, |_, waiting| waiting.connection == from)
        {
            // Nobody waits any more: then it has just been given up.
            let _ = waiting.answer.send(answer);
            Answered::Question
        } else if self.waiting.contains_key(&number) {
            Answered::OfAnother
        } else {
            Answered::Nothing
        }
    }
}

/// A question that waits for its answer. Dropped, it waits no more.
#[derive(Debug)]
pub(super) struct Question<'a> {
    results: &'a Results,
    number: u64,
    connection: &'a Connection,
    answered: oneshot::Receiver<Answer>,
}

impl Question<'_> {
    /// Its id; with an `s` before it, it cannot be taken for one of the client's own.
    pub(super) fn id(&self) -> String {
        format!("s{}", self.number)
    }

    /// Waits for the answer, while the client is there to give it.
    pub(super) async fn answer<T: DeserializeOwned>(mut self) -> Result<T, HubError> {
        let answer = tokio::select! {
            biased;
            answer = &mut self.answered => answer.ok(),
            () = self.connection.aborted() => None,
        };
        match answer {
            Some(Answer::Result(protocol, bytes)) => {
                RawValue::new(protocol, &bytes).bind().map_err(|error| {
                    let (name, reason) = (short_name::<T>(), error.reason());
                    HubError::new(format!("Error trying to deserialize result to {name}. {reason}"))
                })
            }
            Some(Answer::Error(text)) => Err(HubError::new(text)),
            None => Err(HubError::with_kind(
                "IOException",
                format!("Connection '{}' disconnected.", self.connection.id.as_str()),
            )),
        }
    }
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        self.results.waiting.remove(&self.number);
    }
}

impl Answer {
    pub(crate) fn new(protocol: HubProtocol, outcome: Outcome<'_>) -> Self {
        match outcome {
            Outcome::Result(value) => {
                Self::Result(protocol, Bytes::copy_from_slice(value.as_bytes()))
            }
            Outcome::Error(text) => Self::Error(text.into_owned()),
            Outcome::Void => {
                Self::Error("The client sent neither a result nor an error.".to_owned())
            }
        }
    }
}
