//! Errors that .NET throws of itself, in its words.

use rocket_signalr::HubError;

pub(crate) fn hub_exception(message: Option<String>) -> HubError {
    const NONE: &str = "Exception of type 'Microsoft.AspNetCore.SignalR.HubException' was thrown.";
    HubError::new(message.unwrap_or_else(|| NONE.to_owned()))
}

pub(crate) fn invalid_operation(message: Option<String>) -> HubError {
    const NONE: &str = "Operation is not valid due to the current state of the object.";
    HubError::with_kind("InvalidOperationException", message.unwrap_or_else(|| NONE.to_owned()))
}

pub(crate) fn null_reference() -> HubError {
    const TEXT: &str = "Object reference not set to an instance of an object.";
    HubError::with_kind("NullReferenceException", TEXT)
}

pub(crate) fn out_of_range(parameter: &str) -> HubError {
    let text = "Specified argument was out of the range of valid values.";
    HubError::with_kind("ArgumentOutOfRangeException", format!("{text} (Parameter '{parameter}')"))
}

/// That of `Task.Delay`, which explains itself.
pub(crate) fn invalid_delay() -> HubError {
    const TEXT: &str = "The value needs to be either -1 (signifying an infinite timeout), 0 or a \
                        positive integer. (Parameter 'millisecondsDelay')";
    HubError::with_kind("ArgumentOutOfRangeException", TEXT)
}

/// For a parameter that is null only by mistake. In C# that is found out where it is used.
pub(crate) fn not_null<T>(value: Option<T>, parameter: &str) -> Result<T, HubError> {
    value.ok_or_else(|| {
        let text = format!("Value cannot be null. (Parameter '{parameter}')");
        HubError::with_kind("ArgumentNullException", text)
    })
}
