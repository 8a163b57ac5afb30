#![allow(unused)]

use rocket_signalr::{HubError, hub_client};

struct Secret;

#[hub_client]
trait Client {
    async fn unread(&self) -> Secret;

    async fn borrowed(&self) -> &str;

    async fn fallible(&self) -> Result<i32, HubError>;
}

fn main() {}
