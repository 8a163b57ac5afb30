//! What the hub calls on clients.

use rocket_signalr::hub_client;
use serde::Serialize;

/// The methods that the server calls on clients. Without a name of their own they would be sent as
/// `received`, `askNumber` and so on; .NET clients match names exactly.
#[hub_client]
pub(crate) trait LabClient {
    #[name = "Connected"]
    async fn connected(&self, connection_id: &str);

    #[name = "Received"]
    async fn received(&self, text: Option<&str>);

    #[name = "Args"]
    async fn args(
        &self,
        number: i32,
        text: &str,
        nothing: Option<&str>,
        list: &[i32],
        object: &Five,
        truth: bool,
    );

    #[name = "None"]
    async fn none(&self);

    /// With a result, which only a single client can be asked for.
    #[name = "Ask"]
    async fn ask(&self, question: Option<&str>) -> Option<String>;

    #[name = "AskNumber"]
    async fn ask_number(&self, number: i32) -> i32;
}

#[derive(Debug, Serialize)]
pub(crate) struct Five {
    pub(crate) five: f64,
}
