//! What the library tells `tracing`, for tests to see.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, Once},
};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::DefaultGuard,
};
use tracing_subscriber::{
    Layer, Registry,
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
};

use super::eventually;

/// A span or an event.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    id: Option<Id>,
    pub(crate) name: &'static str,
    pub(crate) level: Level,
    pub(crate) fields: BTreeMap<&'static str, String>,
    /// The name of the span that it is in.
    pub(crate) within: Option<&'static str>,
    /// It is a span, and over.
    pub(crate) closed: bool,
}

impl Trace {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

/// Spans and events of this thread, in their order.
///
/// A test's runtime has one thread, on which its server and all of its tasks run: so what one test
/// hears is told by its own server.
#[derive(Clone, Default)]
pub(crate) struct Traces(Arc<Mutex<Vec<Trace>>>);

impl Traces {
    /// Listens to everything until the guard is dropped.
    pub(crate) fn listen() -> (Self, DefaultGuard) {
        // While nobody listened, what other tests do could turn an event off as this one begins.
        static ALWAYS: Once = Once::new();
        ALWAYS.call_once(|| drop(tracing::subscriber::set_global_default(Registry::default())));
        let traces = Self::default();
        let subscriber = Registry::default().with(traces.clone());
        (traces, tracing::subscriber::set_default(subscriber))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Trace>> {
        self.0.lock().unwrap()
    }

    pub(crate) fn all(&self) -> Vec<Trace> {
        self.lock().clone()
    }

    /// The spans that are over.
    pub(crate) fn spans(&self) -> Vec<Trace> {
        self.all().into_iter().filter(|trace| trace.closed).collect()
    }

    /// The events of this name.
    pub(crate) fn events(&self, name: &str) -> Vec<Trace> {
        let mut events = self.all();
        events.retain(|trace| trace.id.is_none() && trace.name == name);
        events
    }

    /// Waits for the first event of this name.
    pub(crate) async fn event(&self, name: &str) -> Trace {
        eventually(name, || !self.events(name).is_empty()).await;
        self.events(name).swap_remove(0)
    }

    fn of(&self, id: &Id, change: impl FnOnce(&mut Trace)) {
        if let Some(trace) =
            self.lock().iter_mut().rev().find(|trace| trace.id.as_ref() == Some(id))
        {
            change(trace);
        }
    }

    fn add(
        &self,
        id: Option<&Id>,
        metadata: &Metadata<'static>,
        within: Option<&'static str>,
        visit: impl FnOnce(&mut Fields<'_>),
    ) {
        let mut fields = BTreeMap::new();
        visit(&mut Fields(&mut fields));
        let (name, level) = (metadata.name(), *metadata.level());
        self.lock().push(Trace { id: id.cloned(), name, level, fields, within, closed: false });
    }
}

struct Fields<'a>(&'a mut BTreeMap<&'static str, String>);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Traces {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let within = context.span(id).and_then(|span| span.parent()).map(|parent| parent.name());
        self.add(Some(id), attributes.metadata(), within, |fields| attributes.record(fields));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        self.of(id, |trace| values.record(&mut Fields(&mut trace.fields)));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let within = context.event_span(event).map(|span| span.name());
        self.add(None, event.metadata(), within, |fields| event.record(fields));
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        self.of(&id, |trace| trace.closed = true);
    }
}
