//! What the `#[hub]` attribute generates for each method, and what that needs.

use std::{future::Future, pin::Pin, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{StreamSink, UploadStream, upload};
use crate::{
    auth::Authorize,
    caller::Caller,
    connection::UploadSink,
    error::HubError,
    hub::Hub,
    protocol::{Arguments, BindError, Frame, HubProtocol},
};

/// A method that clients can call.
pub struct HubMethod<H: Hub> {
    /// The name that clients call it by, without regard to case.
    pub name: &'static str,
    /// Whether it answers with a stream.
    pub streaming: bool,
    /// How many upload streams it takes.
    pub upload_streams: usize,
    /// What is asked of those who call it.
    pub authorize: Option<Authorize>,
    /// Binds the arguments; the call it makes has not begun yet.
    pub bind: fn(Binder<'_, H>) -> Result<Call, BindError>,
}

impl<H: Hub> std::fmt::Debug for HubMethod<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HubMethod").field("name", &self.name).finish_non_exhaustive()
    }
}

/// An invocation whose arguments are bound.
pub struct Call {
    pub(super) work: Work,
    pub(super) uploads: Vec<(Box<str>, Box<dyn UploadSink>)>,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").field("uploads", &self.uploads.len()).finish_non_exhaustive()
    }
}

pub(super) type Running<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

pub(super) enum Work {
    /// A method with one result.
    Plain(Running<Reply, HubError>),
    /// A method with a stream of results; resolves when the stream is over.
    Stream(Running<(), StreamFault>),
}

/// Where a streaming method failed: clients are told so.
#[derive(Debug)]
pub enum StreamFault {
    /// There was no stream at all.
    Refused(HubError),
    /// The stream ended before its time.
    Failed(HubError),
}

/// The result of a method, written down for the client that asked for it.
pub struct Reply(pub(super) Option<Frame>);

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Reply").finish()
    }
}

/// What a method returns, with the error that callers are told of.
pub fn hub_result<T, E: Into<HubError>>(result: Result<T, E>) -> Result<T, HubError> {
    result.map_err(E::into)
}

/// Takes the arguments of an invocation one by one and makes a [`Call`] of them.
pub struct Binder<'a, H: Hub> {
    pub(super) hub: &'a Arc<H>,
    pub(super) caller: Caller<H>,
    pub(super) protocol: HubProtocol,
    pub(super) invocation_id: Option<Box<str>>,
    pub(super) arguments: Arguments<'a>,
    pub(super) stream_ids: &'a [std::borrow::Cow<'a, str>],
    pub(super) uploads: Vec<(Box<str>, Box<dyn UploadSink>)>,
}

impl<H: Hub> std::fmt::Debug for Binder<'_, H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Binder").field("invocation_id", &self.invocation_id).finish_non_exhaustive()
    }
}

impl<H: Hub> Binder<'_, H> {
    /// The next argument, of `expected` in all.
    ///
    /// # Errors
    ///
    /// If there is none, or it is of another type.
    pub fn argument<T: for<'de> Deserialize<'de>>(
        &mut self,
        expected: usize,
    ) -> Result<T, BindError> {
        self.arguments.next(expected)
    }

    /// The next argument, if the client gave one.
    ///
    /// # Errors
    ///
    /// If it is of another type.
    pub fn optional<T: for<'de> Deserialize<'de>>(&mut self) -> Result<Option<T>, BindError> {
        Ok(self.arguments.next_optional::<Option<T>>()?.flatten())
    }

    /// Takes note that all of the `expected` arguments are bound.
    ///
    /// # Errors
    ///
    /// If the client gave more.
    pub fn finish(&mut self, expected: usize) -> Result<(), BindError> {
        self.arguments.finish(expected)
    }

    /// The next upload stream. If the client opened too few, it never yields anything: the call is
    /// refused before it begins.
    pub fn upload<T: for<'de> Deserialize<'de> + Send + 'static>(&mut self) -> UploadStream<T> {
        let (sink, stream) = upload::channel(&self.caller.connection().options);
        if let Some(id) = self.stream_ids.get(self.uploads.len()) {
            self.uploads.push((id.as_ref().into(), Box::new(sink)));
        }
        stream
    }

    /// A call with one result. `method` begins to run only when its turn comes.
    pub fn plain<T, F, M>(self, method: M) -> Call
    where
        T: Serialize,
        F: Future<Output = Result<T, HubError>> + Send + 'static,
        M: FnOnce(Arc<H>, Caller<H>) -> F,
    {
        let Self { hub, caller, protocol, invocation_id, uploads, .. } = self;
        let method = method(hub.clone(), caller);
        let work = async move {
            let result = method.await?;
            let Some(id) = invocation_id else {
                return Ok(Reply(None));
            };
            Ok(Reply(Some(protocol.completion(&id, &result)?)))
        };
        Call { work: Work::Plain(Box::pin(work)), uploads }
    }

    /// A call with a stream of results, which `method` writes to the sink it is given.
    pub fn stream<F, M>(self, method: M) -> Call
    where
        F: Future<Output = Result<(), StreamFault>> + Send + 'static,
        M: FnOnce(Arc<H>, Caller<H>, StreamSink) -> F,
    {
        let Self { hub, caller, protocol, invocation_id, uploads, .. } = self;
        let id = invocation_id.unwrap_or_default();
        let (connection, metrics) = (caller.connection().clone(), caller.metrics().clone());
        let sink = StreamSink::new(connection, protocol, metrics, id, uploads.is_empty());
        Call { work: Work::Stream(Box::pin(method(hub.clone(), caller, sink))), uploads }
    }
}
