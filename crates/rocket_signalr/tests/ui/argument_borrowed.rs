#![allow(unused)]

use rocket_signalr::hub;

struct Hub;

#[hub]
impl Hub {
    fn echo(&self, text: &str) -> usize {
        text.len()
    }

    fn count(&self, texts: Vec<&str>) -> usize {
        texts.len()
    }

    fn first(&self, text: String) -> &str {
        "first"
    }
}

fn main() {}
