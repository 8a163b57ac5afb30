//! Clients that come while the server has no time to accept any.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use rocket::{Rocket, fairing::Fairing};
use rocket_signalr::{Hub, ListenBacklog, hub};

use crate::support::Server;

struct QuietHub;

#[hub]
impl QuietHub {}

/// How many of so many clients are connected though the server, which has this thread only, does
/// nothing meanwhile.
fn connected(addr: SocketAddr, count: usize) -> usize {
    let connect = |_| TcpStream::connect_timeout(&addr, Duration::from_millis(300)).ok();
    (0..count).map_while(connect).collect::<Vec<_>>().len()
}

async fn serve(fairings: impl IntoIterator<Item = impl Fairing>) -> Server {
    Server::launch(|rocket| {
        let rocket = rocket.attach(QuietHub.at("/hub"));
        fairings.into_iter().fold(rocket, Rocket::attach)
    })
    .await
}

#[tokio::test]
async fn storm_of_clients_finds_room() {
    let narrow = serve(None::<ListenBacklog>).await;
    assert!(connected(narrow.addr, 300) < 200, "Rocket's own backlog is small");
    let wide = serve([ListenBacklog::default()]).await;
    assert_eq!(connected(wide.addr, 300), 300);
    // They are served, too.
    wide.connect().await;
}
