//! Hub messages as MessagePack.

mod message;
mod parse;
pub(crate) mod payload;
mod scan;
mod serializer;
mod write;

pub(crate) use message::*;
pub(crate) use parse::parse;
