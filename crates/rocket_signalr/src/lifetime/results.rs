//! Results that the server has asked clients for.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use bytes::Bytes;
use dashmap::DashMap;
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;

use crate::{
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
    pub(super) fn ask(self: &Arc<Self>, connection: ConnectionId) -> Question {
        let number = self.last.fetch_add(1, Relaxed) + 1;
        let (answer, answered) = oneshot::channel();
        self.waiting.insert(number, Waiting { connection, answer });
        Question { results: self.clone(), number, connection, answered }
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

    /// The connection is gone and will answer nothing.
    pub(super) fn forget(&self, number: u64) {
        self.waiting.remove(&number);
    }
}

/// A question that waits for its answer. Dropped, it waits no more.
#[derive(Debug)]
pub(crate) struct Question {
    results: Arc<Results>,
    number: u64,
    connection: ConnectionId,
    answered: oneshot::Receiver<Answer>,
}

impl Question {
    /// Its number; with an `s` before it, it cannot be taken for an id of the client's own.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) async fn answer<T: DeserializeOwned>(&mut self) -> Result<T, HubError> {
        match (&mut self.answered).await {
            Ok(Answer::Result(protocol, bytes)) => {
                RawValue::new(protocol, &bytes).bind().map_err(|error| {
                    let (name, reason) = (short_name::<T>(), error.reason());
                    HubError::new(format!("Error trying to deserialize result to {name}. {reason}"))
                })
            }
            Ok(Answer::Error(text)) => Err(HubError::new(text)),
            Err(_) => Err(HubError::with_kind(
                "IOException",
                format!("Connection '{}' disconnected.", self.connection.as_str()),
            )),
        }
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        self.results.forget(self.number);
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
