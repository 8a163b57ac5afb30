//! Page views, and who is here now.
//!
//! Every page that is sent counts as a view, and so does a client of the hubs that says that it
//! watches. The count is exact and kept in memory; each second, and at shutdown, what is new goes to
//! the database. A crash may therefore lose the views of the last second, and nothing else.

mod color;
mod count;
mod hub;
mod service;
mod store;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, sync::Arc};

use askama::Template;
use parking_lot::Mutex;
use rocket::{
    Data, Request, Response,
    fairing::{AdHoc, Fairing, Info, Kind},
    http::{ContentType, Method, Status},
};
use rocket_signalr::Hub;
use sqlx::AnyPool;

pub use self::{
    color::{NoColor, check_color},
    hub::{Greeting, Totals, UserCountHub, ViewHub},
};
use self::{
    count::Count,
    service::{PushService, SaveService},
};
use crate::{host::Host, store::Store};

/// The counts. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Views {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    total: Count,
    here: Count,
    /// What the database does not know yet.
    unsaved: Mutex<HashMap<String, i64>>,
}

impl Views {
    /// Goes on from what the database knows.
    async fn load(pool: &AnyPool) -> Result<Self, sqlx::Error> {
        let total = Count::new(store::total(pool).await?);
        Ok(Self { inner: Arc::new(Inner { total, ..Inner::default() }) })
    }

    /// All views, ever.
    pub fn total(&self) -> u64 {
        self.inner.total.get()
    }

    /// How many clients are connected to `/hubs/userCount`: the people who have a page open.
    pub fn here(&self) -> u64 {
        self.inner.here.get()
    }

    /// Counts a view of a page; the new total.
    fn count(&self, page: &str) -> u64 {
        {
            let mut unsaved = self.inner.unsaved.lock();
            match unsaved.get_mut(page) {
                Some(count) => *count += 1,
                None => {
                    unsaved.insert(page.to_owned(), 1);
                }
            }
        }
        self.inner.total.up()
    }

    /// Saves what is new. After an error it is still new.
    async fn save(&self, pool: &AnyPool) -> Result<(), sqlx::Error> {
        let counted = std::mem::take(&mut *self.inner.unsaved.lock());
        if counted.is_empty() {
            return Ok(());
        }
        let saved = store::add(pool, &counted).await;
        if saved.is_err() {
            let mut unsaved = self.inner.unsaved.lock();
            for (page, count) in counted {
                *unsaved.entry(page).or_default() += count;
            }
        }
        saved
    }
}

/// Counts the pages that are sent: answers to GET with status 200 and HTML in them. The parts of a
/// page that its script fetches are no pages.
struct Counter {
    views: Views,
}

/// Whether a request asks for a page. Noted before it is routed, since Rocket makes GET of HEAD.
struct AsksForPage(bool);

#[rocket::async_trait]
impl Fairing for Counter {
    fn info(&self) -> Info {
        Info { name: "page views", kind: Kind::Request | Kind::Response }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        // Browsers say what for, at least over HTTPS and on localhost.
        let destination = request.headers().get_one("Sec-Fetch-Dest");
        let for_page = destination.is_none_or(|what| what == "document");
        let asks = request.method() == Method::Get && for_page;
        request.local_cache(|| AsksForPage(asks));
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let Some(route) = request.route() else { return };
        if response.status() == Status::Ok
            && response.content_type().is_some_and(|kind| kind == ContentType::HTML)
            && request.local_cache(|| AsksForPage(false)).0
        {
            self.views.count(route.uri.path());
        }
    }
}

/// Counts views, and attaches `/hubs/view` and `/hubs/userCount`. Comes after the store and the host.
pub fn stage() -> AdHoc {
    AdHoc::try_on_ignite("views", |rocket| async {
        let (Some(store), Some(host)) = (rocket.state::<Store>(), rocket.state::<Host>()) else {
            return Err(rocket);
        };
        let views = match Views::load(store.pool()).await {
            Ok(views) => views,
            Err(error) => {
                tracing::error!("the page views cannot be read: {error}");
                return Err(rocket);
            }
        };
        let watchers = ViewHub::new(views.clone()).at("/hubs/view");
        let users = UserCountHub::new(views.clone()).at("/hubs/userCount");
        host.add(SaveService::new(views.clone(), store.pool().clone()));
        host.add(PushService::new(views.clone(), watchers.context(), users.context()));
        Ok(rocket
            .attach(Counter { views: views.clone() })
            .manage(views)
            .attach(watchers)
            .attach(users))
    })
}

/// The dashboard's counts of people and views.
#[derive(Debug, Template)]
#[template(path = "views/widget.html")]
pub struct Widget {
    here: u64,
    total: u64,
}

/// The counts of the moment, on a page that is about to be sent and counts itself. Its script is
/// the entry `views`.
pub fn widget(views: &Views) -> Widget {
    Widget { here: views.here(), total: views.total() + 1 }
}
