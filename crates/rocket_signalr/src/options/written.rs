//! How values are written in Rocket's configuration.

use std::{fmt, marker::PhantomData, time::Duration};

use rocket::data::ByteUnit;
use serde::{
    Deserialize, Deserializer,
    de::{
        self, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};

use super::MessageRate;
use crate::{
    protocol::HubProtocols,
    transport::{AllowedOrigins, Transport, Transports},
};

/// Seconds, or `false` for ever.
#[derive(Clone, Copy)]
pub(super) struct Seconds(Duration);

impl From<Seconds> for Duration {
    fn from(Seconds(time): Seconds) -> Self {
        time
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SecondsVisitor;

        impl Visitor<'_> for SecondsVisitor {
            type Value = Seconds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of seconds, or false (for ever)")
            }

            fn visit_bool<E: de::Error>(self, limited: bool) -> Result<Seconds, E> {
                let unexpected = Unexpected::Bool(limited);
                (!limited)
                    .then_some(Seconds(Duration::MAX))
                    .ok_or_else(|| E::invalid_value(unexpected, &self))
            }

            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Seconds, E> {
                let unexpected = Unexpected::Signed(seconds);
                u64::try_from(seconds)
                    .map(|seconds| Seconds(Duration::from_secs(seconds)))
                    .map_err(|_| E::invalid_value(unexpected, &self))
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Seconds, E> {
                Ok(Seconds(Duration::from_secs(seconds)))
            }

            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Seconds, E> {
                Duration::try_from_secs_f64(seconds)
                    .map(Seconds)
                    .map_err(|_| E::invalid_value(Unexpected::Float(seconds), &self))
            }
        }

        deserializer.deserialize_any(SecondsVisitor)
    }
}

/// A number of bytes, or the same as text: `"64KiB"`.
#[derive(Clone, Copy)]
pub(super) struct Size(usize);

impl From<Size> for usize {
    fn from(Size(bytes): Size) -> Self {
        bytes
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SizeVisitor;

        impl Visitor<'_> for SizeVisitor {
            type Value = Size;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(r#"a number of bytes, such as 65536 or "64KiB""#)
            }

            fn visit_i64<E: de::Error>(self, bytes: i64) -> Result<Size, E> {
                let unexpected = Unexpected::Signed(bytes);
                usize::try_from(bytes).map(Size).map_err(|_| E::invalid_value(unexpected, &self))
            }

            fn visit_u64<E: de::Error>(self, bytes: u64) -> Result<Size, E> {
                let unexpected = Unexpected::Unsigned(bytes);
                usize::try_from(bytes).map(Size).map_err(|_| E::invalid_value(unexpected, &self))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Size, E> {
                let unit = text.parse::<ByteUnit>().ok();
                unit.and_then(|unit| usize::try_from(unit.as_u64()).ok())
                    .map(Size)
                    .ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(SizeVisitor)
    }
}

/// Something, or `false` for nothing: TOML has no null.
#[derive(Clone, Copy)]
pub(super) struct OrFalse<T>(Option<T>);

impl From<OrFalse<Size>> for Option<usize> {
    fn from(OrFalse(size): OrFalse<Size>) -> Self {
        size.map(usize::from)
    }
}

impl From<OrFalse<MessageRate>> for Option<MessageRate> {
    fn from(OrFalse(rate): OrFalse<MessageRate>) -> Self {
        rate
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OrFalse<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OrFalseVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for OrFalseVisitor<T> {
            type Value = Option<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a limit, or false (for none)")
            }

            fn visit_bool<E: de::Error>(self, limited: bool) -> Result<Option<T>, E> {
                let unexpected = Unexpected::Bool(limited);
                if limited { Err(E::invalid_value(unexpected, &self)) } else { Ok(None) }
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Option<T>, E> {
                T::deserialize(number.into_deserializer()).map(Some)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Option<T>, E> {
                T::deserialize(number.into_deserializer()).map(Some)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<T>, E> {
                T::deserialize(text.into_deserializer()).map(Some)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Some)
            }
        }

        deserializer.deserialize_any(OrFalseVisitor(PhantomData)).map(OrFalse)
    }
}

/// A hub protocol, by its name in handshakes.
#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Protocol {
    Json,
    MessagePack,
}

impl From<Vec<Protocol>> for HubProtocols {
    fn from(list: Vec<Protocol>) -> Self {
        Self {
            json: list.contains(&Protocol::Json),
            message_pack: list.contains(&Protocol::MessagePack),
        }
    }
}

impl From<Vec<Transport>> for Transports {
    fn from(list: Vec<Transport>) -> Self {
        Self {
            web_sockets: list.contains(&Transport::WebSockets),
            server_sent_events: list.contains(&Transport::ServerSentEvents),
            long_polling: list.contains(&Transport::LongPolling),
        }
    }
}

#[derive(Clone)]
pub(super) struct Origins(AllowedOrigins);

impl From<Origins> for AllowedOrigins {
    fn from(Origins(origins): Origins) -> Self {
        origins
    }
}

impl<'de> Deserialize<'de> for Origins {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OriginsVisitor;

        impl<'de> Visitor<'de> for OriginsVisitor {
            type Value = AllowedOrigins;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(r#""SameOrigin", "Any", or a list of origins"#)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<AllowedOrigins, E> {
                match text {
                    "SameOrigin" => Ok(AllowedOrigins::SameOrigin),
                    "Any" => Ok(AllowedOrigins::Any),
                    _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<AllowedOrigins, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(AllowedOrigins::List)
            }
        }

        deserializer.deserialize_any(OriginsVisitor).map(Origins)
    }
}
