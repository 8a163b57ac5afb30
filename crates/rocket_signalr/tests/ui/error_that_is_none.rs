#![allow(unused)]

use futures::{Stream, stream};
use rocket_signalr::{HubError, hub};

struct Hub;

struct Sorry;

#[hub]
impl Hub {
    fn on_connected(&self) -> Result<(), Sorry> {
        Err(Sorry)
    }

    fn fail(&self) -> Result<(), Sorry> {
        Err(Sorry)
    }

    fn refuse(&self) -> Result<impl Stream<Item = i32>, Sorry> {
        Ok(stream::empty())
    }

    fn end(&self) -> impl Stream<Item = Result<i32, Sorry>> {
        stream::empty()
    }
}

fn main() {}
