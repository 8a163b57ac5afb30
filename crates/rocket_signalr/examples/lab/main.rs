//! One hub method for each thing that a hub method can do: a tour of the library, and the server
//! that it is compared with ASP.NET Core by.
//!
//! ```text
//! cargo run -p rocket_signalr --example lab -- --urls http://127.0.0.1:5080 --detailed-errors true
//! ```
//!
//! Begin with `lab_hub.rs`: what clients can call; `lab_client.rs` is what the hub calls on them.
//! `lab_http.rs` calls the same clients from outside of the hub. `settings.rs` knows the command
//! line.

mod bench_http;
mod bench_hub;
mod dotnet;
mod errors;
mod lab_client;
mod lab_http;
mod lab_hub;
mod lab_log;
mod settings;
mod streams;
mod token;
mod values;

use std::{io::Write, process::ExitCode};

use rocket::{
    Build, Orbit, Request, Rocket,
    config::{Ident, LogLevel},
    error::ErrorKind,
    fairing::AdHoc,
    get, routes,
};
use rocket_signalr::{
    Authorize, Hub, HubEndpoint, HubOptions, ListenBacklog, NegotiateRedirect, Transports, User,
};

use crate::{
    bench_hub::BenchHub, lab_hub::LabHub, lab_log::LabLog, settings::Settings, token::Tokens,
};

fn main() -> ExitCode {
    match Settings::from_command_line(std::env::args().skip(1)) {
        Ok(settings) => serve(settings),
        Err(error) => fail(&error),
    }
}

fn serve(settings: Settings) -> ExitCode {
    if let Some(level) = settings.log {
        tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr).init();
    }
    match rocket::execute(server(settings).launch()) {
        Ok(_) => ExitCode::SUCCESS,
        // Some clients stayed until they were cut off.
        Err(error) if matches!(error.kind(), ErrorKind::Shutdown(..)) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(reason: &str) -> ExitCode {
    eprintln!("lab: {reason}");
    ExitCode::FAILURE
}

fn server(settings: Settings) -> Rocket<Build> {
    let config = rocket::Config {
        address: settings.address,
        port: settings.port,
        ident: Ident::none(),
        log_level: LogLevel::Off,
        cli_colors: false,
        // The release profile asks for a secret key where another crate of the build has turned
        // private cookies on; there are none here.
        ..rocket::Config::debug_default()
    };
    let log = LabLog::default();
    rocket::custom(config)
        .attach(ListenBacklog::default())
        .attach(lab(log.clone(), &settings.hub))
        .attach(BenchHub.at("/bench").options(settings.hub).authenticate(Tokens))
        .attach(AdHoc::on_liftoff("now listening", |rocket| Box::pin(now_listening(rocket))))
        .manage(log)
        .mount("/", routes![ok, token::issue])
        .mount("/lab", lab_http::routes())
        .mount("/bench", bench_http::routes())
}

/// One hub at many paths: on all transports, on some of them, and for some users only.
fn lab(log: LabLog, options: &HubOptions) -> HubEndpoint<LabHub> {
    let for_anyone = |transports| HubOptions {
        transports,
        allow_stateful_reconnects: true,
        close_on_authentication_expiration: true,
        ..options.clone()
    };
    let for_users = HubOptions {
        authorize: Some(Authorize::USER),
        close_on_authentication_expiration: true,
        ..options.clone()
    };
    let for_admins = HubOptions {
        authorize: Some(Authorize { roles: &["admin"], policy: None }),
        ..options.clone()
    };
    LabHub::new(log)
        .at("/lab")
        .options(for_anyone(Transports::ALL))
        .also_at("/lab-ws")
        .options(for_anyone(Transports { web_sockets: true, ..Transports::NONE }))
        .also_at("/lab-sse")
        .options(for_anyone(Transports { server_sent_events: true, ..Transports::NONE }))
        .also_at("/lab-lp")
        .options(for_anyone(Transports { long_polling: true, ..Transports::NONE }))
        .also_at("/lab-no-ws")
        .options(for_anyone(Transports { web_sockets: false, ..Transports::ALL }))
        .also_at("/lab-auth")
        .options(for_users)
        .also_at("/lab-admin")
        .options(for_admins)
        .also_at("/lab-moved")
        .options(for_anyone(Transports::ALL))
        .redirect(moved)
        .authenticate(Tokens)
}

/// Whoever negotiates at `/lab-moved?user=ann` is sent to where ann may go, with her token.
fn moved(request: &Request<'_>, _: Option<&User>) -> Option<NegotiateRedirect> {
    if !request.uri().path().starts_with("/lab-moved") {
        return None;
    }
    let user = request.query_value("user").and_then(Result::ok);
    Some(NegotiateRedirect {
        url: format!("http://{}/lab-auth", request.host()?),
        access_token: user.and_then(|user| token::issue(user, None, None).ok()),
    })
}

#[get("/")]
fn ok() -> &'static str {
    "ok"
}

/// Tells where, with the port that was really taken: `--urls http://127.0.0.1:0` takes any.
async fn now_listening(rocket: &Rocket<Orbit>) {
    let rocket::Config { address, port, .. } = rocket.config();
    let address = std::net::SocketAddr::new(*address, *port);
    let mut stdout = std::io::stdout().lock();
    // Whoever has closed stdout does not wait for this line.
    let _ = writeln!(stdout, "Now listening on: http://{address}").and_then(|()| stdout.flush());
}
