//! Configuration for hubs that are not there.

use rocket::{
    Orbit, Rocket, async_trait,
    fairing::{Fairing, Info, Kind},
};

use super::config::unknown_names;

/// Warns of options that are configured for a hub of which nothing is served. It is no error:
/// several programs may share a `Rocket.toml`.
pub(crate) struct UnknownHubs;

#[async_trait]
impl Fairing for UnknownHubs {
    fn info(&self) -> Info {
        Info { name: "SignalR options", kind: Kind::Liftoff | Kind::Singleton }
    }

    async fn on_liftoff(&self, rocket: &Rocket<Orbit>) {
        let served: Vec<_> = rocket.routes().filter_map(|route| route.name.as_deref()).collect();
        for name in unknown_names(rocket.figment(), &served) {
            rocket::warn!("signalr.hubs.{name} is configured, but nothing of that name is served");
        }
    }
}
