use std::path::PathBuf;

use super::*;

/// A folder of its own for each test, removed when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = crate::keys::random_token().expect("random numbers");
        Self(std::env::temp_dir().join(format!("signalbox-{name}")))
    }

    fn url(&self) -> String {
        format!("sqlite://{}/below/signalbox.db", self.0.display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn pragma(store: &Store, name: &str) -> String {
    let sql = format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .fetch_one(store.pool())
        .await
        .expect("a pragma can be read")
}

#[rocket::async_test]
async fn makes_the_file_its_folder_and_its_tables_and_opens_them_again() {
    let folder = Folder::new();
    for _ in 0..2 {
        let store = Store::open(&folder.url()).await.expect("opens");
        store.ping().await.expect("answers");
        assert_eq!(pragma(&store, "journal_mode").await, "wal");
        assert_eq!(pragma(&store, "synchronous").await, "2");
        assert_eq!(pragma(&store, "foreign_keys").await, "1");
        store.pool().close().await;
    }
}

async fn refusal(url: &str) -> String {
    let error = Store::open(url).await.expect_err("does not open");
    error.to_string()
}

#[rocket::async_test]
async fn says_what_is_wrong_with_a_url() {
    assert!(refusal("mysql://host/db").await.contains("must begin with sqlite:// or postgres://"));
    assert!(refusal("sqlite::memory:").await.contains("must name a file"));
    let folder = Folder::new();
    let text = refusal(&format!("sqlite://{}/none.db?mode=ro", folder.0.display())).await;
    assert!(text.contains("none.db"), "{text}");
}

#[rocket::async_test]
async fn a_database_that_does_not_answer_is_named_without_its_password() {
    // Port 1 of this host: nothing listens there.
    let text = refusal("postgres://me:secret@127.0.0.1:1/db").await;
    assert!(text.contains("postgres://127.0.0.1:1/db"), "{text}");
    assert!(!text.contains("secret"), "{text}");
}

#[rocket::async_test]
async fn a_locked_database_stops_the_start() {
    let folder = Folder::new();
    let store = Store::open(&folder.url()).await.expect("opens");
    store.pool().close().await;
    let mut holder = AnyConnection::connect(&folder.url()).await.expect("a connection");
    for sql in ["PRAGMA locking_mode = EXCLUSIVE", "CREATE TABLE held (id BIGINT)"] {
        holder.execute(sql).await.expect("locks");
    }
    let text = refusal(&folder.url()).await;
    assert!(text.contains("signalbox.db: ") && text.contains("locked"), "{text}");
}
