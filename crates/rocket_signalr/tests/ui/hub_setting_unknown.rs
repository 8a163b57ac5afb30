#![allow(unused)]

use rocket_signalr::hub;

struct Hub;

#[hub(clients = ChatClient)]
impl Hub {}

fn main() {}
