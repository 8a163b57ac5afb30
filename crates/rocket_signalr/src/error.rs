//! What goes wrong in a hub, and how much of it a client is told.

use std::{
    any::{Any, type_name},
    borrow::Cow,
    fmt,
};

/// The error of a hub method.
///
/// Clients are told only what is meant for them, as in ASP.NET Core: the text of
/// [`HubError::new`] reaches the caller as `… HubException: text`, while every other error is hidden
/// behind a general text unless [`HubOptions::enable_detailed_errors`](crate::HubOptions) is on.
///
/// Any [`std::error::Error`] converts with `?`. For that to be possible, `HubError` itself does not
/// implement that trait.
///
/// ```
/// use rocket_signalr::HubError;
///
/// fn parse(text: &str) -> Result<u32, HubError> {
///     if text.is_empty() {
///         return Err(HubError::new("Say a number."));
///     }
///     Ok(text.parse()?)
/// }
///
/// assert_eq!(parse("").unwrap_err().to_string(), "HubException: Say a number.");
/// assert_eq!(parse("x").unwrap_err().kind(), "ParseIntError");
/// ```
#[derive(Clone)]
pub struct HubError {
    kind: Cow<'static, str>,
    message: Cow<'static, str>,
    exposed: bool,
}

impl HubError {
    /// An error whose text is for the client: ASP.NET's `HubException`.
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind: Cow::Borrowed("HubException"), message: message.into(), exposed: true }
    }

    /// An error of another kind, for instance `InvalidOperationException`: clients are told of it
    /// only with detailed errors.
    pub fn with_kind(
        kind: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { kind: kind.into(), message: message.into(), exposed: false }
    }

    /// The name that stands before the text: `HubException`, or the short type name of the error
    /// that this one was made from.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The text without its kind.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether clients are told of it also without detailed errors.
    pub fn is_exposed(&self) -> bool {
        self.exposed
    }

    /// `general`, and behind it what the client may know of this error.
    pub(crate) fn describe(&self, general: impl fmt::Display, detailed: bool) -> String {
        if self.exposed || detailed { format!("{general} {self}") } else { general.to_string() }
    }
}

impl fmt::Display for HubError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

impl fmt::Debug for HubError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<E: std::error::Error + 'static> From<E> for HubError {
    fn from(error: E) -> Self {
        let kind = match (&error as &dyn Any).downcast_ref() {
            // Named as in .NET, where clients know it from.
            Some(SendError::EmptyGroupName) => "InvalidOperationException",
            Some(SendError::Encode(_)) => "InvalidDataException",
            None => short_name::<E>(),
        };
        Self::with_kind(kind, error.to_string())
    }
}

/// `core::num::ParseIntError` becomes `ParseIntError`. Generics are left out; of an option it is the
/// name of what is in it.
pub(crate) fn short_name<T: ?Sized>() -> &'static str {
    let name = type_name::<T>();
    let name = name.strip_prefix("core::option::Option<").unwrap_or(name).trim_end_matches('>');
    let name = name.split('<').next().unwrap_or(name);
    name.rsplit("::").next().unwrap_or(name)
}

/// Why a connection ended, as [`Hub::on_disconnected`](crate::Hub::on_disconnected) is told.
///
/// ```
/// use rocket_signalr::{Caller, DisconnectReason, hub};
///
/// struct Door;
///
/// #[hub]
/// impl Door {
///     async fn on_disconnected(&self, caller: &Caller<Self>, reason: &DisconnectReason) {
///         match reason.error() {
///             None => println!("{} has left", caller.connection_id()),
///             Some(error) => println!("{} was lost: {error}", caller.connection_id()),
///         }
///     }
/// }
/// ```
#[derive(Debug, Clone, Default)]
pub struct DisconnectReason {
    pub(crate) error: Option<HubError>,
}

impl DisconnectReason {
    /// The error that ended it: a broken protocol, a timeout, or what the client gave as the
    /// reason of its Close. `None` when it was closed in peace.
    pub fn error(&self) -> Option<&HubError> {
        self.error.as_ref()
    }
}

/// A message could not be sent.
///
/// That a client is gone is no error; messages to it are dropped. In a hub method that returns
/// [`HubError`], `?` passes it on.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SendError {
    /// The arguments could not be written down, for the reason given.
    Encode(String),
    /// A list of groups holds an empty name.
    EmptyGroupName,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encode(reason) => write!(f, "The message cannot be encoded: {reason}"),
            Self::EmptyGroupName => f.write_str("Cannot send to an empty group name."),
        }
    }
}

impl std::error::Error for SendError {}
