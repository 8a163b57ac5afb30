//! What can be set for a hub, with the reference's names and defaults.

mod config;
mod unknown;
mod written;

use std::time::Duration;

use serde::Deserialize;

pub(crate) use self::unknown::UnknownHubs;
use crate::{
    auth::Authorize,
    protocol::{HubProtocols, PropertyNaming},
    transport::{AllowedOrigins, Transports, websocket::SubProtocolSelector},
};

/// The options of a hub: ASP.NET's `HubOptions` and `HttpConnectionDispatcherOptions`, with their
/// names and defaults. [`message_rate`](Self::message_rate),
/// [`slow_client_limit`](Self::slow_client_limit) and [`allowed_origins`](Self::allowed_origins)
/// have no counterpart there.
///
/// ```
/// use std::time::Duration;
/// use rocket_signalr::HubOptions;
///
/// let options = HubOptions { keep_alive_interval: Duration::from_secs(5), ..HubOptions::default() };
/// assert_eq!(options.client_timeout_interval, Duration::from_secs(30));
/// ```
///
/// # In `Rocket.toml`
///
/// All but `authorize` and `sub_protocol_selector` can be set in Rocket's [configuration] too, under the same names: in
/// `signalr` for every hub and [`ConnectionHandler`], in `signalr.hubs.NAME` for those of this name
/// (that of their Rust type), at all of their paths.
///
/// ```toml
/// [default.signalr]
/// keep_alive_interval = 5
/// allowed_origins = ["https://example.org"]
///
/// [release.signalr.hubs.ChatHub]
/// maximum_receive_message_size = "64KiB"
/// ```
///
/// or `ROCKET_SIGNALR='{keep_alive_interval=5, hubs={ChatHub={enable_detailed_errors=true}}}'` in
/// the environment. What is set for a hub counts more than what is set for all, and that more than
/// what is set in code.
///
/// | Options | Are written as |
/// |---|---|
/// | `handshake_timeout`, `keep_alive_interval`, `client_timeout_interval`, `transport_send_timeout`, `disconnect_timeout`, `poll_timeout`, `close_timeout` | seconds, such as `5` or `0.5`; `false` for ever ([`Duration::MAX`]) |
/// | `maximum_receive_message_size` | bytes, such as `65536` or `"64KiB"`; `false`: no limit (`None`) |
/// | `stateful_reconnect_buffer_size`, `transport_max_buffer_size`, `application_max_buffer_size`, `slow_client_limit` | bytes, such as `65536` or `"64KiB"` |
/// | `stream_buffer_capacity`, `maximum_parallel_invocations_per_client`, `minimum_protocol_version` | a number |
/// | `enable_detailed_errors`, `web_socket_compression`, `allow_stateful_reconnects`, `close_on_authentication_expiration` | `true` or `false` |
/// | `supported_protocols` | a list of `"json"`, `"messagepack"` |
/// | `property_naming` | `"CamelCase"` or `"AsIs"` |
/// | `message_rate` | `{ per_second = 100, burst = 200 }`; `false`: no limit (`None`) |
/// | `transports` | a list of `"WebSockets"`, `"ServerSentEvents"`, `"LongPolling"` |
/// | `allowed_origins` | `"SameOrigin"`, `"Any"`, or a list of origins |
///
/// # Errors
///
/// An option of an unknown name, or a value that does not fit, stops the launch with a message that
/// names it, wherever it was set.
///
/// [configuration]: https://rocket.rs/guide/v0.5/configuration/
/// [`ConnectionHandler`]: crate::ConnectionHandler
#[derive(Debug, Clone)]
pub struct HubOptions {
    /// How long a client may take for its handshake. Default: 15 s.
    pub handshake_timeout: Duration,
    /// How often the server pings each client. Default: 15 s.
    pub keep_alive_interval: Duration,
    /// How long a client that has pinged once may be silent. Default: 30 s; twice the client's own
    /// keep-alive interval is a good value.
    pub client_timeout_interval: Duration,
    /// The largest message a client may send, in bytes with its framing, at least 1. `None`: no
    /// limit. Default: 32,768.
    pub maximum_receive_message_size: Option<usize>,
    /// Whether clients are told the text of every error. Default: false, since it may tell secrets.
    pub enable_detailed_errors: bool,
    /// How many items of an upload stream wait for the hub method. When it is full, the whole
    /// connection waits. At least 1. Default: 10.
    pub stream_buffer_capacity: usize,
    /// How many invocations of one client run at once, at least 1; further ones wait, in their
    /// order. Default: 1.
    pub maximum_parallel_invocations_per_client: usize,
    /// How many bytes may wait for a client's acknowledgement with stateful reconnect; what is sent
    /// beyond waits. Default: 100,000.
    pub stateful_reconnect_buffer_size: usize,
    /// The encodings that clients may choose from, at least one. Default: all.
    pub supported_protocols: HubProtocols,
    /// How the names of properties are spelled in JSON. Default: in camel case.
    pub property_naming: PropertyNaming,
    /// How many messages a client may send. One that sends more is dropped with a Close. Default:
    /// as many as it likes.
    pub message_rate: Option<MessageRate>,
    /// The ways in which clients may connect. Default: all.
    pub transports: Transports,
    /// Whether messages on WebSockets are compressed, both ways, with clients that offer it, as
    /// browsers do: permessage-deflate
    /// ([RFC 7692](https://datatracker.ietf.org/doc/html/rfc7692)). Default: false.
    ///
    /// The server compresses only messages of 1 KiB and more, and only if that makes them smaller.
    ///
    /// # Security
    ///
    /// Compression of what is encrypted tells secrets: if one message holds both a secret and text
    /// that an attacker chooses, whoever sees the lengths on the wire can guess the secret, piece by
    /// piece (CRIME, BREACH). Messages do not give each other away, since each is compressed on its
    /// own. Leave it off for hubs whose messages mix the two: ASP.NET's name for it is
    /// `DangerousEnableCompression`.
    ///
    /// # Cost
    ///
    /// A message is compressed once for each encoding, however many clients get it, and each is
    /// compressed alone, so small ones gain little. For JSON of 1 KiB that takes about 15 µs and
    /// leaves 35 %; for 64 KiB, 250 µs and 25 %. What goes to one client costs so much for that
    /// client. To decompress takes about a fifth of it. While a client sends a compressed message,
    /// its connection owns 48 KB; an idle one owns nothing.
    pub web_socket_compression: bool,
    /// Chooses one of the subprotocols that a client offers for its WebSocket, which is told to it
    /// ([RFC 6455, section 1.9](https://datatracker.ietf.org/doc/html/rfc6455#section-1.9)). SignalR's
    /// own clients offer none. Default: none is chosen.
    ///
    /// ```
    /// use rocket_signalr::HubOptions;
    ///
    /// let options = HubOptions {
    ///     sub_protocol_selector: Some(|offered| offered.iter().copied().find(|name| *name == "v2.chat")),
    ///     ..HubOptions::default()
    /// };
    /// ```
    pub sub_protocol_selector: Option<SubProtocolSelector>,
    /// While so many bytes wait for a client, nothing more is read from it. 0: no limit. Default:
    /// 65,536.
    pub transport_max_buffer_size: usize,
    /// While so many bytes of a client are unread, its POST requests wait. 0: no limit. Default:
    /// 65,536.
    pub application_max_buffer_size: usize,
    /// A client that is sent something while more than this many bytes wait for it is dropped, so
    /// that it slows nobody down and takes no memory without bound. Default: 1 MiB.
    pub slow_client_limit: usize,
    /// A client that has taken nothing for so long, though something waits for it, is dropped. More
    /// than 0. Default: 10 s.
    pub transport_send_timeout: Duration,
    /// How long a negotiated connection may stay without a transport. Default: 15 s.
    pub disconnect_timeout: Duration,
    /// How long a poll waits for a message. Clients give up after 100 s. Default: 90 s.
    pub poll_timeout: Duration,
    /// How long the server waits for the client to take its last words, and before that, with the
    /// socket still open, for the hub that is told of the end. Default: 5 s.
    pub close_timeout: Duration,
    /// The lowest version of the negotiation that is accepted. Default: 0.
    pub minimum_protocol_version: u32,
    /// Whether clients that ask for it may come back to their connection when their WebSocket is
    /// lost for less than `disconnect_timeout`. Default: false.
    pub allow_stateful_reconnects: bool,
    /// Whether a connection is closed when its user's sign-in expires. Default: false.
    pub close_on_authentication_expiration: bool,
    /// What is asked of users before they may use the hub, besides what the hub's `#[hub]` asks.
    /// Default: nothing.
    pub authorize: Option<Authorize>,
    /// Which pages may open this hub from a browser. Default: those of the same origin.
    pub allowed_origins: AllowedOrigins,
}

/// A number of messages for each second. All of a client's messages count, its pings too. ASP.NET
/// Core has nothing like it.
///
/// ```
/// use rocket_signalr::{HubOptions, MessageRate};
///
/// let options = HubOptions {
///     message_rate: Some(MessageRate { per_second: 10, burst: 50 }),
///     ..HubOptions::default()
/// };
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table of per_second and burst")]
pub struct MessageRate {
    /// On average, at least 1.
    pub per_second: u32,
    /// At once, after a pause, at least 1.
    pub burst: u32,
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
            stateful_reconnect_buffer_size: 100_000,
            supported_protocols: HubProtocols::ALL,
            property_naming: PropertyNaming::CamelCase,
            message_rate: None,
            transports: Transports::ALL,
            web_socket_compression: false,
            sub_protocol_selector: None,
            transport_max_buffer_size: 64 * 1024,
            application_max_buffer_size: 64 * 1024,
            slow_client_limit: 1024 * 1024,
            transport_send_timeout: Duration::from_secs(10),
            disconnect_timeout: Duration::from_secs(15),
            poll_timeout: Duration::from_secs(90),
            close_timeout: Duration::from_secs(5),
            minimum_protocol_version: 0,
            allow_stateful_reconnects: false,
            close_on_authentication_expiration: false,
            authorize: None,
            allowed_origins: AllowedOrigins::SameOrigin,
        }
    }
}
