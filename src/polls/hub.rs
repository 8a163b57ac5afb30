//! `/hubs/menti`: voting, and tallies as they move.

use std::sync::Arc;

use rocket_signalr::{Caller, HubContext, HubError, hub, hub_client};

use super::poll::{ChoiceRef, Poll, PollRef, Votes};
use super::registry::{Polls, Receipt};
use super::voter::Voter;
use crate::web::visitor;

/// What the server tells those who follow polls.
#[hub_client]
pub trait PollClient {
    /// A poll's tally, to those who asked for its tallies or voted: choice to count.
    async fn update_votes(&self, votes: &Votes);
    /// A poll with its tally, to those who watch it.
    async fn poll_update(&self, poll: &Poll);
    /// A poll was made, opened or closed; to those who watch the list.
    async fn polls_changed(&self);
}

/// Those who watch the list of polls.
const LIST: &str = "polls";

/// Those who follow the tally of a poll.
fn followers(poll: i64) -> String {
    format!("poll:{poll}")
}

/// Those who watch a poll.
fn watchers(poll: i64) -> String {
    format!("poll:{poll}:watch")
}

/// Kept with connections that watch polls: they need no `updateVotes` beside it.
#[derive(Clone, Copy)]
struct Watches;

/// The methods that clients call.
#[derive(Debug)]
pub struct PollHub {
    polls: Polls,
}

impl PollHub {
    /// The hub of these polls.
    pub fn new(polls: Polls) -> Self {
        Self { polls }
    }
}

#[hub(client = PollClient)]
impl PollHub {
    /// Casts the caller's ballot, or replaces it, and follows the poll's tally from then on.
    ///
    /// The poll is named by number, by the number as text, or by code; the choice by text or by
    /// number. The voter is the visitor of the `visitor` cookie; without one, who the query
    /// parameter `voter` names; without that, the connection itself, so that a client that connects
    /// anew is a new voter.
    async fn vote(
        &self,
        caller: &Caller<Self>,
        poll: PollRef,
        choice: ChoiceRef,
    ) -> Result<Receipt, HubError> {
        let voter = match (caller.cookie(visitor::COOKIE), caller.query("voter")) {
            (Some(id), _) => Voter::visitor(&id)?,
            (None, Some(name)) => Voter::named(&name)?,
            (None, None) => Voter::connection(caller.connection_id()),
        };
        let receipt = self.polls.vote(poll, &choice, voter).await?;
        if caller.get::<Watches>().is_none() {
            caller.join(&followers(receipt.poll.id)).await;
        }
        push_news(&self.polls, caller.context(), receipt.poll.id).await;
        Ok(receipt)
    }

    /// The tally of a poll, which the caller follows from then on.
    async fn get_tallies(&self, caller: &Caller<Self>, poll: PollRef) -> Result<Votes, HubError> {
        let poll = self.polls.find(poll).await?;
        caller.join(&followers(poll.id)).await;
        // Read again as a follower: what changes from here on is told.
        Ok(Votes(self.polls.find(PollRef::Id(poll.id)).await?))
    }

    /// A poll with its tally, which the caller watches from then on.
    async fn watch_poll(
        &self,
        caller: &Caller<Self>,
        poll: PollRef,
    ) -> Result<Arc<Poll>, HubError> {
        let poll = self.polls.find(poll).await?;
        caller.insert(Watches);
        caller.join(&watchers(poll.id)).await;
        Ok(self.polls.find(PollRef::Id(poll.id)).await?)
    }

    /// The caller is told from then on when the list of polls changes.
    async fn watch_polls(&self, caller: &Caller<Self>) {
        caller.join(LIST).await;
    }
}

/// Pushes a poll's news, if it has any and none were pushed within the last tenth of a second. What
/// is held back goes out with the tick of the tallies service.
pub(super) async fn push_news(polls: &Polls, hub: &HubContext<PollHub>, id: i64) {
    if let Some(poll) = polls.take_news(id) {
        push(poll, hub).await;
    }
}

/// Pushes a poll to those who follow or watch it.
pub(super) async fn push(poll: Arc<Poll>, hub: &HubContext<PollHub>) {
    let clients = hub.clients();
    let watched = clients.group(&watchers(poll.id)).poll_update(&poll).await;
    let followed = clients.group(&followers(poll.id)).update_votes(&Votes(Arc::clone(&poll))).await;
    if let Err(error) = watched.and(followed) {
        tracing::error!(poll = poll.id, "cannot push: {error}");
    }
}

/// Tells those who watch the list that a poll was made, opened or closed.
pub(super) async fn push_list(hub: &HubContext<PollHub>) {
    if let Err(error) = hub.clients().group(LIST).polls_changed().await {
        tracing::error!("cannot push the list of polls: {error}");
    }
}
