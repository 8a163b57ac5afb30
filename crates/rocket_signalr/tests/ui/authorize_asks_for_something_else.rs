#![allow(unused)]

use rocket_signalr::hub;

struct Hub;

#[hub]
impl Hub {
    #[authorize(user = "ann")]
    fn secret(&self) {}

    #[authorize = "admin"]
    fn other(&self) {}

    #[authorize(role = "admin,")]
    fn nameless(&self) {}
}

fn main() {}
