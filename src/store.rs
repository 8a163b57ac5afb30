//! The database: one pool for all features, SQLite or PostgreSQL by the URL's scheme.
//!
//! All SQL is one text for both, so: `$1` placeholders, 0/1 in `BIGINT` for yes and no,
//! times as epoch milliseconds in `BIGINT`, `RETURNING`, `ON CONFLICT` and
//! `CAST(SUM(…) AS BIGINT)`.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use rocket::fairing::AdHoc;
use sqlx::any::AnyPoolOptions;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{AnyConnection, AnyPool, Connection, Executor};

use crate::config::{Settings, sqlite_file};
use crate::keys::create_private_folder;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// How long a statement waits for another writer, and a start for the database.
const PATIENCE: Duration = Duration::from_secs(5);

/// The open database. Clones share one pool.
#[derive(Debug, Clone)]
pub struct Store {
    pool: AnyPool,
}

/// A database that cannot be opened. The text says which, why, and what to look at.
#[derive(Debug)]
pub struct OpenError(String);

impl fmt::Display for OpenError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for OpenError {}

impl Store {
    /// Opens the database of `url` and brings its tables up to date. A SQLite file and
    /// its folder are created when they do not exist.
    ///
    /// # Errors
    /// The URL is not understood, the database does not answer within five seconds or is
    /// locked, or its tables were made by a newer or changed program.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        let mut options = AnyPoolOptions::new().max_connections(8).acquire_timeout(PATIENCE);
        let mut url = url.to_owned();
        let sqlite = sqlite_file(&url).map(Path::to_owned);
        if let Some(file) = &sqlite {
            prepare_folder(file)?;
            url = creating(&url);
            options = options.after_connect(|connection, _| Box::pin(set_pragmas(connection)));
        } else if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(OpenError(
                "SIGNALBOX_DATABASE_URL must begin with sqlite:// or postgres://".into(),
            ));
        }
        let cannot = |error| OpenError(format!("cannot open {}: {error}", without_secrets(&url)));
        // The pool would go on trying, and then tell no more than that its time was up.
        let mut first = AnyConnection::connect(&url).await.map_err(cannot)?;
        if sqlite.is_some() {
            set_pragmas(&mut first).await.map_err(cannot)?;
        }
        first.close().await.map_err(cannot)?;
        let pool = options.connect(&url).await.map_err(cannot)?;
        MIGRATIONS.run(&pool).await.map_err(|error| OpenError(why_not_migrated(&url, &error)))?;
        Ok(Self { pool })
    }

    /// The pool, for the features' own `store.rs`.
    #[must_use]
    pub fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It does not, or not in time.
    pub async fn ping(&self) -> Result<(), sqlx::Error> {
        self.pool.execute("SELECT 1").await.map(|_| ())
    }
}

/// Opens the database at ignition and manages it as [`Store`].
#[must_use]
pub fn stage() -> AdHoc {
    AdHoc::try_on_ignite("database", |rocket| async {
        let Some(settings) = rocket.state::<Settings>() else {
            tracing::error!("the database stage needs the settings");
            return Err(rocket);
        };
        match Store::open(&settings.database_url).await {
            Ok(store) => Ok(rocket.manage(store)),
            Err(error) => {
                tracing::error!("{error}");
                Err(rocket)
            }
        }
    })
}

/// WAL lets readers go on beside a writer; FULL puts a commit on the disk before it is
/// acknowledged, also when the power fails.
async fn set_pragmas(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    let busy = PATIENCE.as_millis();
    for pragma in [
        // First, since changing the journal mode may itself have to wait.
        format!("PRAGMA busy_timeout = {busy}"),
        "PRAGMA journal_mode = WAL".into(),
        "PRAGMA synchronous = FULL".into(),
        "PRAGMA foreign_keys = ON".into(),
    ] {
        connection.execute(sqlx::AssertSqlSafe(pragma)).await?;
    }
    Ok(())
}

fn prepare_folder(file: &Path) -> Result<(), OpenError> {
    let name = file.to_string_lossy();
    if name.is_empty() || name == ":memory:" {
        return Err(OpenError(
            "SIGNALBOX_DATABASE_URL must name a file, as in sqlite://data/signalbox.db".into(),
        ));
    }
    match file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => create_private_folder(folder).map_err(|error| {
            OpenError(format!("cannot create the database's folder {}: {error}", folder.display()))
        }),
        None => Ok(()),
    }
}

/// The URL with leave to create the file, unless it says how to open it.
fn creating(url: &str) -> String {
    match url.split_once('?') {
        None => format!("{url}?mode=rwc"),
        Some((_, query)) if query.contains("mode=") => url.to_owned(),
        Some(_) => format!("{url}&mode=rwc"),
    }
}

/// The URL without user, password and options.
fn without_secrets(url: &str) -> String {
    let url = url.split_once('?').map_or(url, |(url, _)| url);
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
            format!("{scheme}://{place}")
        }
        None => url.to_owned(),
    }
}

fn why_not_migrated(url: &str, error: &MigrateError) -> String {
    let place = without_secrets(url);
    match error {
        MigrateError::VersionMissing(version) => format!(
            "{place} was made by a newer version of Signalbox (migration {version}): start that one, or restore a backup"
        ),
        MigrateError::VersionMismatch(version) => format!(
            "the tables of {place} were made by another version of Signalbox (migration {version} differs): start that one, or restore a backup"
        ),
        error => format!("cannot bring the tables of {place} up to date: {error}"),
    }
}

#[cfg(test)]
mod tests;
