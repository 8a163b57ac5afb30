//! Why connections end, and what their clients are told last.

use std::fmt::Display;

use crate::{
    error::{DisconnectReason, HubError},
    metrics::ConnectionStatus,
    protocol::handshake::HandshakeError,
};

/// How a connection ends.
#[derive(Debug, Clone)]
pub(crate) struct Ending {
    /// What the hub is told.
    pub(crate) error: Option<HubError>,
    pub(crate) farewell: Farewell,
    /// The error is what the client said.
    pub(crate) by_client: bool,
    /// What is counted.
    pub(crate) status: ConnectionStatus,
}

/// What the client is told.
#[derive(Debug, Clone)]
pub(crate) enum Farewell {
    /// A Close message, if a handshake was made, and a close frame.
    Close {
        allow_reconnect: bool,
        code: u16,
        /// It waits for the next poll, if the client polls.
        until_heard: bool,
    },
    /// The answer to a handshake that failed. No Close message follows it.
    Handshake { error: String },
    /// The client has said goodbye or broken the WebSocket's rules: a close frame with this code.
    CloseFrame(u16),
    /// The client is gone, or takes nothing: the socket is let go.
    None,
}

/// The general text of a Close; detailed errors append theirs.
pub(crate) const CLOSED_WITH_AN_ERROR: &str = "Connection closed with an error.";

impl Ending {
    fn close(error: Option<HubError>, allow_reconnect: bool) -> Self {
        Self {
            error,
            farewell: Farewell::Close { allow_reconnect, code: 1000, until_heard: true },
            by_client: false,
            status: ConnectionStatus::NormalClosure,
        }
    }

    /// A hub method, or somebody outside, ends it on purpose: the client is not to come back.
    pub(crate) fn abort() -> Self {
        Self::close(None, false)
    }

    /// Its handler is done with it.
    pub(crate) fn done() -> Self {
        Self::close(None, false)
    }

    /// Its handler has panicked: an internal error (RFC 6455, section 7.4.1).
    pub(crate) fn failed() -> Self {
        let farewell = Farewell::Close { allow_reconnect: false, code: 1011, until_heard: true };
        Self { farewell, ..Self::close(None, false) }
    }

    pub(crate) fn connect_refused(error: HubError) -> Self {
        Self::close(Some(error), false)
    }

    pub(crate) fn client_close(error: Option<String>) -> Self {
        Self { by_client: true, ..Self::close(error.map(HubError::new), false) }
    }

    /// A client that polls has asked for the end, and will not poll again.
    pub(crate) fn deleted() -> Self {
        Self {
            farewell: Farewell::Close { allow_reconnect: true, code: 1000, until_heard: false },
            ..Self::close(None, true)
        }
    }

    pub(crate) fn server_stops() -> Self {
        Self { status: ConnectionStatus::AppShutdown, ..Self::close(None, true) }
    }

    /// The sign-in of its user is over.
    pub(crate) fn sign_in_expired() -> Self {
        Self::close(None, true)
    }

    /// Nobody came, or came back, in time.
    pub(crate) fn abandoned() -> Self {
        Self { status: ConnectionStatus::Timeout, ..Self::gone(None) }
    }

    /// The client broke the hub protocol. `kind` and `detail` are those of the reference.
    pub(crate) fn protocol(kind: &'static str, detail: impl Display) -> Self {
        Self::close(Some(HubError::with_kind(kind, detail.to_string())), true)
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        Self::protocol(
            "InvalidDataException",
            format_args!(
                "The maximum message size of {limit}B was exceeded. The message size can be configured in AddHubOptions."
            ),
        )
    }

    /// The client sends more than it may.
    pub(crate) fn too_many_messages() -> Self {
        Self::protocol("RateLimitException", "The client sends too many messages.")
    }

    pub(crate) fn client_timeout() -> Self {
        let text = "Client hasn't sent a message/ping within the configured ClientTimeoutInterval.";
        Self {
            status: ConnectionStatus::Timeout,
            ..Self::protocol("OperationCanceledException", text)
        }
    }

    pub(crate) fn handshake(error: impl Into<String>) -> Self {
        Self { farewell: Farewell::Handshake { error: error.into() }, ..Self::close(None, false) }
    }

    pub(crate) fn handshake_timeout() -> Self {
        Self::handshake(HandshakeError::TimedOut.message(false))
    }

    /// More waits for the client than it is allowed. It is told behind all that waits.
    pub(crate) fn too_slow() -> Self {
        let text = "The client takes its messages too slowly.";
        let error = HubError::with_kind("SlowClientException", text);
        Self { status: ConnectionStatus::SlowClient, ..Self::close(Some(error), true) }
    }

    /// The client takes nothing at all.
    pub(crate) fn stuck() -> Self {
        Self { farewell: Farewell::None, ..Self::too_slow() }
    }

    /// The client closed its WebSocket, or broke its rules (then there is an error).
    pub(crate) fn close_frame(code: u16, error: Option<HubError>) -> Self {
        Self { farewell: Farewell::CloseFrame(code), ..Self::close(error, true) }
    }

    /// The client went away in the middle of a message.
    pub(crate) fn in_a_message(mut self) -> Self {
        self.error.get_or_insert_with(|| {
            HubError::with_kind(
                "InvalidDataException",
                "Connection terminated while reading a message.",
            )
        });
        self
    }

    /// The socket ended, with or without an error.
    pub(crate) fn gone(error: Option<&std::io::Error>) -> Self {
        let error = error.map(|e| HubError::with_kind("ConnectionResetException", e.to_string()));
        Self { farewell: Farewell::None, ..Self::close(error, true) }
    }

    pub(crate) fn reason(&self) -> DisconnectReason {
        DisconnectReason { error: self.error.clone() }
    }
}
