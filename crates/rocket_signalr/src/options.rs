//! What can be set for a hub, with the reference's names and defaults.

use std::time::Duration;

/// The options of a hub: ASP.NET's `HubOptions` and `HttpConnectionDispatcherOptions`.
///
/// ```
/// use std::time::Duration;
/// use rocket_signalr::HubOptions;
///
/// let options = HubOptions { keep_alive_interval: Duration::from_secs(5), ..HubOptions::default() };
/// assert_eq!(options.client_timeout_interval, Duration::from_secs(30));
/// ```
#[derive(Debug, Clone)]
pub struct HubOptions {
    /// How long a client may take for its handshake. Default: 15 s.
    pub handshake_timeout: Duration,
    /// How often the server pings each client. Default: 15 s.
    pub keep_alive_interval: Duration,
    /// How long a client that has pinged once may be silent. Default: 30 s; twice the client's own
    /// keep-alive interval is a good value.
    pub client_timeout_interval: Duration,
    /// The largest message a client may send, in bytes with its framing. `None`: no limit.
    /// Default: 32,768.
    pub maximum_receive_message_size: Option<usize>,
    /// Whether clients are told the text of every error. Default: false, since it may tell secrets.
    pub enable_detailed_errors: bool,
    /// How many items of an upload stream wait for the hub method. When it is full, the whole
    /// connection waits. Default: 10.
    pub stream_buffer_capacity: usize,
    /// How many invocations of one client run at once; further ones wait, in their order.
    /// Default: 1.
    pub maximum_parallel_invocations_per_client: usize,
    /// While so many bytes wait for a client, nothing more is read from it. Default: 65,536.
    pub transport_max_buffer_size: usize,
    /// A client for which more than this many bytes wait is dropped, so that it slows nobody down
    /// and takes no memory without bound. Default: 1 MiB.
    pub slow_client_limit: usize,
    /// A client that has taken nothing for so long, though something waits for it, is dropped.
    /// Default: 10 s.
    pub transport_send_timeout: Duration,
    /// How long a negotiated connection may stay without a transport. Default: 15 s.
    pub disconnect_timeout: Duration,
    /// How long the server waits for the client's close frame after its own. Default: 5 s.
    pub close_timeout: Duration,
    /// Which pages may open this hub from a browser. Default: those of the same origin.
    pub allowed_origins: AllowedOrigins,
}

impl Default for HubOptions {
    fn default() -> Self {
        Self {
            handshake_timeout: Duration::from_secs(15),
            keep_alive_interval: Duration::from_secs(15),
            client_timeout_interval: Duration::from_secs(30),
            maximum_receive_message_size: Some(32 * 1024),
            enable_detailed_errors: false,
            stream_buffer_capacity: 10,
            maximum_parallel_invocations_per_client: 1,
            transport_max_buffer_size: 64 * 1024,
            slow_client_limit: 1024 * 1024,
            transport_send_timeout: Duration::from_secs(10),
            disconnect_timeout: Duration::from_secs(15),
            close_timeout: Duration::from_secs(5),
            allowed_origins: AllowedOrigins::SameOrigin,
        }
    }
}

/// Whose pages may open a hub. Requests without an `Origin` header (they come from no browser) pass
/// in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// Only pages that this server itself has sent: their origin's host and port are those of the
    /// request's `Host` header.
    SameOrigin,
    /// The same origin and these, written as browsers do: `https://example.org`,
    /// `http://localhost:3000`.
    List(Vec<String>),
    /// All. Any page in the world can then act as a visitor whose browser sends cookies along.
    Any,
}

impl AllowedOrigins {
    /// Whether a request with this `Origin` and `Host` may go on.
    pub(crate) fn allow(&self, origin: Option<&str>, host: Option<&str>) -> bool {
        let Some(origin) = origin else { return true };
        let same = || {
            let authority = origin.split_once("://").map(|(_, authority)| authority);
            matches!((authority, host), (Some(a), Some(b)) if a.eq_ignore_ascii_case(b))
        };
        match self {
            Self::Any => true,
            Self::SameOrigin => same(),
            Self::List(list) => list.iter().any(|o| o.eq_ignore_ascii_case(origin)) || same(),
        }
    }
}
