//! The two secrets of an installation, made at its first start and kept as files that
//! only their owner can read, beside the database.

use std::fmt;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rand::TryRngCore;
use rand::rngs::OsRng;

/// Both secrets.
pub(crate) struct Keys {
    /// What private cookies are sealed with, as Rocket's `secret_key` takes it.
    pub(crate) secret: String,
    /// What opens the staff's pages.
    pub(crate) staff: StaffKey,
}

/// The key in the staff link. Its text never appears in logs.
#[derive(Clone)]
pub struct StaffKey(String);

impl StaffKey {
    /// The key itself, for the link that is printed at the start.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether `given` is the key. Takes equally long for every wrong key of the right
    /// length, so that it cannot be guessed letter by letter.
    #[must_use]
    pub fn matches(&self, given: &str) -> bool {
        equal_in_constant_time(self.0.as_bytes(), given.as_bytes())
    }
}

impl fmt::Debug for StaffKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("StaffKey(…)")
    }
}

impl Keys {
    /// Reads `secret.key` and `staff.key` in `folder`, and makes what does not exist yet.
    pub(crate) fn load(folder: &Path) -> io::Result<Self> {
        create_private_folder(folder)?;
        Ok(Self {
            secret: load_or_make(&folder.join("secret.key"), || {
                Ok(STANDARD.encode(random::<64>()?))
            })?,
            staff: StaffKey(load_or_make(&folder.join("staff.key"), random_token)?),
        })
    }
}

/// 192 random bits that fit into a URL, a cookie and a form.
pub(crate) fn random_token() -> io::Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(random::<24>()?))
}

/// Compares secrets without telling by its duration how much of them is equal.
pub(crate) fn equal_in_constant_time(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    OsRng.try_fill_bytes(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

/// Creates `folder` and those above it, for the owner alone, where they do not exist.
pub(crate) fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

fn load_or_make(file: &Path, make: impl Fn() -> io::Result<String>) -> io::Result<String> {
    match fs::read_to_string(file) {
        Ok(text) if text.trim().is_empty() => Err(io::Error::new(
            ErrorKind::InvalidData,
            format!("{} is empty: delete it to get a new key", file.display()),
        )),
        Ok(text) => Ok(text.trim().to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let key = make()?;
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut created = options.open(file)?;
            writeln!(created, "{key}")?;
            created.sync_all()?;
            Ok(key)
        }
        Err(error) => Err(error),
    }
}
