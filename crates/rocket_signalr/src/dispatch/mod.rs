//! From a hub message to a hub method, and its result back.

mod call;
mod invoke;
mod slot;
mod stream;
mod upload;

pub use self::{
    call::{Binder, Call, HubMethod, Reply, StreamFault},
    stream::StreamSink,
    upload::UploadStream,
};
pub(crate) use self::{invoke::HubDispatcher, slot::Slot};
