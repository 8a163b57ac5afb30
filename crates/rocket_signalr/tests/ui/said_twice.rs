#![allow(unused)]

use rocket_signalr::{NoClient, hub};

struct First;

#[hub(client = NoClient, client = NoClient)]
impl First {}

struct Second;

#[hub(authorize, authorize(role = "admin"))]
impl Second {}

struct Third;

#[hub]
impl Third {
    #[name = "one"]
    #[name = "other"]
    fn named(&self) {}

    #[authorize]
    #[authorize(role = "admin")]
    fn secret(&self) {}

    #[authorize(role = "admin", role = "owner")]
    fn both(&self) {}

    #[authorize(policy = "old", policy = "tall")]
    fn all(&self) {}
}

fn main() {}
