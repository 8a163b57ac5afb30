//! What can go wrong with a message. The texts are those of ASP.NET Core SignalR, which clients see.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

/// What breaks the protocol, and so ends the connection.
///
/// Displays the detail that the reference adds to its error with detailed errors, behind the name
/// of the exception that [`ProtocolError::kind`] tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProtocolError {
    kind: &'static str,
    detail: Cow<'static, str>,
}

impl ProtocolError {
    /// The data does not fit the protocol.
    pub(super) fn invalid_data(detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind: "InvalidDataException", detail: detail.into() }
    }

    /// Something does not have the form of what it is to be.
    pub(super) fn format(detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind: "FormatException", detail: detail.into() }
    }

    /// A number does not fit the type of its property.
    pub(super) fn out_of_bounds(type_name: &str) -> Self {
        Self::format(format!(
            "Either the JSON value is not in a supported format, or is out of bounds for an {type_name}."
        ))
    }

    /// A value can not be read as text.
    pub(super) fn invalid_operation(detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind: "InvalidOperationException", detail: detail.into() }
    }

    /// A handshake is no JSON.
    pub(super) fn json_reader(detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind: "JsonReaderException", detail: detail.into() }
    }

    /// A property that must be there is not.
    pub(super) fn missing(property: &str) -> Self {
        Self::invalid_data(format!("Missing required property '{property}'."))
    }

    /// A property has the wrong type.
    pub(super) fn expected(property: &str, kind: &str) -> Self {
        Self::invalid_data(format!("Expected '{property}' to be of type {kind}."))
    }

    /// The short name of the .NET exception, such as `InvalidDataException`.
    pub(crate) const fn kind(&self) -> &'static str {
        self.kind
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl Error for ProtocolError {}

/// Why payloads did not become the values that a method takes.
#[derive(Debug)]
pub enum BindError {
    /// There are too few or too many arguments.
    Count {
        /// How many the client gave.
        provided: usize,
        /// How many the method takes.
        expected: usize,
    },
    /// A payload has the wrong type. Its source tells how.
    Type(Box<dyn Error + Send + Sync>),
}

impl BindError {
    pub(super) fn wrong_type(source: impl Error + Send + Sync + 'static) -> Self {
        Self::Type(Box::new(source))
    }

    /// What is wrong with the payload itself.
    pub(crate) fn reason(&self) -> String {
        self.source().map_or_else(|| self.to_string(), ToString::to_string)
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count { provided, expected } => {
                write!(
                    f,
                    "Invocation provides {provided} argument(s) but target expects {expected}."
                )
            }
            Self::Type(_) => f.write_str(
                "Error binding arguments. Make sure that the types of the provided values match \
                 the types of the hub method being invoked.",
            ),
        }
    }
}

impl Error for BindError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Count { .. } => None,
            Self::Type(source) => Some(&**source),
        }
    }
}

/// A value can not be written, for example as it holds a number that is not finite.
#[derive(Debug)]
pub(crate) struct EncodeError(Box<dyn Error + Send + Sync>);

impl EncodeError {
    pub(super) fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for EncodeError {}

/// A record is larger than allowed, which ends the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLarge {
    /// How many bytes are allowed.
    pub(crate) max: usize,
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "The maximum message size of {}B was exceeded. The message size can be configured in AddHubOptions.",
            self.max
        )
    }
}

impl Error for TooLarge {}
