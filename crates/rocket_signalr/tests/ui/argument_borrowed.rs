use rocket_signalr::hub;

struct Hub;

#[hub]
impl Hub {
    fn echo(&self, text: &str) -> usize {
        text.len()
    }
}

fn main() {}
