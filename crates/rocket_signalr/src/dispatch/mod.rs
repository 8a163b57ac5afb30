//! From a hub message to a hub method, and its result back.

mod call;
mod invoke;
mod stream;
mod upload;

pub(crate) use self::invoke::HubDispatcher;
pub use self::{
    call::{Binder, Call, HubMethod, Reply, StreamFault},
    stream::StreamSink,
    upload::UploadStream,
};
