//! The dashboard at `/`: the features' widgets side by side.

use askama::Template;
use rocket::fairing::AdHoc;
use rocket::{State, get, routes};

use crate::clock;
use crate::host::{self, Host};
use crate::metrics::Metrics;
use crate::polls::{self, Polls};
use crate::views::{self, Views};
use crate::vitals::{self, Vitals};
use crate::web::{Failure, Page, PageHead, Visit};

#[derive(Template)]
#[template(path = "dashboard/index.html")]
struct Dashboard {
    page: PageHead,
    clock: clock::Widget,
    views: views::Widget,
    polls: polls::Widget,
    vitals: vitals::Widget,
    services: host::Widget,
}

#[get("/")]
async fn index(
    visit: Visit,
    views: &State<Views>,
    polls: &State<Polls>,
    vitals: &State<Vitals>,
    metrics: &State<Metrics>,
    host: &State<Host>,
) -> Result<Page<Dashboard>, Failure> {
    let page = PageHead::new("Dashboard", &visit);
    Ok(Page(Dashboard {
        clock: clock::widget(),
        views: views::widget(views),
        polls: polls::widget(polls, page.staff).await?,
        vitals: vitals::widget(vitals, metrics),
        services: host::widget(host),
        page,
    }))
}

/// Mounts it. Comes after the features that it shows.
#[must_use]
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("dashboard", |rocket| async { rocket.mount("/", routes![index]) })
}
