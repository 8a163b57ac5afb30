use rocket_signalr::hub_client;

#[hub_client]
trait Client<T> {
    async fn told(&self, value: &T);
}

fn main() {}
