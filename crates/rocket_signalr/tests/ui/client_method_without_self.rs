use rocket_signalr::hub_client;

#[hub_client]
trait Client {
    async fn told(text: &str);
}

fn main() {}
