#![allow(unused)]

use rocket_signalr::{Caller, hub};

struct Hub;

struct Other;

#[hub]
impl Other {}

#[hub]
impl Hub {
    fn two(&self, one: &Caller<Self>, other: &Caller<Self>) {}

    fn owned(&self, caller: Caller<Self>) {}

    fn changed(&self, caller: &mut Caller<Self>) {}
}

struct Third;

#[hub]
impl Third {
    fn of_another(&self, caller: &Caller<Other>) {}

    fn on_connected(&self, caller: &Caller<Other>) {}
}

fn main() {}
