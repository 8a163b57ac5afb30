use std::{
    collections::HashMap,
    slice,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{Bench, PATIENCE};
use crate::{
    client::{Client, Listener},
    engine::{Crowd, Load},
    faults::Faults,
    protocol::Message,
};

/// Gets a bearer token for each user, from where the server hands them out. Nothing is measured of
/// that, so one thread does.
pub(super) fn fetch(bench: &mut Bench, users: u32, path: &str) -> Result<Vec<Arc<str>>, String> {
    let askers = bench.options.connecting.min(users);
    let crowd = bench.crew.crowd(0);
    let idle = (0..askers).map(|_| crowd.add(&bench.plan, None)).collect();
    let mut fetch = Fetch {
        path: path.to_owned(),
        users,
        asked: 0,
        asking: HashMap::new(),
        idle,
        tokens: vec![None; users as usize],
        faults: Faults::default(),
    };
    bench.drive(slice::from_mut(&mut fetch), PATIENCE + Duration::from_millis(10) * users);
    bench.crew.clear();
    if let Some((cause, _)) = fetch.faults.iter().next() {
        return Err(format!("no tokens from {path}: {cause}"));
    }
    let tokens: Option<Vec<_>> = fetch.tokens.into_iter().collect();
    tokens.ok_or_else(|| format!("no tokens from {path}: not all came in time"))
}

/// The name of a user.
pub(super) fn user(n: u32) -> String {
    format!("user-{n}")
}

struct Fetch {
    path: String,
    users: u32,
    asked: u32,
    /// Which client asks for which user.
    asking: HashMap<u32, u32>,
    idle: Vec<u32>,
    tokens: Vec<Option<Arc<str>>>,
    faults: Faults,
}

impl Listener for Fetch {
    fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    fn received(&mut self, _: &mut Client, _: Message<'_>, _: Instant) {}

    fn answered(&mut self, client: &mut Client, status: u16, body: &[u8]) {
        let token = String::from_utf8_lossy(body);
        let token = token.trim().trim_matches('"');
        if status != 200 || token.is_empty() || token.contains(char::is_whitespace) {
            self.faults.add(format!("{status} {token}"));
        } else if let Some(user) = self.asking.remove(&client.id) {
            self.tokens[user as usize] = Some(token.into());
            self.idle.push(client.id);
        }
    }
}

impl Load for Fetch {
    fn tick(&mut self, crowd: &mut Crowd, now: Instant) -> Option<Instant> {
        if !self.faults.is_empty() {
            return None;
        }
        while self.asked < self.users {
            let Some(client) = self.idle.pop() else { break };
            crowd.request(client, "GET", &self.path.replace("{user}", &user(self.asked)));
            self.asking.insert(client, self.asked);
            self.asked += 1;
        }
        (self.asked < self.users || !self.asking.is_empty()).then(|| now + Duration::from_secs(1))
    }
}
