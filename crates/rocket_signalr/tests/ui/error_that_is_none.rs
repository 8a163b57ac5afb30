use rocket_signalr::hub;

struct Hub;

struct Sorry;

#[hub]
impl Hub {
    fn fail(&self) -> Result<(), Sorry> {
        Err(Sorry)
    }
}

fn main() {}
