//! Who casts a ballot.

use super::poll::PollError;

/// The most characters of a voter's name or id.
pub const ID_MAX: usize = 100;

/// An identity that has one ballot in each poll. The kinds never meet: nobody takes over the ballot
/// of a visitor by giving the visitor's id as a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Voter(String);

impl Voter {
    /// A browser, known by its `visitor` cookie.
    ///
    /// # Errors
    /// [`PollError::Invalid`] with field `voter` when the cookie cannot be one of ours.
    pub fn visitor(id: &str) -> Result<Self, PollError> {
        Self::checked("visitor", id)
    }

    /// A client that names its voter itself, such as a script or another service.
    ///
    /// # Errors
    /// [`PollError::Invalid`] with field `voter` when the name is empty or too long.
    pub fn named(name: &str) -> Result<Self, PollError> {
        Self::checked("name", name)
    }

    /// A hub connection that gave no identity: another connection is another voter.
    pub fn connection(id: &str) -> Self {
        Self(format!("connection:{id}"))
    }

    fn checked(kind: &str, id: &str) -> Result<Self, PollError> {
        let fits = (1..=ID_MAX).contains(&id.chars().count());
        // PostgreSQL does not store all of these, and one vote is not to fail those beside it.
        if !fits || id.contains(char::is_control) {
            let text = format!("A voter is named in 1 to {ID_MAX} characters of plain text.");
            return Err(PollError::invalid("voter", text));
        }
        Ok(Self(format!("{kind}:{id}")))
    }

    /// The form in which ballots are stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
