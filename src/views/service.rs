//! The services that push and save the counts.

use std::time::Duration;

use rocket_signalr::HubContext;
use sqlx::AnyPool;

use super::{UserCountHub, ViewHub, Views};
use crate::host::{HostedService, Schedule, ServiceError, TickContext};

/// Tells clients what has changed, ten times a second, however often it does.
pub(super) struct PushService {
    views: Views,
    watchers: HubContext<ViewHub>,
    users: HubContext<UserCountHub>,
}

impl PushService {
    pub(super) fn new(
        views: Views,
        watchers: HubContext<ViewHub>,
        users: HubContext<UserCountHub>,
    ) -> Self {
        Self { views, watchers, users }
    }
}

#[rocket::async_trait]
impl HostedService for PushService {
    fn name(&self) -> &'static str {
        "view counts"
    }

    fn schedule(&self) -> Schedule {
        Schedule::Every(Duration::from_millis(100))
    }

    async fn tick(&self, _: &TickContext) -> Result<(), ServiceError> {
        if let Some(total) = self.views.inner.total.take_change() {
            self.watchers.clients().all().view_count_update(total).await?;
            self.users.clients().all().update_total_views(total).await?;
        }
        if let Some(count) = self.views.inner.here.take_change() {
            self.users.clients().all().update_total_users(count).await?;
        }
        Ok(())
    }
}

/// Writes counted views into the database each second, and once more at the end.
pub(super) struct SaveService {
    views: Views,
    pool: AnyPool,
}

impl SaveService {
    pub(super) fn new(views: Views, pool: AnyPool) -> Self {
        Self { views, pool }
    }
}

#[rocket::async_trait]
impl HostedService for SaveService {
    fn name(&self) -> &'static str {
        "view store"
    }

    fn schedule(&self) -> Schedule {
        Schedule::Every(Duration::from_secs(1))
    }

    async fn tick(&self, _: &TickContext) -> Result<(), ServiceError> {
        Ok(self.views.save(&self.pool).await?)
    }

    async fn stop(&self) -> Result<(), ServiceError> {
        Ok(self.views.save(&self.pool).await?)
    }
}
