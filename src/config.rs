//! Settings: the built-in defaults, then `Rocket.toml`, then the environment
//! (`ROCKET_…` for Rocket's own, `SIGNALBOX_…` for ours).
//!
//! Nothing is silently ignored: a key that nobody knows and a value that does not
//! fit stop the start with a message that names them.

use std::fmt;
use std::path::{Path, PathBuf};

use rocket::config::{LogLevel, SecretKey};
use rocket::figment::providers::{Env, Format, Serialized, Toml};
use rocket::figment::value::{Dict, Map, Value};
use rocket::figment::{Figment, Profile, Provider};
use serde::{Deserialize, Serialize};

use crate::keys::{Keys, StaffKey};

/// Our own settings, on top of those of Rocket.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the database is: `sqlite://<file>` or `postgres://…`.
    pub database_url: String,
    /// The folder of the keys made at the first start. By default the folder of the
    /// SQLite file, or `data` with another database.
    pub data_dir: PathBuf,
}

/// The settings as they are written, before the defaults that depend on others.
#[derive(Serialize, Deserialize)]
struct Written {
    database_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_dir: Option<PathBuf>,
}

/// Everything that a start needs to know.
#[derive(Debug)]
pub struct Config {
    /// Rocket's configuration, with the secret key in it.
    pub figment: Figment,
    /// How much is logged when `RUST_LOG` does not say it.
    pub log_level: LogLevel,
    /// Whether the log may be coloured.
    pub colors: bool,
    /// Ours.
    pub settings: Settings,
    /// What opens the staff's pages.
    pub staff_key: StaffKey,
}

/// A setting that stops the start. Its text names the setting and what to do.
#[derive(Debug)]
pub struct ConfigError(String);

impl fmt::Display for ConfigError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

/// Rocket's settings that this build obeys: it has no TLS of its own.
const ROCKET_KEYS: &[&str] = &[
    "address",
    "cli_colors",
    "ident",
    "ip_header",
    "keep_alive",
    "limits",
    "log_level",
    "max_blocking",
    "port",
    "secret_key",
    "shutdown",
    // What is in it is checked by `rocket_signalr`.
    "signalr",
    "temp_dir",
    "workers",
];
const SIGNALBOX_KEYS: &[&str] = &["data_dir", "database_url"];
const SHUTDOWN_KEYS: &[&str] = &["ctrlc", "force", "grace", "mercy", "signals"];
const LIMIT_KEYS: &[&str] = &["bytes", "data-form", "file", "form", "json", "msgpack", "string"];
const SECTIONS: &[&str] = &["debug", "default", "global", "release"];
/// Read by Rocket itself before the rest: which file, and which part of it.
const ROCKET_ENV_ONLY: &[&str] = &["config", "profile"];

impl Config {
    /// Reads the settings of this process and makes the keys if they do not exist yet.
    ///
    /// # Errors
    /// An unknown setting, a value that does not fit, a `Rocket.toml` that is not TOML,
    /// or keys that can be neither read nor made.
    pub fn load() -> Result<Self, ConfigError> {
        let file = Env::var_or("ROCKET_CONFIG", "Rocket.toml");
        let profile = Profile::from_env_or("ROCKET_PROFILE", rocket::Config::DEFAULT_PROFILE);
        let written = Toml::file(&file).nested().data();
        let written = written.map_err(|error| ConfigError(format!("wrong {file}: {error}")))?;
        check_file(&written, &file, &profile)?;
        check_env("ROCKET_", &[ROCKET_KEYS, ROCKET_ENV_ONLY].concat())?;
        check_env("SIGNALBOX_", SIGNALBOX_KEYS)?;

        Self::resolve(
            defaults()
                .merge(Toml::file(file).nested())
                .merge(Env::prefixed("ROCKET_").ignore(ROCKET_ENV_ONLY).global())
                .merge(Env::prefixed("SIGNALBOX_").global())
                .select(profile),
        )
    }

    /// The configuration out of settings that were put together in another way, on top
    /// of [`defaults`].
    ///
    /// # Errors
    /// As for [`Config::load`], except that unknown keys go unnoticed.
    pub fn resolve(figment: Figment) -> Result<Self, ConfigError> {
        let rocket: rocket::Config = figment.extract().map_err(wrong)?;
        let written: Written = figment.extract().map_err(wrong)?;
        let data_dir = written.data_dir.unwrap_or_else(|| folder_of(&written.database_url));
        let keys = Keys::load(&data_dir).map_err(|error| {
            ConfigError(format!(
                "the keys in {} can be neither read nor made: {error}",
                data_dir.display()
            ))
        })?;
        // A key that was set wins over the one in the file.
        let figment = if rocket.secret_key.is_provided() {
            figment
        } else {
            figment.merge(("secret_key", keys.secret))
        };
        figment.extract_inner::<SecretKey>("secret_key").map_err(wrong)?;
        Ok(Self {
            figment,
            log_level: rocket.log_level,
            colors: rocket.cli_colors,
            settings: Settings { database_url: written.database_url, data_dir },
            staff_key: keys.staff,
        })
    }
}

/// The built-in settings, where ours differ from Rocket's.
#[must_use]
pub fn defaults() -> Figment {
    let rocket = rocket::Config {
        // Whoever connects could write the header; a proxy's owner turns it on.
        ip_header: None,
        log_level: LogLevel::Normal,
        shutdown: rocket::config::Shutdown { grace: 1, mercy: 1, ..Default::default() },
        ..rocket::Config::default()
    };
    Figment::from(rocket).join(Serialized::defaults(Written {
        database_url: "sqlite://data/signalbox.db".into(),
        data_dir: None,
    }))
}

/// The file of a SQLite URL, if it is one.
#[must_use]
pub fn sqlite_file(database_url: &str) -> Option<&Path> {
    let rest = database_url.strip_prefix("sqlite:")?;
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    Some(Path::new(rest.split_once('?').map_or(rest, |(file, _)| file)))
}

fn folder_of(database_url: &str) -> PathBuf {
    match sqlite_file(database_url).map(Path::parent) {
        Some(Some(folder)) if folder.as_os_str().is_empty() => PathBuf::from("."),
        Some(Some(folder)) => folder.to_owned(),
        _ => PathBuf::from("data"),
    }
}

fn wrong(error: rocket::figment::Error) -> ConfigError {
    let lines: Vec<String> = error.into_iter().map(|error| error.to_string()).collect();
    ConfigError(format!("wrong setting: {}", lines.join("; ")))
}

fn check_file(
    file: &Map<Profile, Dict>,
    name: &str,
    selected: &Profile,
) -> Result<(), ConfigError> {
    let known = [ROCKET_KEYS, SIGNALBOX_KEYS].concat();
    for (profile, settings) in file {
        let section = profile.as_str().as_str();
        if profile != selected && !SECTIONS.contains(&section) {
            let place = format!("in {name}");
            return Err(unknown(section, &place, SECTIONS, |key| format!("[{key}]")));
        }
        let place = format!("in {name} [{section}]");
        check_keys(settings, &place, &known, str::to_owned)?;
    }
    Ok(())
}

fn check_env(prefix: &str, known: &[&str]) -> Result<(), ConfigError> {
    for settings in Env::prefixed(prefix).data().map_err(wrong)?.values() {
        check_keys(settings, "in the environment", known, |key| {
            format!("{prefix}{}", key.to_ascii_uppercase())
        })?;
    }
    Ok(())
}

/// `written` is how a key is spelled in that place.
fn check_keys(
    settings: &Dict,
    place: &str,
    known: &[&str],
    written: impl Fn(&str) -> String,
) -> Result<(), ConfigError> {
    for (key, value) in settings {
        if !known.contains(&key.as_str()) {
            return Err(unknown(key, place, known, written));
        }
        let Value::Dict(_, inner) = value else {
            continue;
        };
        let known = match key.as_str() {
            "shutdown" => SHUTDOWN_KEYS,
            "limits" => LIMIT_KEYS,
            _ => continue,
        };
        for inside in inner.keys() {
            let of_a_file_kind = key == "limits" && inside.starts_with("file/");
            if !of_a_file_kind && !known.contains(&inside.as_str()) {
                let place = format!("in {} {place}", written(key));
                return Err(unknown(inside, &place, known, str::to_owned));
            }
        }
    }
    Ok(())
}

fn unknown(
    key: &str,
    place: &str,
    known: &[&str],
    written: impl Fn(&str) -> String,
) -> ConfigError {
    let near = known
        .iter()
        .map(|other| (distance(key, other), other))
        .filter(|(distance, _)| *distance <= 3)
        .min();
    let hint = match near {
        Some((_, near)) => format!("did you mean {}?", written(near)),
        None => {
            let all: Vec<String> = known.iter().map(|key| written(key)).collect();
            format!("known are {}", all.join(", "))
        }
    };
    ConfigError(format!("unknown setting {} {place}: {hint}", written(key)))
}

/// How many letters must be added, left out or changed to make one word of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, &against) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != against);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_a_sqlite_url() {
        for (url, file) in [
            ("sqlite://data/signalbox.db", "data/signalbox.db"),
            ("sqlite:///var/signalbox.db?mode=rwc", "/var/signalbox.db"),
            ("sqlite:here.db", "here.db"),
        ] {
            assert_eq!(sqlite_file(url), Some(Path::new(file)));
        }
        assert_eq!(sqlite_file("postgres://host/db"), None);
    }

    #[test]
    fn keys_lie_beside_the_database() {
        assert_eq!(folder_of("sqlite://kept/here.db"), Path::new("kept"));
        assert_eq!(folder_of("sqlite://here.db"), Path::new("."));
        assert_eq!(folder_of("postgres://host/db"), Path::new("data"));
    }

    #[test]
    fn a_slip_of_the_pen_is_near_and_another_word_is_far() {
        assert_eq!(distance("adress", "address"), 1);
        assert_eq!(distance("prot", "port"), 2);
        assert_eq!(distance("", "port"), 4);
        assert!(distance("colour", "database_url") > 3);
    }
}
