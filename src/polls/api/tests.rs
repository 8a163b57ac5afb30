use futures::future::join_all;
use rocket::http::{ContentType, Cookie, Header, Status};
use rocket::local::asynchronous::LocalRequest;
use serde_json::{Value, json};

use super::super::testing::Site;

fn vote<'c>(site: &'c Site, poll: &str, body: &str) -> LocalRequest<'c> {
    site.browser.post(format!("/api/polls/{poll}/votes")).header(ContentType::JSON).body(body)
}

async fn answer(request: LocalRequest<'_>) -> (u16, Value) {
    let response = request.dispatch().await;
    let status = response.status().code;
    (status, serde_json::from_str(&response.into_string().await.unwrap()).unwrap())
}

#[rocket::async_test]
async fn a_vote_is_answered_with_its_receipt() {
    let site = Site::with_poll().await;
    let code = site.code(1).await;
    let receipt = |choice: &str, ballot: i64, votes: [i64; 2]| {
        let [soup, salad] = votes;
        let votes = json!({"Soup": soup, "Salad": salad});
        json!({"poll": 1, "choice": choice, "ballot": ballot, "votes": votes, "total": soup + salad})
    };
    for (poll, body, expected) in [
        ("1", r#"{"choice": "soup", "voter": "ann"}"#, receipt("Soup", 1, [1, 0])),
        (code.as_str(), r#"{"choice": 2, "voter": "bob"}"#, receipt("Salad", 2, [1, 1])),
        ("1", r#"{"choice": "Salad", "voter": "ann"}"#, receipt("Salad", 1, [0, 2])),
    ] {
        assert_eq!(answer(vote(&site, poll, body)).await, (200, expected));
    }
    let (status, poll) = answer(site.browser.get(format!("/api/polls/{code}"))).await;
    assert_eq!(
        (status, &poll["voters"], &poll["choices"][1]["votes"]),
        (200, &json!(2), &json!(2))
    );
}

#[rocket::async_test]
async fn errors_name_the_field() {
    let site = Site::with_poll().await;
    for (poll, body, status, field) in [
        ("1", "{", 400, Value::Null),
        ("1", "7", 400, Value::Null),
        ("9", r#"{"choice": "Soup", "voter": "ann"}"#, 404, Value::Null),
        ("soup", r#"{"choice": "Soup", "voter": "ann"}"#, 404, Value::Null),
        ("1", r#"{"choice": "Soup"}"#, 422, json!("voter")),
        ("1", r#"{"choice": "Soup", "voter": ""}"#, 422, json!("voter")),
        ("1", r#"{"choice": "Soup", "voter": 7}"#, 422, json!("voter")),
        ("1", r#"{"choice": "Soup", "voter": "a\u0000"}"#, 422, json!("voter")),
        ("1", r#"{"voter": "ann"}"#, 422, json!("choice")),
        ("1", r#"{"choice": "Cake", "voter": "ann"}"#, 422, json!("choice")),
        ("1", r#"{"choice": 3, "voter": "ann"}"#, 422, json!("choice")),
        ("1", r#"{"choice": [1], "voter": "ann"}"#, 422, json!("choice")),
    ] {
        let (got, answer) = answer(vote(&site, poll, body)).await;
        assert_eq!((got, &answer["field"]), (status, &field), "{body}: {answer}");
        assert!(answer["error"].is_string());
    }
    site.polls().set_open(1, false).await.unwrap();
    let (status, answer) = answer(vote(&site, "1", r#"{"choice": 1, "voter": "ann"}"#)).await;
    assert_eq!(status, 409);
    assert_eq!(answer["error"], "This poll is closed: votes can no longer be cast or changed.");
}

#[rocket::async_test]
async fn a_visitor_votes_from_our_pages_only() {
    let site = Site::with_poll().await;
    let from = |origin: Option<&'static str>| {
        let mut request = vote(&site, "1", r#"{"choice": 1}"#)
            .cookie(Cookie::new("visitor", "0123456789abcdef"))
            .header(Header::new("Host", "polls.example:8000"));
        if let Some(origin) = origin {
            request.add_header(Header::new("Origin", origin));
        }
        request
    };
    for (origin, status) in [
        (None, 200),
        (Some("http://polls.example:8000"), 200),
        (Some("https://polls.example:8000"), 200),
        (Some("http://evil.example"), 403),
        (Some("http://polls.example"), 403),
        (Some("null"), 403),
    ] {
        assert_eq!(answer(from(origin)).await.0, status, "{origin:?}");
    }
    let form = site.browser.post("/api/polls/1/votes").header(ContentType::Plain);
    let form = form.body(r#"{"choice": 1, "voter": "ann"}"#).dispatch().await;
    assert_eq!(form.status(), Status::UnsupportedMediaType);
}

#[rocket::async_test]
async fn fifty_voters_at_once_are_counted_exactly() {
    let site = Site::with_poll().await;
    let receipts = join_all((0..50).map(|n| {
        let body = json!({"choice": n % 2 + 1, "voter": format!("voter {n}")}).to_string();
        let request = vote(&site, "1", &body);
        answer(request)
    }))
    .await;
    assert!(receipts.iter().all(|(status, _)| *status == 200));
    let (_, poll) = answer(site.browser.get("/api/polls/1")).await;
    assert_eq!(poll["voters"], 50);
    assert_eq!([&poll["choices"][0]["votes"], &poll["choices"][1]["votes"]], [25, 25]);
}
