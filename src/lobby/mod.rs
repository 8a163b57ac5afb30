//! The open lobby: whatever anybody says reaches everybody.

mod hub;

use std::fmt;

use rocket::fairing::AdHoc;
use rocket_signalr::Hub;

pub use self::hub::ChatHub;

const LONGEST_NAME: usize = 50;
const LONGEST_MESSAGE: usize = 2000;

/// Why something was not passed on. The text is for the one who said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The field is empty.
    Empty(&'static str),
    /// The field has more characters than the number given.
    TooLong(&'static str, usize),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty(field) => write!(f, "{field}: must not be empty."),
            Self::TooLong(field, most) => write!(f, "{field}: at most {most} characters."),
        }
    }
}

/// Whether a message may be passed on: a name of 1 to 50 characters, a text of 1 to 2,000. Blanks
/// alone count as nothing.
///
/// # Errors
/// Names the first field that is wrong.
pub fn check(user: &str, message: &str) -> Result<(), Refusal> {
    for (field, text, most) in [("user", user, LONGEST_NAME), ("message", message, LONGEST_MESSAGE)]
    {
        if text.trim().is_empty() {
            return Err(Refusal::Empty(field));
        }
        if text.chars().count() > most {
            return Err(Refusal::TooLong(field, most));
        }
    }
    Ok(())
}

/// Attaches `/hubs/chat`.
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("lobby", |rocket| async { rocket.attach(ChatHub.at("/hubs/chat")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_count_characters_and_name_the_field() {
        let said = |user: &str, message: &str| check(user, message).map_err(|e| e.to_string());
        assert_eq!(said("Åse", &"ж".repeat(2000)), Ok(()));
        assert_eq!(said(" ", "hi"), Err("user: must not be empty.".into()));
        assert_eq!(said("Åse", "\n"), Err("message: must not be empty.".into()));
        assert_eq!(said(&"x".repeat(51), "hi"), Err("user: at most 50 characters.".into()));
        assert_eq!(said("Åse", &"x".repeat(2001)), Err("message: at most 2000 characters.".into()));
    }
}
