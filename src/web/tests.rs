use rocket::http::{Accept, ContentType, Header, Status};
use rocket::local::asynchronous::{Client, LocalResponse};
use rocket::{get, post, routes};

use super::csrf::{CsrfForm, NoFields};
use super::staff::Staff;
use super::visitor::Visitor;
use super::{Failure, Visit};
use crate::config::{Config, defaults};
use crate::keys::random_token;

#[get("/token")]
async fn token(visit: Visit) -> String {
    super::PageHead::new("", &visit).csrf
}

#[post("/press", data = "<_form>")]
async fn press(_form: CsrfForm<NoFields>) -> &'static str {
    "pressed"
}

#[get("/backstage")]
async fn backstage(_staff: Staff) -> &'static str {
    "welcome"
}

#[get("/who")]
async fn who(visitor: Visitor) -> String {
    visitor.id
}

#[get("/taken")]
async fn taken() -> Failure {
    Failure::invalid("title", "Give it a <title>.")
}

#[get("/broken")]
async fn broken() -> Result<(), Failure> {
    Err(std::io::Error::other("the secret cause"))?
}

/// The pages of this module and a client with its own cookies.
async fn site() -> (Client, String) {
    let folder =
        std::env::temp_dir().join(format!("signalbox-{}", random_token().expect("random numbers")));
    let config = Config::resolve(defaults().merge(("data_dir", &folder))).expect("good settings");
    let _ = std::fs::remove_dir_all(folder);
    let key = config.staff_key.reveal().to_owned();
    let rocket = rocket::custom(config.figment)
        .manage(config.settings)
        .manage(config.staff_key)
        .attach(super::stage())
        .mount("/", routes![token, press, backstage, who, taken, broken]);
    (Client::tracked(rocket).await.expect("launches"), key)
}

async fn text(response: LocalResponse<'_>) -> String {
    response.into_string().await.expect("text")
}

#[rocket::async_test]
async fn a_form_needs_the_token_of_the_page() {
    let (site, _) = site().await;
    let token = text(site.get("/token").dispatch().await).await;
    let press = |body: String| {
        let request = site.post("/press").header(ContentType::Form);
        request.body(body).dispatch()
    };
    assert_eq!(press(format!("csrf={token}")).await.status(), Status::Ok);
    assert_eq!(press(format!("a=b&csrf={token}")).await.status(), Status::Ok);
    assert_eq!(press(format!("csrf={token}x")).await.status(), Status::Forbidden);
    assert_eq!(press("csrf=".into()).await.status(), Status::Forbidden);
    assert_eq!(press(String::new()).await.status(), Status::Forbidden);
    let long = press("a".repeat(100_000)).await;
    assert_eq!(long.status(), Status::PayloadTooLarge);
    assert_eq!(text(site.get("/token").dispatch().await).await, token);
}

#[rocket::async_test]
async fn a_form_without_our_cookie_is_refused() {
    let (site, _) = site().await;
    let request = site.post("/press").header(ContentType::Form).body("csrf=");
    let response = request.dispatch().await;
    assert_eq!(response.status(), Status::Forbidden);
    assert!(text(response).await.contains("reload the page"));
}

#[rocket::async_test]
async fn the_staff_link_signs_in_until_signing_out() {
    let (site, key) = site().await;
    let refused = site.get("/backstage").dispatch().await;
    assert_eq!(refused.status(), Status::Forbidden);
    assert!(text(refused).await.contains("Open the staff link"));

    let wrong = site.get("/staff?key=wrong").dispatch().await;
    assert_eq!(wrong.status(), Status::Forbidden);
    assert!(wrong.cookies().get("staff").is_none());

    let right = site.get(format!("/staff?key={key}")).dispatch().await;
    assert_eq!(right.headers().get_one("Location"), Some("/"));
    let cookie = right.cookies().get("staff").expect("signed in");
    assert!(!cookie.value().contains(&key));
    assert_eq!(cookie.http_only(), Some(true));
    assert_eq!(site.get("/backstage").dispatch().await.status(), Status::Ok);

    let token = text(site.get("/token").dispatch().await).await;
    let out = site.post("/staff/sign-out").header(ContentType::Form);
    out.body(format!("csrf={token}")).dispatch().await;
    let again = site.get("/backstage").dispatch().await;
    assert_eq!(again.status(), Status::Forbidden);
}

#[rocket::async_test]
async fn a_browser_keeps_its_name() {
    let (site, _) = site().await;
    let first = text(site.get("/who").dispatch().await).await;
    assert_eq!(first.len(), 32);
    assert_eq!(text(site.get("/who").dispatch().await).await, first);
}

#[rocket::async_test]
async fn failures_are_pages_to_people_and_json_to_programs() {
    let (site, _) = site().await;
    let page = site.get("/taken").header(Accept::HTML).dispatch().await;
    assert_eq!(page.status(), Status::UnprocessableEntity);
    assert_eq!(page.content_type(), Some(ContentType::HTML));
    assert!(text(page).await.contains("Give it a &#60;title&#62;."));

    let json = site.get("/taken").header(Accept::JSON).dispatch().await;
    assert_eq!(text(json).await, r#"{"error":"Give it a <title>.","field":"title"}"#);
    let nothing = site.get("/api/nothing").dispatch().await;
    assert_eq!(nothing.status(), Status::NotFound);
    assert_eq!(text(nothing).await, r#"{"error":"There is nothing at this address."}"#);
    let broken = site.get("/broken").dispatch().await;
    assert_eq!(broken.status(), Status::InternalServerError);
    assert!(!text(broken).await.contains("secret cause"));
}

#[rocket::async_test]
async fn the_theme_is_in_the_first_byte_and_the_headers_are_strict() {
    let (site, _) = site().await;
    let choice = site.post("/theme").header(ContentType::Form);
    let response = choice.body("theme=dark&back=/staff").dispatch().await;
    assert_eq!(response.headers().get_one("Location"), Some("/staff"));
    let page = site.get("/staff").dispatch().await;
    let policy = page.headers().get_one("Content-Security-Policy");
    assert!(policy.is_some_and(|policy| !policy.contains("unsafe")));
    let html = text(page).await;
    assert!(html.contains(r#"<html lang="en" data-theme="dark">"#));
    assert!(!html.contains(" style=") && !html.contains("<style"));
}

#[rocket::async_test]
async fn assets_are_kept_for_ever_and_sent_small() {
    let (site, _) = site().await;
    let url = super::assets::url("app.css").expect("the style sheet is built");
    let zipped = site.get(&url).header(Header::new("Accept-Encoding", "br, gzip"));
    let zipped = zipped.dispatch().await;
    assert_eq!(zipped.headers().get_one("Content-Encoding"), Some("gzip"));
    assert_eq!(zipped.content_type(), Some(ContentType::CSS));
    let plain = site.get(&url).dispatch().await;
    assert_eq!(plain.headers().get_one("Content-Encoding"), None);
    assert!(
        plain.headers().get_one("Cache-Control").is_some_and(|cache| cache.contains("immutable"))
    );
    let etag = plain.headers().get_one("ETag").expect("a tag").to_owned();
    let known = site.get(&url).header(Header::new("If-None-Match", etag));
    assert_eq!(known.dispatch().await.status(), Status::NotModified);
    let none = site.get("/assets/app.css").dispatch().await;
    assert_eq!(none.status(), Status::NotFound);
}
