//! The Close messages that clients get.

use serde_json::{Value, json};

/// Behind an error that is told in detail, from which a client may come back.
pub(crate) fn closed_with(error: &str) -> Value {
    let error = format!("Connection closed with an error. {error}");
    json!({"type": 7, "error": error, "allowReconnect": true})
}

/// Behind a message of more bytes than are allowed.
pub(crate) fn too_large(max: usize) -> Value {
    closed_with(&format!(
        "InvalidDataException: The maximum message size of {max}B was exceeded. The message size can be configured in AddHubOptions."
    ))
}
