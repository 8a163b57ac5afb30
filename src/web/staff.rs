//! Staff: whoever opened the link with the staff key, which the first start makes, keeps
//! beside the database and prints.

use askama::Template;
use rocket::fairing::AdHoc;
use rocket::http::{Cookie, CookieJar, SameSite, Status};
use rocket::request::{FromRequest, Outcome, Request};
use rocket::response::Redirect;
use rocket::time::Duration;
use rocket::{Orbit, Rocket, State, get, post, routes};

use super::csrf::{CsrfForm, NoFields};
use super::{Failure, Page, PageHead, Visit};
use crate::keys::StaffKey;

const COOKIE: &str = "staff";

/// Somebody of the staff. As a request guard it refuses all others with 403 and says how
/// to get the link.
#[derive(Debug)]
pub struct Staff(());

/// Whether the request comes with the key that is valid now: a new key signs everybody out.
pub(super) fn is_staff(request: &Request<'_>) -> bool {
    let cookie = request.cookies().get_private(COOKIE);
    cookie.is_some_and(|cookie| {
        request.rocket().state::<StaffKey>().is_some_and(|key| key.matches(cookie.value()))
    })
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Staff {
    type Error = Failure;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Failure> {
        if is_staff(request) {
            return Outcome::Success(Self(()));
        }
        let failure = Failure::new(
            Status::Forbidden,
            "Only staff can do this. Open the staff link that Signalbox prints when it starts, then come back.",
        );
        failure.remember(request);
        Outcome::Error((failure.status(), failure))
    }
}

#[derive(Template)]
#[template(path = "staff.html")]
struct StaffPage {
    page: PageHead,
}

/// The link itself: a right key signs in. Without one, the page says how to get it.
#[get("/staff?<key>")]
async fn sign_in(
    key: Option<&str>,
    staff_key: &State<StaffKey>,
    cookies: &CookieJar<'_>,
    visit: Visit,
) -> Result<Result<Redirect, Page<StaffPage>>, Failure> {
    let Some(key) = key else {
        return Ok(Err(Page(StaffPage { page: PageHead::new("Staff", &visit) })));
    };
    if !staff_key.matches(key) {
        return Err(Failure::new(
            Status::Forbidden,
            "This staff link is not valid. Look for the newest one: Signalbox prints it when it starts.",
        ));
    }
    let cookie = Cookie::build((COOKIE, key.to_owned()))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(Duration::days(30));
    cookies.add_private(cookie);
    Ok(Ok(Redirect::to("/")))
}

#[post("/staff/sign-out", data = "<_form>")]
async fn sign_out(_form: CsrfForm<NoFields>, cookies: &CookieJar<'_>) -> Redirect {
    cookies.remove_private(COOKIE);
    Redirect::to("/")
}

/// To stdout and not into the log: the key is a secret, and logs are passed on.
fn print_link(rocket: &Rocket<Orbit>) {
    let config = rocket.config();
    let address = if config.address.is_unspecified() || config.address.is_loopback() {
        "localhost".to_owned()
    } else if config.address.is_ipv6() {
        format!("[{}]", config.address)
    } else {
        config.address.to_string()
    };
    let site = format!("http://{address}:{}", config.port);
    println!("Signalbox:  {site}");
    if let Some(key) = rocket.state::<StaffKey>() {
        println!("Staff link: {site}/staff?key={}", key.reveal());
    }
}

/// Mounts signing in and out, and prints the staff link at lift-off.
#[must_use]
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("staff", |rocket| async {
        rocket
            .mount("/", routes![sign_in, sign_out])
            .attach(AdHoc::on_liftoff("staff link", |rocket| {
                Box::pin(async move { print_link(rocket) })
            }))
    })
}
