#![allow(unused)]

use rocket_signalr::hub;

struct Hub;
struct Client;

#[hub(client = Client)]
impl Hub {}

fn main() {}
