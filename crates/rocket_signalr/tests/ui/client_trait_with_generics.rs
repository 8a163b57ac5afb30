#![allow(unused)]

use rocket_signalr::hub_client;

#[hub_client]
trait Client<T> {
    async fn told(&self, value: &T);
}

#[hub_client]
trait Told: Clone {}

#[hub_client]
trait Bound
where
    Self: Sized,
{
}

#[hub_client(name = "other")]
trait Named {}

#[hub_client]
struct Other;

fn main() {}
