use rocket_signalr::hub;

struct Hub;

#[hub]
impl Hub {
    fn add(&self, a: i32, #[optional] b: i32) -> i32 {
        a + b
    }
}

fn main() {}
