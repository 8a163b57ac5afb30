//! A poll and its rules: what makes a poll valid, and what a ballot may name.

use std::collections::HashSet;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};
use ts_rs::TS;

use super::code::Code;

/// The most characters of a poll's title.
pub const TITLE_MAX: usize = 200;
/// The fewest choices of a poll.
pub const CHOICES_MIN: usize = 2;
/// The most choices of a poll.
pub const CHOICES_MAX: usize = 20;
/// The most characters of a choice.
pub const CHOICE_MAX: usize = 100;

/// A single-choice poll with its tally, as of one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct Poll {
    /// The number in `/polls/<id>`, from 1.
    pub id: i64,
    /// The short code in `/p/<code>`.
    #[ts(type = "string")]
    pub code: Code,
    /// The question.
    pub title: String,
    /// Whether ballots may be cast and changed.
    pub open: bool,
    /// Grows with every change; of two states of a poll the one with the higher sequence is the
    /// later.
    pub sequence: i64,
    /// How many have voted: one ballot each.
    pub voters: i64,
    /// In the order shown.
    pub choices: Vec<Choice>,
}

/// One answer of a poll, and how many ballots name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct Choice {
    /// The position in its poll, from 1.
    pub id: i64,
    /// What is shown; unique in its poll without regard to case.
    pub text: String,
    /// Ballots that name this choice.
    pub votes: i64,
}

impl Poll {
    /// The choice that a ballot names.
    ///
    /// # Errors
    /// [`PollError::Invalid`] with field `choice` when the poll has no such choice.
    pub fn choice(&self, named: &ChoiceRef) -> Result<&Choice, PollError> {
        let found = match named {
            ChoiceRef::Id(id) => self.choices.iter().find(|choice| choice.id == *id),
            ChoiceRef::Text(text) => {
                let wanted = normal(text);
                self.choices.iter().find(|choice| normal(&choice.text) == wanted)
            }
        };
        found.ok_or_else(|| {
            PollError::invalid("choice", format!("This poll has no choice “{named}”."))
        })
    }

    /// What part of the voters chose this, in whole percent; 0 without voters.
    pub fn percent(&self, choice: &Choice) -> i64 {
        (choice.votes * 200 + self.voters).checked_div(self.voters * 2).unwrap_or(0)
    }

    /// The poll as it stands after ballots were cast and counted: `counts` holds pairs of choice id
    /// and count.
    #[must_use]
    pub fn counted(&self, sequence: i64, counts: &[(i64, i64)]) -> Self {
        let mut poll = self.clone();
        // Only an open poll takes ballots, whatever was known of it before.
        poll.open = true;
        poll.sequence = sequence;
        poll.voters = counts.iter().map(|(_, count)| count).sum();
        for choice in &mut poll.choices {
            choice.votes =
                counts.iter().find(|(id, _)| *id == choice.id).map_or(0, |(_, count)| *count);
        }
        poll
    }
}

/// A poll's tally alone; serialises as a map from the choices' texts to their counts, in the order
/// of the choices.
#[derive(Clone, Debug, TS)]
#[ts(type = "Record<string, number>")]
pub struct Votes(pub Arc<Poll>);

impl Serialize for Votes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let choices = &self.0.choices;
        serializer.collect_map(choices.iter().map(|choice| (&choice.text, choice.votes)))
    }
}

/// How clients name a poll: by its id (a number, or digits in a string) or by its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(from = "NumberOrText")]
#[ts(type = "number | string")]
pub enum PollRef {
    /// By id.
    Id(i64),
    /// By short code.
    Code(Code),
    /// By a text that can be neither: no poll has it.
    Unreadable,
}

impl From<&str> for PollRef {
    fn from(text: &str) -> Self {
        match (text.trim().parse(), Code::parse(text)) {
            (Ok(id), _) => Self::Id(id),
            (_, Some(code)) => Self::Code(code),
            _ => Self::Unreadable,
        }
    }
}

impl From<NumberOrText> for PollRef {
    fn from(named: NumberOrText) -> Self {
        match named {
            NumberOrText::Number(id) => Self::Id(id),
            NumberOrText::Text(text) => text.as_str().into(),
        }
    }
}

/// How clients name a choice: by its id (a number) or by its text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(from = "NumberOrText")]
#[ts(type = "number | string")]
pub enum ChoiceRef {
    /// By id.
    Id(i64),
    /// By text, without regard to case.
    Text(String),
}

impl From<NumberOrText> for ChoiceRef {
    fn from(named: NumberOrText) -> Self {
        match named {
            NumberOrText::Number(id) => Self::Id(id),
            NumberOrText::Text(text) => Self::Text(text),
        }
    }
}

impl fmt::Display for ChoiceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Text(text) => f.write_str(&text.chars().take(CHOICE_MAX).collect::<String>()),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "neither a number nor a text")]
enum NumberOrText {
    Number(i64),
    Text(String),
}

/// The title and the choices of a poll to be made, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    title: String,
    choices: Vec<String>,
}

impl Draft {
    /// Checks what staff typed. Runs of white space count as one space, and empty choices are left
    /// out.
    ///
    /// # Errors
    /// [`PollError::Invalid`] with field `title` or `choices`.
    pub fn new<'a>(
        title: &str,
        choices: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, PollError> {
        let title = tidy(title);
        match title.chars().count() {
            0 => return Err(PollError::invalid("title", "Give the poll a question.")),
            length if length > TITLE_MAX => {
                let text =
                    format!("The question has {length} characters; at most {TITLE_MAX} fit.");
                return Err(PollError::invalid("title", text));
            }
            _ => {}
        }
        let choices: Vec<_> =
            choices.into_iter().map(tidy).filter(|choice| !choice.is_empty()).collect();
        if !(CHOICES_MIN..=CHOICES_MAX).contains(&choices.len()) {
            let text = format!(
                "A poll needs {CHOICES_MIN} to {CHOICES_MAX} choices; this one has {}.",
                choices.len()
            );
            return Err(PollError::invalid("choices", text));
        }
        let mut seen = HashSet::new();
        for choice in &choices {
            if choice.chars().count() > CHOICE_MAX {
                let start: String = choice.chars().take(20).collect();
                let text = format!(
                    "The choice “{start}…” is too long; at most {CHOICE_MAX} characters fit."
                );
                return Err(PollError::invalid("choices", text));
            }
            if !seen.insert(normal(choice)) {
                return Err(PollError::invalid(
                    "choices",
                    format!("The choice “{choice}” is there twice."),
                ));
            }
        }
        Ok(Self { title, choices })
    }

    /// The question.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The choices in the order shown.
    pub fn choices(&self) -> &[String] {
        &self.choices
    }
}

/// Why a poll or a ballot was refused. It is no [`Error`], since those are hidden from clients, and
/// its text is made for them.
#[derive(Debug)]
pub enum PollError {
    /// No poll has this id or code.
    NotFound,
    /// The poll takes no ballots any more.
    Closed,
    /// What was sent breaks a rule.
    Invalid {
        /// The name of the field, as in forms and JSON.
        field: &'static str,
        /// The rule, in words for the sender.
        text: String,
    },
    /// Storing or reading failed; nothing was recorded. The cause is for the log, not for clients.
    Failed(Box<dyn Error + Send + Sync>),
}

impl PollError {
    /// A broken rule about one field.
    pub fn invalid(field: &'static str, text: impl Into<String>) -> Self {
        Self::Invalid { field, text: text.into() }
    }
}

impl fmt::Display for PollError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("There is no poll with this number or code."),
            Self::Closed => {
                f.write_str("This poll is closed: votes can no longer be cast or changed.")
            }
            Self::Invalid { text, .. } => f.write_str(text),
            Self::Failed(_) => {
                f.write_str("This did not work, and nothing was recorded. Please try again.")
            }
        }
    }
}

/// Without white space at the ends, with one space for each run of it inside, and without control
/// characters, of which PostgreSQL does not store all.
fn tidy(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The form in which texts are compared: tidy and without case.
fn normal(text: &str) -> String {
    tidy(text).to_lowercase()
}

#[cfg(test)]
mod tests;
