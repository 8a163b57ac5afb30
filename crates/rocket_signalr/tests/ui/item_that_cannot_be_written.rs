#![allow(unused)]

use futures::{Stream, stream};
use rocket_signalr::{HubError, hub};

struct Hub;

struct Secret;

#[hub]
impl Hub {
    fn plain(&self) -> impl Stream<Item = Secret> {
        stream::empty()
    }

    async fn refusable(&self) -> Result<impl Stream<Item = Option<Secret>>, HubError> {
        Ok(stream::empty())
    }

    fn fallible(&self) -> impl Stream<Item = Result<Secret, HubError>> {
        stream::empty()
    }
}

fn main() {}
