//! What the tests of polls share: a database of their own, and a server on it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use rocket::http::{ContentType, Status};
use rocket::local::asynchronous::{Client, LocalResponse};
use sqlx::AnyPool;

use crate::config::{Config, defaults};
use crate::{host, polls, store, web};

/// A fresh database with all tables.
#[derive(Debug)]
pub(super) struct Database {
    store: store::Store,
    _folder: Folder,
}

impl Database {
    pub(super) fn pool(&self) -> AnyPool {
        self.store.pool().clone()
    }
}

/// A folder that is gone when dropped.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let name = format!("polls-{}-{}", std::process::id(), LAST.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(name))
    }

    fn database_url(&self) -> String {
        format!("sqlite://{}", self.0.join("test.db").display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

pub(super) async fn database() -> Database {
    let folder = Folder::new();
    Database { store: store::Store::open(&folder.database_url()).await.unwrap(), _folder: folder }
}

/// A server with nothing but polls, and a browser on it, which keeps its cookies.
pub(super) struct Site {
    pub(super) browser: Client,
    staff_link: String,
    _folder: Folder,
}

impl Site {
    pub(super) async fn new() -> Self {
        let folder = Folder::new();
        let settings = defaults().merge(("database_url", folder.database_url()));
        let config = Config::resolve(settings).unwrap();
        let staff_link = format!("/staff?key={}", config.staff_key.reveal());
        let rocket = rocket::custom(config.figment)
            .manage(config.settings)
            .manage(config.staff_key)
            .attach(store::stage())
            .attach(web::stage())
            .attach(host::stage())
            .attach(polls::stage());
        Self { browser: Client::tracked(rocket).await.unwrap(), staff_link, _folder: folder }
    }

    /// A server whose browser is signed in as staff and has made the poll 1.
    pub(super) async fn with_poll() -> Self {
        let site = Self::new().await;
        site.sign_in().await;
        let form = "title=Lunch%3F&choices=Soup&choices=Salad&choices=";
        let made = site.submit("/polls/new", "/polls", form).await;
        assert_eq!(made.headers().get_one("Location"), Some("/polls/1"));
        drop(made);
        site
    }

    pub(super) async fn sign_in(&self) {
        assert_eq!(self.browser.get(&self.staff_link).dispatch().await.status(), Status::SeeOther);
    }

    pub(super) fn polls(&self) -> &polls::Polls {
        self.browser.rocket().state().unwrap()
    }

    pub(super) async fn code(&self, id: i64) -> String {
        self.polls().find(polls::poll::PollRef::Id(id)).await.unwrap().code.to_string()
    }

    pub(super) async fn text(&self, address: &str) -> String {
        let response = self.browser.get(address).dispatch().await;
        assert_eq!(response.status(), Status::Ok, "{address}");
        response.into_string().await.unwrap()
    }

    /// Sends a form as the page it stands on would: with that page's token.
    pub(super) async fn submit(&self, page: &str, to: &str, form: &str) -> LocalResponse<'_> {
        let page = self.text(page).await;
        let (_, rest) = page.split_once(r#"name="csrf" value=""#).unwrap();
        let (token, _) = rest.split_once('"').unwrap();
        self.post_form(to, &format!("csrf={token}&{form}")).await
    }

    pub(super) async fn post_form(&self, to: &str, form: &str) -> LocalResponse<'_> {
        self.browser.post(to.to_owned()).header(ContentType::Form).body(form).dispatch().await
    }
}
