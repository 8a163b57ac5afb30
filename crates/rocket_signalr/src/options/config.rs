//! Options from Rocket's configuration, and their rules, wherever they were set.

use std::{collections::BTreeMap, time::Duration};

use rocket::figment::{Error, Figment};
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::{
    HubOptions, MessageRate,
    written::{OrFalse, Origins, Protocol, Seconds, Size},
};
use crate::{
    protocol::{HubProtocols, PropertyNaming},
    transport::{AllowedOrigins, Transport},
};

impl HubOptions {
    /// These, and over them what is configured for services of this name.
    ///
    /// # Errors
    ///
    /// If the configuration does not fit, or an option breaks its rule.
    pub(crate) fn configured(mut self, figment: &Figment, name: &str) -> Result<Self, Box<Error>> {
        let section = figment.extract::<Configuration>()?.signalr;
        section.apply(&mut self);
        if let Some(section) = section.hubs.get(name) {
            section.apply(&mut self);
        }
        if let Some((option, rule)) = self.broken_rule() {
            let keys = [format!("signalr.hubs.{name}.{option}"), format!("signalr.{option}")];
            return Err(Box::new(blame(figment, &keys, rule)));
        }
        for number in
            [&mut self.stream_buffer_capacity, &mut self.maximum_parallel_invocations_per_client]
        {
            *number = (*number).min(Semaphore::MAX_PERMITS);
        }
        for buffer in [&mut self.transport_max_buffer_size, &mut self.application_max_buffer_size] {
            if *buffer == 0 {
                *buffer = usize::MAX;
            }
        }
        Ok(self)
    }

    /// An option that breaks its rule, and that rule.
    fn broken_rule(&self) -> Option<(&'static str, &'static str)> {
        let origins_fit = match &self.allowed_origins {
            AllowedOrigins::List(origins) => origins.iter().all(|origin| is_origin(origin)),
            AllowedOrigins::SameOrigin | AllowedOrigins::Any => true,
        };
        [
            (
                self.supported_protocols != HubProtocols::NONE,
                "supported_protocols",
                "There are no supported protocols",
            ),
            (
                self.maximum_parallel_invocations_per_client > 0,
                "maximum_parallel_invocations_per_client",
                "`maximum_parallel_invocations_per_client` must be at least 1",
            ),
            (
                self.stream_buffer_capacity > 0,
                "stream_buffer_capacity",
                "`stream_buffer_capacity` must be at least 1",
            ),
            (
                self.transport_send_timeout > Duration::ZERO,
                "transport_send_timeout",
                "`transport_send_timeout` must be more than 0",
            ),
            (
                self.maximum_receive_message_size != Some(0),
                "maximum_receive_message_size",
                "`maximum_receive_message_size` must be at least 1; false, in code None, is no limit",
            ),
            (
                self.message_rate.is_none_or(|rate| rate.per_second > 0 && rate.burst > 0),
                "message_rate",
                "`message_rate` must allow at least 1 message per second, and 1 at once",
            ),
            (
                origins_fit,
                "allowed_origins",
                "`allowed_origins` must be written as browsers do, such as https://example.org",
            ),
        ]
        .into_iter()
        .find_map(|(holds, option, rule)| (!holds).then_some((option, rule)))
    }
}

/// What Rocket's configuration holds for this library.
#[derive(Deserialize)]
struct Configuration {
    #[serde(default)]
    signalr: Section,
}

/// Makes the [`Section`]: under their own names, the options and how they are written.
macro_rules! section {
    ($($option:ident: $written:ty),* $(,)?) => {
        #[derive(Default, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        struct Section {
            $($option: Option<$written>,)*
            hubs: BTreeMap<String, Section>,
        }

        impl Section {
            /// Sets the options that are named here.
            fn apply(&self, options: &mut HubOptions) {
                $(if let Some(written) = &self.$option {
                    options.$option = written.clone().into();
                })*
            }
        }
    };
}

section! {
    handshake_timeout: Seconds,
    keep_alive_interval: Seconds,
    client_timeout_interval: Seconds,
    maximum_receive_message_size: OrFalse<Size>,
    enable_detailed_errors: bool,
    stream_buffer_capacity: usize,
    maximum_parallel_invocations_per_client: usize,
    stateful_reconnect_buffer_size: Size,
    supported_protocols: Vec<Protocol>,
    property_naming: PropertyNaming,
    message_rate: OrFalse<MessageRate>,
    transports: Vec<Transport>,
    web_socket_compression: bool,
    transport_max_buffer_size: Size,
    application_max_buffer_size: Size,
    slow_client_limit: Size,
    transport_send_timeout: Seconds,
    disconnect_timeout: Seconds,
    poll_timeout: Seconds,
    close_timeout: Seconds,
    minimum_protocol_version: u32,
    allow_stateful_reconnects: bool,
    close_on_authentication_expiration: bool,
    allowed_origins: Origins,
}

/// Those whose options are configured, though nothing of that name is served.
pub(super) fn unknown_names(figment: &Figment, served: &[&str]) -> Vec<String> {
    let Ok(Configuration { signalr }) = figment.extract() else { return Vec::new() };
    signalr.hubs.into_keys().filter(|name| !served.contains(&&**name)).collect()
}

/// The error for a broken rule. The first of `keys` that is configured is to blame; if none is, the
/// option was set in code.
fn blame(figment: &Figment, keys: &[String; 2], rule: &str) -> Error {
    let mut error = Error::from(rule);
    let mut configured = keys.iter().filter_map(|key| Some((key, figment.find_metadata(key)?)));
    if let Some((key, metadata)) = configured.next() {
        error.metadata = Some(metadata.clone());
        error.profile = Some(figment.profile().clone());
        error = error.with_path(key);
    }
    error
}

/// Whether it has the form of an `Origin` header.
fn is_origin(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, host)| {
        !scheme.is_empty() && !host.is_empty() && !host.contains(['/', '?', '#', '@'])
    })
}

#[cfg(test)]
mod tests;
