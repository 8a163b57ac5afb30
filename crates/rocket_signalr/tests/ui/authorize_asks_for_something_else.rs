use rocket_signalr::hub;

struct Hub;

#[hub]
impl Hub {
    #[authorize(user = "ann")]
    fn secret(&self) {}

    #[authorize = "admin"]
    fn other(&self) {}
}

fn main() {}
