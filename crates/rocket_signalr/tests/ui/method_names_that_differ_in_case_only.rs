#![allow(unused)]

use rocket_signalr::hub;

struct Hub;

#[hub]
impl Hub {
    fn send_message(&self) {}

    fn sendmessage(&self) {}

    #[name = "SENDMESSAGE"]
    fn other(&self) {}
}

fn main() {}
