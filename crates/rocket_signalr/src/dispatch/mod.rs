//! From a hub message to a hub method, and its result back.

mod activity;
mod call;
mod caught;
mod filter;
mod invocation;
mod invoke;
mod running;
mod stream;
mod upload;

pub(crate) use self::invoke::HubDispatcher;
pub use self::{
    call::{Binder, Call, HubMethod, Reply, StreamFault, hub_result},
    filter::{FilterContext, HubFilter, HubFilters, NextConnected, NextDisconnected, NextMethod},
    stream::StreamSink,
    upload::UploadStream,
};
