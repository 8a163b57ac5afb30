use rocket_signalr::hub;

struct Hub;

#[hub]
impl Hub {
    async fn wait(&self) {
        let here = std::rc::Rc::new(());
        std::future::ready(()).await;
        drop(here);
    }
}

fn main() {}
