//! Negotiation: a client asks for a connection and for the ways to reach it.

use serde::Serialize;
use tracing::debug;

use super::{Transport, Transports};
use crate::{id::ConnectionId, protocol::TransferFormat, request};

/// The highest version of the negotiation that is spoken here.
const MAX_VERSION: i32 = 1;

/// What a client asks for, or the text that refuses it.
///
/// Refusals are answered with status 200: only the body tells.
pub(crate) fn requested_version(query: &str, minimum: u32) -> Result<i32, String> {
    let version = match request::sole_query_value(query, "negotiateVersion") {
        None => 0,
        Some(value) => trimmed(&value).parse::<i32>().map_err(|_| {
            debug!(name: "InvalidNegotiateProtocolVersion", "version of the negotiation is no number");
            NON_INTEGER.to_owned()
        })?,
    };
    if i64::from(version) < i64::from(minimum) {
        debug!(
            name: "NegotiateProtocolVersionMismatch",
            version, minimum, "version of the negotiation is too low"
        );
        return Err(format!(
            "The client requested version '{version}', but the server does not support this version."
        ));
    }
    Ok(version.min(MAX_VERSION))
}

/// Without the blanks that .NET's `Parse` passes over.
fn trimmed(value: &str) -> &str {
    value.trim_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r'])
}

const NON_INTEGER: &str = "The client requested a non-integer protocol version.";

/// Whether a client wants to come back when its socket is lost.
pub(crate) fn wants_stateful_reconnect(query: &str) -> bool {
    request::sole_query_value(query, "useStatefulReconnect")
        .is_some_and(|value| trimmed(&value).eq_ignore_ascii_case("true"))
}

/// The answer, in the reference's order. Absent properties are left out: some clients choke on null.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NegotiateResponse<'a> {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    use_stateful_reconnect: bool,
    negotiate_version: i32,
    connection_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_token: Option<&'a str>,
    available_transports: Vec<AvailableTransport>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AvailableTransport {
    transport: &'static str,
    transfer_formats: &'static [&'static str],
}

impl<'a> NegotiateResponse<'a> {
    /// Version 0 knows no token: there the id is the secret.
    pub(crate) fn new(
        version: i32,
        id: &'a ConnectionId,
        token: &'a ConnectionId,
        transports: Transports,
        use_stateful_reconnect: bool,
    ) -> Self {
        let available = Transport::ALL.into_iter().filter(|transport| transports.allow(*transport));
        Self {
            use_stateful_reconnect,
            negotiate_version: version,
            connection_id: id.as_str(),
            connection_token: (version > 0).then(|| token.as_str()),
            available_transports: available
                .map(|transport| AvailableTransport {
                    transport: transport.name(),
                    transfer_formats: match transport.transfer_format() {
                        TransferFormat::Text => &["Text"],
                        TransferFormat::Binary => &["Text", "Binary"],
                    },
                })
                .collect(),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct NegotiateError {
    pub(crate) error: String,
}

/// Where a client is to go instead: it negotiates again there.
///
/// See [`HubEndpoint::redirect`](crate::HubEndpoint::redirect).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NegotiateRedirect {
    /// The address of the other hub, as `https://other.example/hubs/chat`. The client keeps its query.
    pub url: String,
    /// The bearer token that the client uses there, in the place of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
}

/// A redirect as an answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RedirectResponse {
    pub(crate) negotiate_version: i32,
    #[serde(flatten)]
    pub(crate) redirect: NegotiateRedirect,
    /// There are none here: clients know what to ask for over there.
    pub(crate) available_transports: [(); 0],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_what_the_client_asks_for_up_to_one() {
        for (query, version) in [
            ("", 0),
            ("negotiateVersion=0", 0),
            ("negotiateVersion=1", 1),
            ("room=5&NEGOTIATEVERSION=1", 1),
            ("negotiateVersion=2", 1),
            ("negotiateVersion=2147483647", 1),
            ("negotiateVersion=%20%2b1+", 1),
        ] {
            assert_eq!(requested_version(query, 0), Ok(version), "{query}");
        }
    }

    #[test]
    fn version_that_is_no_whole_number_is_refused() {
        for query in [
            "negotiateVersion=",
            "negotiateVersion=one",
            "negotiateVersion=1.0",
            "negotiateVersion=1&negotiateVersion=1",
            "negotiateVersion=%C2%A01",
        ] {
            assert_eq!(requested_version(query, 0), Err(NON_INTEGER.to_owned()), "{query}");
        }
    }

    #[test]
    fn stateful_reconnect_is_asked_for_once() {
        let asked =
            |value: &str| wants_stateful_reconnect(&format!("useStatefulReconnect={value}"));
        assert!(asked("True+"));
        assert!(!asked("1"));
        assert!(!asked("true&useStatefulReconnect=true"));
    }

    #[test]
    fn version_below_zero_is_refused() {
        assert_eq!(
            requested_version("negotiateVersion=-1", 0),
            Err("The client requested version '-1', but the server does not support this version."
                .to_owned())
        );
    }

    #[test]
    fn redirect_is_written_as_clients_read_it() {
        let to = |access_token| RedirectResponse {
            negotiate_version: 1,
            redirect: NegotiateRedirect { url: "https://other/hub?x=1".into(), access_token },
            available_transports: [],
        };
        assert_eq!(
            serde_json::to_string(&to(Some("secret".into()))).unwrap(),
            r#"{"negotiateVersion":1,"url":"https://other/hub?x=1","accessToken":"secret","availableTransports":[]}"#
        );
        assert_eq!(
            serde_json::to_string(&to(None)).unwrap(),
            r#"{"negotiateVersion":1,"url":"https://other/hub?x=1","availableTransports":[]}"#
        );
    }

    #[test]
    fn token_is_left_out_in_version_zero() {
        let id = ConnectionId::parse("0123456789012345678901").unwrap();
        let json =
            serde_json::to_string(&NegotiateResponse::new(0, &id, &id, Transports::ALL, false))
                .unwrap();
        assert_eq!(
            json,
            concat!(
                r#"{"negotiateVersion":0,"connectionId":"0123456789012345678901","#,
                r#""availableTransports":[{"transport":"WebSockets","transferFormats":["Text","Binary"]},"#,
                r#"{"transport":"ServerSentEvents","transferFormats":["Text"]},"#,
                r#"{"transport":"LongPolling","transferFormats":["Text","Binary"]}]}"#,
            )
        );
    }
}
