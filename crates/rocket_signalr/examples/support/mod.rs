//! What all examples have in common: they say how they are tried.

use rocket::fairing::{AdHoc, Fairing};

/// Prints `script`, with the server's address in the place of `{server}`, when the server runs.
pub(crate) fn how_to_try(script: &'static str) -> impl Fairing {
    AdHoc::on_liftoff("how to try it", move |rocket| {
        Box::pin(async move {
            let config = rocket.config();
            let server = format!("http://{}:{}", config.address, config.port);
            println!("Save this as try.mjs, then: npm install @microsoft/signalr; node try.mjs\n");
            println!("{}\n", script.trim().replace("{server}", &server));
        })
    })
}
