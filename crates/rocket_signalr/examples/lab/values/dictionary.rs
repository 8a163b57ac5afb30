//! `Dictionary<string, …>`

use serde::{Deserialize, Serialize};

use super::entries::Entries;

/// Texts and what they stand for, in the order in which they came. Where one came twice, its last
/// value counts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Entries<T>", bound(deserialize = "T: Deserialize<'de>"))]
pub(crate) struct Dictionary<T>(Entries<T>);

impl<T> From<Entries<T>> for Dictionary<T> {
    fn from(Entries(all): Entries<T>) -> Self {
        let mut entries: Vec<(String, T)> = Vec::new();
        for (key, value) in all {
            match entries.iter_mut().find(|(known, _)| *known == key) {
                Some((_, old)) => *old = value,
                None => entries.push((key, value)),
            }
        }
        Self(Entries(entries))
    }
}
