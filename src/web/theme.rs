//! Light, dark, or as the system has it: kept in a cookie, so that the first byte of a
//! page already has the right colours.

use std::fmt;

use rocket::fairing::AdHoc;
use rocket::form::{Form, FromForm, FromFormField};
use rocket::http::{Cookie, CookieJar, SameSite};
use rocket::response::Redirect;
use rocket::time::Duration;
use rocket::{post, routes};

const COOKIE: &str = "theme";

/// A choice of colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromFormField)]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// All choices, in the order of the switch.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// What the browser chose before.
    pub(super) fn of(cookies: &CookieJar<'_>) -> Self {
        let chosen = cookies.get(COOKIE).map(Cookie::value);
        Self::ALL.into_iter().find(|theme| chosen == Some(theme.name())).unwrap_or_default()
    }

    /// Its name in the cookie, in forms and in `data-theme`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

impl fmt::Display for Theme {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

#[derive(FromForm)]
struct Choice {
    theme: Theme,
    back: String,
}

/// The switch without script; with it, the page writes the cookie itself.
#[post("/theme", data = "<choice>")]
async fn choose(choice: Form<Choice>, cookies: &CookieJar<'_>) -> Redirect {
    let cookie = Cookie::build((COOKIE, choice.theme.name()))
        .path("/")
        .same_site(SameSite::Lax)
        .max_age(Duration::days(365));
    cookies.add(cookie);
    Redirect::to(local(&choice.back).to_owned())
}

/// Only a path of this site is gone back to: `//host` would lead away from it.
fn local(back: &str) -> &str {
    let leads_away = back.starts_with("//") || back.starts_with("/\\");
    if back.starts_with('/') && !leads_away { back } else { "/" }
}

/// Mounts the switch.
#[must_use]
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("theme", |rocket| async { rocket.mount("/", routes![choose]) })
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn goes_back_only_to_this_site() {
        assert_eq!(local("/polls/3"), "/polls/3");
        for elsewhere in ["//evil.example", "/\\evil.example", "https://evil.example", ""] {
            assert_eq!(local(elsewhere), "/");
        }
    }
}
