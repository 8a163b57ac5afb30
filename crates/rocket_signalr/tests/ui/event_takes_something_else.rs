#![allow(unused)]

use rocket_signalr::{DisconnectReason, HubError, hub};

struct Hub;

#[hub]
impl Hub {
    fn on_connected(&self, name: String) {}

    fn on_disconnected() {}
}

struct Other;

#[hub]
impl Other {
    #[authorize]
    fn on_connected(&self, reason: &DisconnectReason) {}

    fn on_disconnected(&self) -> Result<(), String> {
        Ok(())
    }
}

struct Third;

#[hub]
impl Third {
    fn on_connected(&self, reason: &DisconnectReason) -> i32 {
        5
    }

    fn on_disconnected(&self, caller: &mut Caller<Self>) {}
}

struct Fourth;

#[hub]
impl Fourth {
    fn on_connected(&self) -> i32 {
        5
    }
}

struct Fifth;

#[hub]
impl Fifth {
    fn on_connected(&self) -> Result<i32, HubError> {
        Ok(5)
    }
}

fn main() {}
