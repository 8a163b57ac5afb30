//! The command line: `--name value`, with the names and defaults of the ASP.NET Core lab.

use std::{
    fmt::Display,
    net::{IpAddr, Ipv4Addr},
    str::FromStr,
    time::Duration,
};

use rocket_signalr::{AllowedOrigins, HubOptions, PropertyNaming};
use tracing::Level;

#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) address: IpAddr,
    pub(crate) port: u16,
    /// How much to log; nothing by default.
    pub(crate) log: Option<Level>,
    /// The options of every hub.
    pub(crate) hub: HubOptions,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            address: Ipv4Addr::LOCALHOST.into(),
            port: 5080,
            log: None,
            hub: HubOptions { allowed_origins: AllowedOrigins::Any, ..HubOptions::default() },
        }
    }
}

impl Settings {
    pub(crate) fn from_command_line(
        words: impl IntoIterator<Item = String>,
    ) -> Result<Self, String> {
        let mut settings = Self::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let name = word.strip_prefix("--").ok_or_else(|| format!("what is '{word}'?"))?;
            let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
            settings.set(name, &value).map_err(|error| format!("{word} {value}: {error}"))?;
        }
        Ok(settings)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let hub = &mut self.hub;
        match name {
            "urls" => (self.address, self.port) = address(value)?,
            "log" => self.log = level(value)?,
            "detailed-errors" => hub.enable_detailed_errors = parse(value)?,
            "keep-alive" => hub.keep_alive_interval = seconds(value)?,
            "client-timeout" => hub.client_timeout_interval = seconds(value)?,
            "handshake-timeout" => hub.handshake_timeout = seconds(value)?,
            "parallel" => hub.maximum_parallel_invocations_per_client = parse(value)?,
            "stream-buffer" => hub.stream_buffer_capacity = parse(value)?,
            "max-size" => {
                hub.maximum_receive_message_size = Some(parse(value)?).filter(|max| *max > 0);
            }
            "poll-timeout" => hub.poll_timeout = seconds(value)?,
            "compression" => hub.web_socket_compression = parse(value)?,
            "camel-case" => {
                hub.property_naming = match parse(value)? {
                    true => PropertyNaming::CamelCase,
                    false => PropertyNaming::AsIs,
                };
            }
            _ => return Err("there is no such option".to_owned()),
        }
        Ok(())
    }
}

fn parse<T: FromStr<Err: Display>>(value: &str) -> Result<T, String> {
    value.parse().map_err(|error: T::Err| error.to_string())
}

fn seconds(value: &str) -> Result<Duration, String> {
    Duration::try_from_secs_f64(parse(value)?).map_err(|error| error.to_string())
}

/// `http://127.0.0.1:5080`
fn address(url: &str) -> Result<(IpAddr, u16), String> {
    let authority = url.strip_prefix("http://").ok_or("it begins with http://")?;
    let (host, port) = authority.trim_end_matches('/').rsplit_once(':').ok_or("which port?")?;
    let host = match host {
        "localhost" => Ipv4Addr::LOCALHOST.into(),
        "*" | "+" => Ipv4Addr::UNSPECIFIED.into(),
        host => parse(host.trim_start_matches('[').trim_end_matches(']'))?,
    };
    Ok((host, parse(port)?))
}

/// The level of this name, as .NET names them.
fn level(name: &str) -> Result<Option<Level>, String> {
    Ok(Some(match name {
        "None" => return Ok(None),
        "Trace" => Level::TRACE,
        "Debug" => Level::DEBUG,
        "Information" => Level::INFO,
        "Warning" => Level::WARN,
        "Error" | "Critical" => Level::ERROR,
        _ => return Err("there is no such level".to_owned()),
    }))
}
