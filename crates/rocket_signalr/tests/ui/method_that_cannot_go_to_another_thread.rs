#![allow(unused)]

use std::rc::Rc;

use futures::{Stream, stream};
use rocket_signalr::hub;

struct Hub;

#[hub]
impl Hub {
    async fn on_connected(&self) {
        let here = Rc::new(());
        std::future::ready(()).await;
        drop(here);
    }

    async fn wait(&self) {
        let here = Rc::new(());
        std::future::ready(()).await;
        drop(here);
    }

    fn count(&self) -> impl Stream<Item = i32> {
        let here = Rc::new(1);
        stream::iter([1, 2]).map(move |number| number + *here)
    }
}

use futures::StreamExt;

fn main() {}
