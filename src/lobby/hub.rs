//! `/hubs/chat`.

use rocket_signalr::{Caller, HubError, hub, hub_client};

use super::{Refusal, check};

/// What those in the lobby are called with.
#[hub_client]
pub trait ChatClient {
    /// Somebody said something.
    #[name = "ReceiveMessage"]
    async fn receive_message(&self, user: &str, message: &str);
}

/// Passes messages on.
#[derive(Debug)]
pub struct ChatHub;

#[hub(client = ChatClient)]
impl ChatHub {
    /// Passes a message on to all, the caller included.
    async fn send_message(
        &self,
        caller: &Caller<Self>,
        user: String,
        message: String,
    ) -> Result<(), HubError> {
        check(&user, &message)?;
        Ok(caller.clients().all().receive_message(&user, &message).await?)
    }
}

impl From<Refusal> for HubError {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.to_string())
    }
}
