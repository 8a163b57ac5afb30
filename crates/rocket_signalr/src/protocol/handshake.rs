//! The first message of each side, which is JSON whatever protocol it chooses.

use std::error::Error;
use std::fmt;

use bytes::BytesMut;

use super::json::read;
use super::json::scan::{Malformed, ReadError, Scanner};
use super::{
    Frame, Framer, HubProtocol, HubProtocols, PropertyNaming, ProtocolError, TooLarge,
    TransferFormat, json,
};

/// What a client asks for before anything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HandshakeRequest {
    /// The name of a protocol, as the client wrote it.
    pub(crate) protocol: String,
    /// The version of that protocol. Anything up to [`HubProtocol::MAX_VERSION`] will do, even
    /// below 1.
    pub(crate) version: i32,
}

impl HandshakeRequest {
    /// The protocol to use on a transport that carries what `transport` says, if it is one of
    /// those that the hub has. Names in JSON are written as `naming` says.
    ///
    /// # Errors
    ///
    /// What to answer where there is none.
    pub(crate) fn accept(
        &self,
        transport: TransferFormat,
        protocols: HubProtocols,
        naming: PropertyNaming,
    ) -> Result<HubProtocol, HandshakeError> {
        let named = HubProtocol::from_name(&self.protocol, naming);
        let Some(protocol) = named.filter(|protocol| protocols.allow(*protocol)) else {
            return Err(HandshakeError::UnknownProtocol(self.protocol.clone()));
        };
        if self.version > HubProtocol::MAX_VERSION {
            return Err(HandshakeError::UnsupportedVersion(self.clone()));
        }
        match (protocol.transfer_format(), transport) {
            (TransferFormat::Binary, TransferFormat::Text) => {
                Err(HandshakeError::TransferFormat(protocol))
            }
            (TransferFormat::Text, _) | (_, TransferFormat::Binary) => Ok(protocol),
        }
    }
}

/// Why there is no connection. [`HandshakeError::message`] is what the client is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HandshakeError {
    /// It did not come in time.
    TimedOut,
    /// It is larger than a message may be.
    TooLarge(TooLarge),
    /// It is no handshake.
    Invalid(ProtocolError),
    /// There is no protocol of this name.
    UnknownProtocol(String),
    /// There is no such version of the protocol.
    UnsupportedVersion(HandshakeRequest),
    /// The transport can not carry the protocol.
    TransferFormat(HubProtocol),
}

impl HandshakeError {
    /// The text for the client; `detailed` tells more of what is wrong with a request.
    pub(crate) fn message(&self, detailed: bool) -> String {
        match self {
            Self::Invalid(error) if detailed => format!("{self} {}: {error}", error.kind()),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut | Self::TooLarge(_) => f.write_str("Handshake was canceled."),
            Self::Invalid(_) => {
                f.write_str("An unexpected error occurred during connection handshake.")
            }
            Self::UnknownProtocol(protocol) => {
                write!(f, "The protocol '{protocol}' is not supported.")
            }
            Self::UnsupportedVersion(HandshakeRequest { protocol, version }) => {
                write!(
                    f,
                    "The server does not support version {version} of the '{protocol}' protocol."
                )
            }
            Self::TransferFormat(protocol) => write!(
                f,
                "Cannot use the '{}' protocol on the current transport. \
                 The transport does not support '{}' transfer format.",
                protocol.name(),
                protocol.transfer_format()
            ),
        }
    }
}

impl Error for HandshakeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::TooLarge(error) => Some(error),
            Self::Invalid(error) => Some(error),
            Self::TimedOut
            | Self::UnknownProtocol(_)
            | Self::UnsupportedVersion(_)
            | Self::TransferFormat(_) => None,
        }
    }
}

impl From<TooLarge> for HandshakeError {
    fn from(error: TooLarge) -> Self {
        Self::TooLarge(error)
    }
}

impl From<ReadError> for HandshakeError {
    fn from(error: ReadError) -> Self {
        Self::Invalid(match error {
            ReadError::Protocol(error) => error,
            ReadError::Malformed(Malformed { at }) => ProtocolError::json_reader(format!(
                "The JSON value could not be read. LineNumber: 0 | BytePositionInLine: {at}."
            )),
        })
    }
}

/// Reads the request at the beginning of `input` and cuts it off; what follows are messages
/// already. `None` while it is not complete.
///
/// # Errors
///
/// [`HandshakeError::TooLarge`] for a request, finished or not, of more than `max` bytes, its
/// separator included; [`HandshakeError::Invalid`] for one that is none.
pub(crate) fn parse_handshake(
    framer: &mut Framer,
    input: &mut BytesMut,
    max: Option<usize>,
) -> Result<Option<HandshakeRequest>, HandshakeError> {
    let record = framer.next_text_record(input, max)?;
    Ok(record.map(|record| parse(&record)).transpose()?)
}

fn parse(record: &[u8]) -> Result<HandshakeRequest, ReadError> {
    let mut scanner = Scanner::new(record);
    let (mut protocol, mut version) = (None, None);
    read::expect_object(&mut scanner)?;
    scanner.object(|scanner, name| {
        match &*name.unescape()? {
            b"protocol" => protocol = Some(read::string(scanner, "protocol")?),
            b"version" => version = read::integer(scanner, "version", "Int32")?,
            _ => drop(scanner.value()?),
        }
        Ok(())
    })?;
    let missing = |property| {
        let content = String::from_utf8_lossy(record);
        ProtocolError::invalid_data(format!(
            "Missing required property '{property}'. Message content: {content}"
        ))
    };
    Ok(HandshakeRequest {
        protocol: protocol.ok_or_else(|| missing("protocol"))?.into_owned(),
        version: version.ok_or_else(|| missing("version"))?,
    })
}

/// The answer: an empty object, or the error, after which the connection ends.
pub(crate) fn handshake_response(error: Option<&str>) -> Frame {
    error.map_or(Frame::from_static(b"\x81\x03{}\x1e"), json::error_object)
}

#[cfg(test)]
mod tests;
