//! `/hubs/view` and `/hubs/userCount`.

use rocket_signalr::{Caller, DisconnectReason, HubError, hub, hub_client};
use serde::Serialize;
use ts_rs::TS;

use super::{NoColor, Views, check_color};

const LONGEST_GROUP: usize = 50;

/// What those at `/hubs/view` are called with.
#[hub_client]
pub trait ViewClient {
    /// The total of views has changed. At most ten times a second; the last value always comes.
    async fn view_count_update(&self, total: u64);
    /// Somebody has chosen a background for all.
    async fn change_background(&self, color: &str);
    /// Somebody has chosen a colour for the client's group.
    async fn trigger_color(&self, color: &str);
}

/// Counts those who watch, and passes colours on.
#[derive(Debug)]
pub struct ViewHub {
    views: Views,
}

impl ViewHub {
    pub(super) fn new(views: Views) -> Self {
        Self { views }
    }
}

#[hub(client = ViewClient)]
impl ViewHub {
    /// Counts a view; the new total.
    async fn notify_watching(&self) -> u64 {
        self.views.count("/hubs/view")
    }

    /// Counts a view.
    async fn increment_server_view(&self) {
        self.views.count("/hubs/view");
    }

    /// Passes a background on to all.
    async fn change_background(
        &self,
        caller: &Caller<Self>,
        color: String,
    ) -> Result<(), HubError> {
        check_color(&color)?;
        Ok(caller.clients().all().change_background(&color).await?)
    }

    /// Puts the caller into a group, such as `Orange`.
    async fn join_group(&self, caller: &Caller<Self>, group: String) -> Result<(), HubError> {
        check_group(&group)?;
        caller.join(&group).await;
        Ok(())
    }

    /// Takes the caller out of a group.
    async fn leave_group(&self, caller: &Caller<Self>, group: String) -> Result<(), HubError> {
        check_group(&group)?;
        caller.leave(&group).await;
        Ok(())
    }

    /// Passes a colour on to a group.
    async fn trigger_group(
        &self,
        caller: &Caller<Self>,
        group: String,
        color: String,
    ) -> Result<(), HubError> {
        check_group(&group)?;
        check_color(&color)?;
        Ok(caller.clients().group(&group).trigger_color(&color).await?)
    }
}

fn check_group(group: &str) -> Result<(), HubError> {
    if (1..=LONGEST_GROUP).contains(&group.chars().count()) {
        Ok(())
    } else {
        Err(HubError::new(format!("group: 1 to {LONGEST_GROUP} characters.")))
    }
}

impl From<NoColor> for HubError {
    fn from(error: NoColor) -> Self {
        Self::new(error.to_string())
    }
}

/// What those at `/hubs/userCount` are called with. Each at most ten times a second; the last value
/// always comes.
#[hub_client]
pub trait UserCountClient {
    /// The total of views has changed.
    async fn update_total_views(&self, total: u64);
    /// Somebody has come or gone.
    async fn update_total_users(&self, count: u64);
}

/// Counts windows as they are loaded, and those who are here.
#[derive(Debug)]
pub struct UserCountHub {
    views: Views,
}

impl UserCountHub {
    pub(super) fn new(views: Views) -> Self {
        Self { views }
    }
}

#[hub(client = UserCountClient)]
impl UserCountHub {
    async fn on_connected(&self, _: &Caller<Self>) -> Result<(), HubError> {
        self.views.inner.here.up();
        Ok(())
    }

    async fn on_disconnected(&self, _: &Caller<Self>, _: &DisconnectReason) {
        self.views.inner.here.down();
    }

    /// Counts a view, and greets the one who gives a name.
    async fn new_window_loaded(&self, #[optional] name: Option<String>) -> Greeting {
        let total = self.views.count("/hubs/userCount");
        match name.filter(|name| !name.is_empty()) {
            Some(name) => Greeting::Thanks(format!("Successful. Thanks {name}, {total} views")),
            None => Greeting::Total(total),
        }
    }

    /// Both counts without adding to them, for a client that comes back.
    async fn get_totals(&self) -> Totals {
        Totals { views: self.views.total(), users: self.views.here() }
    }
}

/// The answer to a new window: a text, or just the number.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(untagged)]
pub enum Greeting {
    /// `Successful. Thanks {name}, {total} views`
    Thanks(String),
    /// The total of views.
    Total(u64),
}

/// Both counts.
#[derive(Debug, Clone, Copy, Serialize, TS)]
pub struct Totals {
    /// All views, ever.
    pub views: u64,
    /// The clients that are connected.
    pub users: u64,
}
