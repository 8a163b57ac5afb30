//! What is counted: connections, messages and calls of a hub, in Prometheus' form.

use std::{
    borrow::Cow,
    fmt::{self, Write},
    sync::{
        OnceLock,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use crate::transport::Transport;

/// The bounds of the buckets for the durations of connections, in seconds: those of ASP.NET Core.
const CONNECTION_BUCKETS: [f64; 14] =
    [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];

/// The counters of a hub on this server, since the process began.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    transports: [TransportMetrics; Transport::ALL.len()],
    received: AtomicU64,
    sent: AtomicU64,
    slow_clients: AtomicU64,
    methods: OnceLock<Box<[MethodMetrics]>>,
}

#[derive(Debug, Default)]
struct TransportMetrics {
    active: AtomicI64,
    durations: [Histogram; ConnectionStatus::TOLD.len()],
}

#[derive(Debug, Default)]
struct Histogram {
    buckets: [AtomicU64; CONNECTION_BUCKETS.len()],
    count: AtomicU64,
    micros: AtomicU64,
}

#[derive(Debug)]
struct MethodMetrics {
    name: &'static str,
    calls: AtomicU64,
    errors: AtomicU64,
    micros: AtomicU64,
}

/// How a connection ended, as the reference's instruments tell it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ConnectionStatus {
    NormalClosure,
    Timeout,
    AppShutdown,
    /// Told as a normal closure, and counted by itself.
    SlowClient,
}

impl ConnectionStatus {
    /// Those that the reference tells apart.
    const TOLD: [Self; 3] = [Self::NormalClosure, Self::Timeout, Self::AppShutdown];

    const fn name(self) -> &'static str {
        match self {
            Self::NormalClosure | Self::SlowClient => "normal_closure",
            Self::Timeout => "timeout",
            Self::AppShutdown => "app_shutdown",
        }
    }
}

impl Transport {
    const fn metric_name(self) -> &'static str {
        match self {
            Self::WebSockets => "web_sockets",
            Self::ServerSentEvents => "server_sent_events",
            Self::LongPolling => "long_polling",
        }
    }
}

impl Metrics {
    /// A hub has these methods.
    pub(crate) fn with_methods(&self, names: impl Iterator<Item = &'static str>) {
        let zero = |name| MethodMetrics {
            name,
            calls: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            micros: AtomicU64::new(0),
        };
        self.methods.get_or_init(|| names.map(zero).collect());
    }

    pub(crate) fn opened(&self, transport: Transport) {
        self.transports[transport as usize].active.fetch_add(1, Relaxed);
    }

    pub(crate) fn closed(&self, transport: Transport, status: ConnectionStatus, after: Duration) {
        let of = &self.transports[transport as usize];
        of.active.fetch_sub(1, Relaxed);
        let histogram = match status {
            ConnectionStatus::SlowClient => {
                self.slow_clients.fetch_add(1, Relaxed);
                &of.durations[ConnectionStatus::NormalClosure as usize]
            }
            told => &of.durations[told as usize],
        };
        histogram.count.fetch_add(1, Relaxed);
        histogram.micros.fetch_add(micros(after), Relaxed);
        let seconds = after.as_secs_f64();
        for (bucket, bound) in histogram.buckets.iter().zip(CONNECTION_BUCKETS) {
            if seconds <= bound {
                bucket.fetch_add(1, Relaxed);
            }
        }
    }

    pub(crate) fn received(&self) {
        self.received.fetch_add(1, Relaxed);
    }

    pub(crate) fn sent(&self, messages: usize) {
        self.sent.fetch_add(messages as u64, Relaxed);
    }

    /// A call of the method with this place among the hub's methods is over.
    pub(crate) fn called(&self, method: usize, failed: bool, took: Duration) {
        if let Some(method) = self.methods.get().and_then(|methods| methods.get(method)) {
            method.calls.fetch_add(1, Relaxed);
            method.errors.fetch_add(u64::from(failed), Relaxed);
            method.micros.fetch_add(micros(took), Relaxed);
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// The counters of some hubs in Prometheus' text format, version 0.0.4: what a route such as
/// `/metrics` answers. Made by [`HubContext::metrics`](crate::HubContext::metrics). They count from
/// the start of the process; durations are in seconds.
///
/// The instruments of ASP.NET Core, `signalr_server_connection_duration_seconds` and
/// `signalr_server_active_connections`, have their names, labels and buckets; the others are this
/// library's.
///
/// ```
/// # use rocket_signalr::{Hub, hub, HubMetrics};
/// # struct News; #[hub] impl News {} struct Chat; #[hub] impl Chat {}
/// let (news, chat) = (News.at("/news"), Chat.at("/chat"));
/// let text = HubMetrics::from_iter([news.context().metrics(), chat.context().metrics()]).to_string();
/// assert!(text.contains(r#"signalr_server_active_connections{signalr_hub="Chat",signalr_transport="web_sockets"} 0"#));
/// ```
#[derive(Clone, Default)]
pub struct HubMetrics {
    hubs: Vec<(&'static str, std::sync::Arc<Metrics>)>,
}

impl fmt::Debug for HubMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.hubs.iter().map(|(hub, _)| hub)).finish()
    }
}

impl FromIterator<Self> for HubMetrics {
    fn from_iter<I: IntoIterator<Item = Self>>(several: I) -> Self {
        Self { hubs: several.into_iter().flat_map(|one| one.hubs).collect() }
    }
}

impl HubMetrics {
    pub(crate) fn of(hub: &'static str, metrics: std::sync::Arc<Metrics>) -> Self {
        Self { hubs: vec![(hub, metrics)] }
    }

    fn each(
        &self,
        f: &mut fmt::Formatter<'_>,
        (name, kind, help): (&str, &str, &str),
        mut write: impl FnMut(&mut fmt::Formatter<'_>, &str, &Metrics) -> fmt::Result,
    ) -> fmt::Result {
        writeln!(f, "# HELP {name} {help}\n# TYPE {name} {kind}")?;
        self.hubs.iter().try_for_each(|(hub, metrics)| write(f, &escaped(hub), metrics))
    }

    fn each_method(
        &self,
        f: &mut fmt::Formatter<'_>,
        about: (&str, &str, &str),
        value: impl Fn(&MethodMetrics) -> f64,
    ) -> fmt::Result {
        let name = about.0;
        self.each(f, about, |f, hub, metrics| {
            metrics.methods.get().into_iter().flatten().try_for_each(|method| {
                let method_name = escaped(method.name);
                let labels = format_args!(r#"signalr_hub="{hub}",signalr_method="{method_name}""#);
                writeln!(f, "{name}{{{labels}}} {}", value(method))
            })
        })
    }

    fn each_counter(
        &self,
        f: &mut fmt::Formatter<'_>,
        (name, help): (&str, &str),
        value: impl Fn(&Metrics) -> &AtomicU64,
    ) -> fmt::Result {
        self.each(f, (name, "counter", help), |f, hub, metrics| {
            writeln!(f, r#"{name}{{signalr_hub="{hub}"}} {}"#, value(metrics).load(Relaxed))
        })
    }
}

impl fmt::Display for HubMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let active = "signalr_server_active_connections";
        self.each(f, (active, "gauge", "Connections now."), |f, hub, metrics| {
            Transport::ALL.iter().zip(&metrics.transports).try_for_each(|(transport, of)| {
                let transport = transport.metric_name();
                let labels = format_args!(r#"signalr_hub="{hub}",signalr_transport="{transport}""#);
                writeln!(f, "{active}{{{labels}}} {}", of.active.load(Relaxed))
            })
        })?;

        let duration = "signalr_server_connection_duration_seconds";
        self.each(f, (duration, "histogram", "How long connections lasted."), |f, hub, metrics| {
            for (transport, of) in Transport::ALL.iter().zip(&metrics.transports) {
                for (status, histogram) in ConnectionStatus::TOLD.iter().zip(&of.durations) {
                    let mut labels = String::new();
                    write!(
                        labels,
                        r#"signalr_hub="{hub}",signalr_connection_status="{}",signalr_transport="{}""#,
                        status.name(),
                        transport.metric_name()
                    )?;
                    histogram.write(f, duration, &labels)?;
                }
            }
            Ok(())
        })?;

        self.each_counter(
            f,
            ("signalr_server_messages_received_total", "Messages from clients."),
            |metrics| &metrics.received,
        )?;
        self.each_counter(
            f,
            ("signalr_server_messages_sent_total", "Messages to clients."),
            |metrics| &metrics.sent,
        )?;
        self.each_counter(
            f,
            ("signalr_server_slow_clients_total", "Clients dropped since they took too little."),
            |metrics| &metrics.slow_clients,
        )?;
        self.each_method(
            f,
            ("signalr_server_invocations_total", "counter", "Calls of hub methods."),
            |method| method.calls.load(Relaxed) as f64,
        )?;
        self.each_method(
            f,
            ("signalr_server_invocation_errors_total", "counter", "Calls that failed."),
            |method| method.errors.load(Relaxed) as f64,
        )?;
        self.each_method(
            f,
            ("signalr_server_invocation_seconds_total", "counter", "Time that calls took."),
            |method| method.micros.load(Relaxed) as f64 / 1e6,
        )
    }
}

/// The value of a label, as the format wants it.
fn escaped(value: &str) -> Cow<'_, str> {
    if value.contains(['\\', '"', '\n']) {
        value.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n").into()
    } else {
        value.into()
    }
}

impl Histogram {
    fn write(&self, f: &mut fmt::Formatter<'_>, name: &str, labels: &str) -> fmt::Result {
        for (bucket, bound) in self.buckets.iter().zip(CONNECTION_BUCKETS) {
            writeln!(f, r#"{name}_bucket{{{labels},le="{bound}"}} {}"#, bucket.load(Relaxed))?;
        }
        let count = self.count.load(Relaxed);
        let seconds = self.micros.load(Relaxed) as f64 / 1e6;
        writeln!(f, r#"{name}_bucket{{{labels},le="+Inf"}} {count}"#)?;
        writeln!(f, "{name}_sum{{{labels}}} {seconds}\n{name}_count{{{labels}}} {count}")
    }
}
