use rocket_signalr::hub;

struct Hub;

#[hub]
impl Hub {
    fn on_connected(&self, name: String) {}

    fn on_disconnected() {}
}

fn main() {}
