//! The dashboard's view of running polls.

use std::sync::Arc;

use askama::Template;

use super::poll::{Poll, PollError};
use super::registry::Polls;

/// How many polls it shows.
const SHOWN: usize = 4;

/// Running polls with their tallies. Its script is the entry `polls`.
#[derive(Debug, Template)]
#[template(path = "polls/widget.html")]
pub struct Widget {
    polls: Vec<Arc<Poll>>,
    staff: bool,
}

/// The running polls of the moment, the newest first.
///
/// # Errors
/// [`PollError::Failed`].
pub async fn widget(polls: &Polls, staff: bool) -> Result<Widget, PollError> {
    let mut polls = polls.latest().await?;
    polls.retain(|poll| poll.open);
    polls.truncate(SHOWN);
    Ok(Widget { polls, staff })
}
