//! The command line.

use std::{
    net::SocketAddr, num::NonZero, path::PathBuf, thread::available_parallelism, time::Duration,
};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{client::Transport, http::Url, protocol::Protocol};

/// Loads a SignalR server and measures what that costs it and how late its messages come.
///
/// Every message is numbered and checked: for loss, duplicates, order and content. Delays count
/// from when a message was due, not from when it was sent. Exits with 1 if anything went wrong.
#[derive(Debug, Parser)]
#[command(version, about, long_about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Hold connections: memory and CPU of each
    Idle(Idle),
    /// Make and close connections: how many a second, CPU of each
    Connect(Connect),
    /// Send messages to all
    Broadcast(Broadcast),
    /// Send messages to groups
    Group(Group),
    /// Send messages to users
    User(User),
    /// Call a method that answers with its argument
    Echo(Echo),
    /// Call a method that answers with a stream
    Stream(Stream),
    /// Call a method with a stream
    Upload(Stream),
    /// A dashboard: a tick a second to all, and thousands of votes at once
    Mixed(Mixed),
    /// Some clients stop reading: what it does to the others and to the server's memory
    Adverse(Adverse),
    /// Serve as the bare-socket server that others are compared with
    Floor(Floor),
}

/// What all scenarios have in common.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// The hub, such as http://127.0.0.1:5000/bench
    #[arg(long, required_unless_present = "floor")]
    pub(crate) url: Option<Url>,
    /// The server's process, to measure its CPU and memory
    #[arg(long)]
    pub(crate) pid: Option<u32>,
    /// A second server, which takes turns with the first
    #[arg(long, requires = "url")]
    pub(crate) compare: Option<Url>,
    /// The second server's process
    #[arg(long, requires = "compare")]
    pub(crate) compare_pid: Option<u32>,
    /// Start the bare-socket server too, and compare with it
    #[arg(long)]
    pub(crate) floor: bool,
    /// How often each server takes its turn
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) rounds: u32,
    /// Clients
    #[arg(long, short = 'n', default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=200_000))]
    pub(crate) connections: u32,
    #[arg(long, value_enum, default_value_t = Transport::WebSockets)]
    pub(crate) transport: Transport,
    #[arg(long, value_enum, default_value_t = Protocol::Json)]
    pub(crate) protocol: Protocol,
    /// Connect WebSockets without negotiation
    #[arg(long)]
    pub(crate) skip_negotiation: bool,
    /// Connections that are being made at a time
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) connecting: u32,
    /// Threads that make the load, at most one a connection that is being made [default: as many
    /// as there are cores]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1000))]
    threads: Option<u32>,
    /// Seconds to measure for
    #[arg(long, default_value = "10", value_parser = seconds)]
    pub(crate) duration: Duration,
    /// Seconds of load before that
    #[arg(long, default_value = "1", value_parser = seconds)]
    pub(crate) warm_up: Duration,
    /// Bytes of a message's text [default: 100, adverse: 10240]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) size: Option<u32>,
    /// Decides in which order clients act where that is by chance
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Write all samples to a file
    #[arg(long)]
    pub(crate) json: Option<PathBuf>,
    /// Draw the delays into a file
    #[arg(long)]
    pub(crate) svg: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Idle {
    #[command(flatten)]
    pub(crate) options: Options,
    /// Steps in which the connections are made, with a look at the memory after each
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) steps: u32,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Connect {
    #[command(flatten)]
    pub(crate) options: Options,
}

/// How messages go out to several clients.
#[derive(Clone, Debug, Args)]
pub(crate) struct Sending {
    /// Messages a second, each to all that it is for
    #[arg(long, default_value_t = 20.0, value_parser = rate)]
    pub(crate) rate: f64,
    /// Messages that are due at once; the rate stays
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) burst: u32,
    /// Who sends
    #[arg(long, value_enum, default_value_t = Through::Hub)]
    pub(crate) through: Through,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Through {
    /// A client, by a hub method
    Hub,
    /// The server itself, asked by POST /bench/broadcast or /bench/group/NAME
    Post,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Broadcast {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(flatten)]
    pub(crate) sending: Sending,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Group {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(flatten)]
    pub(crate) sending: Sending,
    /// Groups that the clients are spread over
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) groups: u32,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct User {
    #[command(flatten)]
    pub(crate) options: Options,
    /// Messages a second, each to all connections of a user
    #[arg(long, default_value_t = 1000.0, value_parser = rate)]
    pub(crate) rate: f64,
    /// Users that the clients are spread over [default: one a client]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=200_000))]
    pub(crate) users: Option<u32>,
    /// Where the server hands out a user's bearer token as plain text
    #[arg(long, default_value = "/token?user={user}")]
    pub(crate) token: String,
}

/// How calls go out.
#[derive(Clone, Debug, Args)]
pub(crate) struct Calling {
    /// Calls a second of all clients, whatever the answers do [default: as fast as answers come]
    #[arg(long, value_parser = rate)]
    pub(crate) rate: Option<f64>,
    /// Calls that each client waits for at a time
    #[arg(long, default_value_t = 1, conflicts_with = "rate", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) in_flight: u32,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Echo {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(flatten)]
    pub(crate) calling: Calling,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Stream {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(flatten)]
    pub(crate) calling: Calling,
    /// Items of a stream
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub(crate) items: u32,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Mixed {
    #[command(flatten)]
    pub(crate) options: Options,
    /// Bytes of a tick's text
    #[arg(long, default_value_t = 2048, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) tick: u32,
    /// Votes in all [default: one a client]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) votes: Option<u32>,
    /// Seconds in which they come
    #[arg(long, default_value = "3", value_parser = seconds)]
    pub(crate) poll: Duration,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Adverse {
    #[command(flatten)]
    pub(crate) options: Options,
    /// Messages a second, each to all
    #[arg(long, default_value_t = 100.0, value_parser = rate)]
    pub(crate) rate: f64,
    /// Percent of the clients that stop reading; at least one does
    #[arg(long, default_value_t = 1.0, value_parser = percent)]
    pub(crate) stuck: f64,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Floor {
    /// The address to listen on; port 0 takes any
    #[arg(long, default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// End when the process ends that started this
    #[arg(long)]
    pub(crate) end_with_parent: bool,
}

impl Options {
    /// How many threads make the load: each must have a client to connect.
    pub(crate) fn threads(&self) -> u32 {
        let cores = || available_parallelism().map_or(1, NonZero::get) as u32;
        self.threads.unwrap_or_else(cores).min(self.connections).min(self.connecting)
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds")?;
    if !(0.0..=86_400.0).contains(&seconds) {
        return Err("must be 0 to 86400 seconds".into());
    }
    Ok(Duration::from_secs_f64(seconds))
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "not a number")?;
    if !(0.001..=10_000_000.0).contains(&rate) {
        return Err("must be 0.001 to 10000000 a second".into());
    }
    Ok(rate)
}

fn percent(text: &str) -> Result<f64, String> {
    let percent: f64 = text.parse().map_err(|_| "not a number")?;
    if !(0.0..100.0).contains(&percent) {
        return Err("must be 0 or more and less than 100".into());
    }
    Ok(percent)
}

impl Command {
    /// None for the floor, which is no scenario.
    pub(crate) fn options(&self) -> Option<&Options> {
        match self {
            Self::Idle(idle) => Some(&idle.options),
            Self::Connect(connect) => Some(&connect.options),
            Self::Broadcast(broadcast) => Some(&broadcast.options),
            Self::Group(group) => Some(&group.options),
            Self::User(user) => Some(&user.options),
            Self::Echo(echo) => Some(&echo.options),
            Self::Stream(stream) | Self::Upload(stream) => Some(&stream.options),
            Self::Mixed(mixed) => Some(&mixed.options),
            Self::Adverse(adverse) => Some(&adverse.options),
            Self::Floor(_) => None,
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Idle(_) => "idle",
            Self::Connect(_) => "connect",
            Self::Broadcast(_) => "broadcast",
            Self::Group(_) => "group",
            Self::User(_) => "user",
            Self::Echo(_) => "echo",
            Self::Stream(_) => "stream",
            Self::Upload(_) => "upload",
            Self::Mixed(_) => "mixed",
            Self::Adverse(_) => "adverse",
            Self::Floor(_) => "floor",
        }
    }
}
