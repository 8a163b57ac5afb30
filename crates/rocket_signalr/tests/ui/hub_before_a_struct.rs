#![allow(unused)]

use rocket_signalr::hub;

#[hub]
struct Hub;

fn main() {}
