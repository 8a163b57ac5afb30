//! The counts against a database in memory, and the pages that count.

use rocket::{get, http::Header, local::asynchronous::Client, response::content::RawHtml, routes};
use sqlx::{AnyPool, any::AnyPoolOptions};

use super::*;

type TestResult = Result<(), Box<dyn std::error::Error>>;

async fn database() -> Result<AnyPool, sqlx::Error> {
    sqlx::any::install_default_drivers();
    // A database in memory belongs to its connection, so there must be but one.
    let pool = AnyPoolOptions::new().max_connections(1).connect("sqlite::memory:").await?;
    sqlx::raw_sql(include_str!("../../migrations/0001_views.sql")).execute(&pool).await?;
    Ok(pool)
}

#[tokio::test(flavor = "multi_thread")]
async fn counting_is_exact_while_it_is_saved() -> TestResult {
    let pool = database().await?;
    let views = Views::load(&pool).await?;
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let (views, pool) = (views.clone(), pool.clone());
            tokio::spawn(async move {
                let mut highest = 0;
                for i in 0..500 {
                    highest = views.count(if i % 2 == 0 { "/" } else { "/polls" });
                    if i % 100 == n {
                        views.save(&pool).await?;
                    }
                }
                Ok::<_, sqlx::Error>(highest)
            })
        })
        .collect();
    let mut highest = 0;
    for task in tasks {
        highest = highest.max(task.await??);
    }
    assert_eq!((highest, views.total()), (4000, 4000));

    views.save(&pool).await?;
    assert_eq!(Views::load(&pool).await?.total(), 4000);
    let of_polls: i64 = sqlx::query_scalar("SELECT count FROM views WHERE page = '/polls'")
        .fetch_one(&pool)
        .await?;
    assert_eq!(of_polls, 2000);
    Ok(())
}

#[tokio::test]
async fn what_could_not_be_saved_is_saved_later() -> TestResult {
    let pool = database().await?;
    let views = Views::load(&pool).await?;
    views.count("/");
    sqlx::query("ALTER TABLE views RENAME TO elsewhere").execute(&pool).await?;
    assert!(views.save(&pool).await.is_err());
    views.count("/");
    sqlx::query("ALTER TABLE elsewhere RENAME TO views").execute(&pool).await?;
    views.save(&pool).await?;
    assert_eq!(Views::load(&pool).await?.total(), 2);
    Ok(())
}

#[get("/page/<_>")]
fn page() -> RawHtml<&'static str> {
    RawHtml("<p>")
}

#[get("/data")]
fn data() -> &'static str {
    "text"
}

#[rocket::async_test]
async fn pages_count_and_nothing_else_does() -> TestResult {
    let views = Views::default();
    let rocket =
        rocket::build().attach(Counter { views: views.clone() }).mount("/", routes![page, data]);
    let client = Client::untracked(rocket).await?;
    let gets = (0..200).map(|n| client.get(format!("/page/{n}")).dispatch());
    futures::future::join_all(gets).await;
    assert_eq!(views.total(), 200);

    client.get("/data").dispatch().await;
    client.get("/nowhere").dispatch().await;
    client.head("/page/1").dispatch().await;
    client.post("/page/1").dispatch().await;
    let part = Header::new("Sec-Fetch-Dest", "empty");
    client.get("/page/1").header(part).dispatch().await;
    assert_eq!(views.total(), 200);
    assert_eq!(views.inner.unsaved.lock().keys().collect::<Vec<_>>(), ["/page/<_>"]);
    Ok(())
}
