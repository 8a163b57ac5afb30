#![allow(unused)]

use rocket_signalr::{HubError, hub};

struct Hub;

struct Secret;

#[hub]
impl Hub {
    fn plain(&self) -> Secret {
        Secret
    }

    async fn within(&self) -> Vec<Secret> {
        Vec::new()
    }

    async fn fallible(&self) -> Result<Secret, HubError> {
        Ok(Secret)
    }
}

fn main() {}
