//! Fake services under paused time: whenever all tasks wait, the clock jumps to the next timer.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use parking_lot::Mutex;
use rocket::fairing::AdHoc;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// What a fake service did and when, counted from the start of the test.
type Log = mpsc::UnboundedReceiver<(&'static str, Duration)>;

struct Fake {
    name: &'static str,
    schedule: Schedule,
    began: Instant,
    log: mpsc::UnboundedSender<(&'static str, Duration)>,
    behaviour: Box<dyn Fn(u32) -> Behaviour + Send + Sync>,
    ticks: AtomicU32,
}

enum Behaviour {
    Succeed,
    Take(Duration),
    Fail,
    Panic,
}

fn fake(
    name: &'static str,
    behaviour: impl Fn(u32) -> Behaviour + Send + Sync + 'static,
) -> (Fake, Log) {
    let (log, events) = mpsc::unbounded_channel();
    let service = Fake {
        name,
        schedule: Schedule::Every(SECOND),
        began: Instant::now(),
        log,
        behaviour: Box::new(behaviour),
        ticks: AtomicU32::new(0),
    };
    (service, events)
}

impl Fake {
    fn note(&self, event: &'static str) {
        let _ = self.log.send((event, self.began.elapsed()));
    }
}

#[rocket::async_trait]
impl HostedService for Fake {
    fn name(&self) -> &'static str {
        self.name
    }

    fn schedule(&self) -> Schedule {
        self.schedule
    }

    async fn tick(&self, _: &TickContext) -> Result<(), ServiceError> {
        self.note("tick");
        match (self.behaviour)(self.ticks.fetch_add(1, SeqCst)) {
            Behaviour::Succeed => {}
            Behaviour::Take(duration) => sleep(duration).await,
            Behaviour::Fail => return Err("out of paper".into()),
            Behaviour::Panic => panic!("out of ink"),
        }
        self.note("done");
        Ok(())
    }

    async fn stop(&self) -> Result<(), ServiceError> {
        self.note("stop");
        Ok(())
    }
}

fn started(services: impl IntoIterator<Item = Fake>) -> Host {
    let host = Host::default();
    services.into_iter().for_each(|service| host.add(service));
    host.start();
    host
}

/// The next `count` times of an event, in seconds since the start.
async fn seconds(log: &mut Log, event: &str, count: usize) -> Vec<f64> {
    let mut times = Vec::new();
    while times.len() < count {
        match log.recv().await {
            Some((name, at)) if name == event => times.push(at.as_secs_f64().round()),
            Some(_) => {}
            None => break,
        }
    }
    times
}

#[tokio::test(start_paused = true)]
async fn ticks_come_at_their_period() {
    let (service, mut log) = fake("steady", |_| Behaviour::Succeed);
    let host = started([service]);
    assert_eq!(seconds(&mut log, "tick", 3).await, [1.0, 2.0, 3.0]);
    assert!(host.healthy());
}

#[tokio::test(start_paused = true)]
async fn a_service_never_overlaps_itself() {
    let (service, mut log) = fake("slow", |_| Behaviour::Take(Duration::from_millis(2500)));
    let _host = started([service]);
    let mut events = Vec::new();
    while events.len() < 6 {
        events.push(log.recv().await.map(|(event, at)| (event, at.as_millis())));
    }
    let expected = [1000, 3500, 4000, 6500, 7000, 9500];
    for (i, (event, at)) in events.into_iter().flatten().enumerate() {
        assert_eq!(event, if i % 2 == 0 { "tick" } else { "done" });
        assert!(at.abs_diff(expected[i]) <= 5, "{event} at {at} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn failures_back_off_up_to_a_minute_and_a_success_resets_it() {
    let (service, mut log) =
        fake("shaky", |n| if n == 8 { Behaviour::Succeed } else { Behaviour::Fail });
    let host = started([service]);
    let times = seconds(&mut log, "tick", 11).await;
    let pauses: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // The ninth tick succeeds: the period follows, and then the back-off starts anew.
    assert_eq!(pauses, [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 1.0, 1.0]);

    let status = &host.status()[0];
    assert_eq!(status.last_error.as_deref(), Some("out of paper"));
    assert!(status.healthy, "{status:?}");
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_counted_and_the_service_goes_on() {
    let (service, mut log) =
        fake("nervous", |n| if n < 3 { Behaviour::Panic } else { Behaviour::Succeed });
    let host = started([service]);

    assert_eq!(seconds(&mut log, "tick", 3).await, [1.0, 2.0, 4.0]);
    tokio::task::yield_now().await;
    let status = &host.status()[0];
    assert_eq!((status.errors, status.state), (3, ServiceState::Failing));
    assert_eq!(status.last_error.as_deref(), Some("panicked: out of ink"));
    assert!(!host.healthy());

    assert_eq!(seconds(&mut log, "tick", 2).await, [8.0, 9.0]);
    assert!(host.healthy());
}

#[tokio::test(start_paused = true)]
async fn a_failing_start_is_tried_again() {
    struct Late(AtomicU32, Arc<Mutex<Vec<&'static str>>>);

    #[rocket::async_trait]
    impl HostedService for Late {
        fn name(&self) -> &'static str {
            "late"
        }

        fn schedule(&self) -> Schedule {
            Schedule::Every(SECOND)
        }

        async fn start(&self) -> Result<(), ServiceError> {
            self.1.lock().push("start");
            if self.0.fetch_add(1, SeqCst) < 2 { Err("not yet".into()) } else { Ok(()) }
        }

        async fn tick(&self, _: &TickContext) -> Result<(), ServiceError> {
            self.1.lock().push("tick");
            Ok(())
        }
    }

    let events = Arc::default();
    let host = Host::default();
    host.add(Late(AtomicU32::new(0), Arc::clone(&events)));
    host.start();
    // Tries at 0, 1 and 3 s; the first tick a second later.
    sleep(Duration::from_millis(4500)).await;
    assert_eq!(*events.lock(), ["start", "start", "start", "tick"]);
    assert_eq!(host.status()[0].errors, 2);
}

#[tokio::test(start_paused = true)]
async fn a_tick_under_way_is_finished_before_the_stop() {
    let (service, mut log) = fake("thorough", |_| Behaviour::Take(Duration::from_millis(800)));
    let host = started([service]);
    assert_eq!(seconds(&mut log, "tick", 1).await, [1.0]);
    host.stop().await;
    let events = [log.recv().await, log.recv().await].map(|event| event.map(|(name, _)| name));
    assert_eq!(events, [Some("done"), Some("stop")]);
    assert_eq!(host.status()[0].state, ServiceState::Stopped);
    assert!(!host.healthy());
}

#[tokio::test(start_paused = true)]
async fn the_last_service_stops_first() {
    struct Named(&'static str, Arc<Mutex<Vec<&'static str>>>);

    #[rocket::async_trait]
    impl HostedService for Named {
        fn name(&self) -> &'static str {
            self.0
        }

        fn schedule(&self) -> Schedule {
            Schedule::Every(SECOND)
        }

        async fn tick(&self, _: &TickContext) -> Result<(), ServiceError> {
            Ok(())
        }

        async fn stop(&self) -> Result<(), ServiceError> {
            self.1.lock().push(self.0);
            Err("also an error does not keep the others".into())
        }
    }

    let order = Arc::default();
    let host = Host::default();
    for name in ["store", "sampler", "pusher"] {
        host.add(Named(name, Arc::clone(&order)));
    }
    host.start();
    sleep(SECOND).await;
    host.stop().await;
    assert_eq!(*order.lock(), ["pusher", "sampler", "store"]);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_hangs_is_dropped() {
    let (service, mut log) = fake("stuck", |_| Behaviour::Take(SECOND * 3600));
    let host = started([service]);
    assert_eq!(seconds(&mut log, "tick", 1).await, [1.0]);
    let asked = Instant::now();
    host.stop().await;
    assert!(asked.elapsed() >= STOP_LIMIT && asked.elapsed() < STOP_LIMIT + SECOND);
}

#[rocket::async_test]
async fn a_wrong_schedule_stops_the_start_and_names_the_service() {
    let (mut service, _log) = fake("nightly", |_| Behaviour::Succeed);
    service.schedule = Schedule::Cron("every night");
    let host = Host::default();
    host.add(service);
    host.add(fake("twin", |_| Behaviour::Succeed).0);
    host.add(fake("twin", |_| Behaviour::Succeed).0);
    let refused = host.inner.refused.lock().clone();
    assert!(refused[0].contains("\"nightly\"") && refused[0].contains("\"every night\""));
    assert!(refused[1].contains("\"twin\""));
    assert!(!host.check());

    // As a feature does it: attached after the host's stage, yet before its check.
    let feature = AdHoc::on_ignite("feature", |rocket| async {
        let (mut service, _log) = fake("nightly", |_| Behaviour::Succeed);
        service.schedule = Schedule::Cron("every night");
        if let Some(host) = rocket.state::<Host>() {
            host.add(service);
        }
        rocket
    });
    let error = rocket::build().attach(stage()).attach(feature).ignite().await.err();
    let kind = error.as_ref().map(rocket::Error::kind);
    assert!(matches!(kind, Some(rocket::error::ErrorKind::FailedFairings(_))), "{kind:?}");
}
