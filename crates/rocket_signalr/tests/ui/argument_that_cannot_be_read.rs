#![allow(unused)]

use rocket_signalr::{UploadStream, hub};

struct Hub;

struct Secret;

#[hub]
impl Hub {
    fn plain(&self, number: i32, secret: Secret) {}

    async fn within(&self, secrets: Vec<Secret>) {}

    fn optional(&self, #[optional] secret: Option<Secret>) {}

    fn upload(&self, secrets: UploadStream<Secret>) {}
}

fn main() {}
