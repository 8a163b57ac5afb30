//! All polls: the database behind them, and their present tallies in memory.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::{Mutex, RwLock};
use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};
use sqlx::AnyPool;
use ts_rs::TS;

use super::ballot_box::BallotBox;
use super::code::Code;
use super::pace::Pace;
use super::poll::{ChoiceRef, Draft, Poll, PollError, PollRef, Votes};
use super::store::{Ballot, PollStore, Recorded, Vote};
use super::voter::Voter;

/// The polls of this server. Clones share them.
#[derive(Clone, Debug)]
pub struct Polls {
    store: PollStore,
    ballots: BallotBox,
    live: Arc<Live>,
}

/// What is known without asking the database.
#[derive(Debug, Default)]
struct Live {
    /// The latest state of every poll that was asked for. Nothing is dropped: a poll takes some 2
    /// KB, and only staff make polls.
    polls: RwLock<HashMap<i64, Arc<Poll>>>,
    pace: Mutex<Pace>,
}

/// The answer to a vote: it is on disk and counted.
#[derive(Clone, Debug, TS)]
#[ts(
    type = "{ poll: number; choice: string | null; ballot: number; votes: Record<string, number>; total: number }"
)]
pub struct Receipt {
    /// The poll with the vote in its tally.
    pub poll: Arc<Poll>,
    /// The voter's ballot.
    pub ballot: Ballot,
}

/// As clients get it: `{poll, choice, ballot, votes, total}`.
impl Serialize for Receipt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let choice = self.poll.choices.iter().find(|choice| choice.id == self.ballot.choice);
        let mut receipt = serializer.serialize_struct("Receipt", 5)?;
        receipt.serialize_field("poll", &self.poll.id)?;
        receipt.serialize_field("choice", &choice.map(|choice| &choice.text))?;
        receipt.serialize_field("ballot", &self.ballot.number)?;
        receipt.serialize_field("votes", &Votes(Arc::clone(&self.poll)))?;
        receipt.serialize_field("total", &self.poll.voters)?;
        receipt.end()
    }
}

impl Polls {
    /// The polls of a database whose tables exist. Must be called within the runtime, where its
    /// writing task runs.
    pub fn open(pool: AnyPool) -> Self {
        let store = PollStore::new(pool);
        let live = Arc::new(Live::default());
        let shared = Arc::clone(&live);
        let ballots = BallotBox::open(store.clone(), move |recorded| shared.count(recorded));
        Self { store, ballots, live }
    }

    /// Makes an open poll.
    ///
    /// # Errors
    /// [`PollError::Failed`].
    pub async fn create(&self, draft: &Draft) -> Result<Arc<Poll>, PollError> {
        loop {
            if let Some(id) = self.store.create(draft, Code::random()).await? {
                return self.load(id).await;
            }
        }
    }

    /// The poll that a client names, as of now.
    ///
    /// # Errors
    /// [`PollError::NotFound`] or [`PollError::Failed`].
    pub async fn find(&self, named: PollRef) -> Result<Arc<Poll>, PollError> {
        let id = match named {
            PollRef::Id(id) => id,
            PollRef::Code(code) => self.store.id_of(code).await?.ok_or(PollError::NotFound)?,
            PollRef::Unreadable => return Err(PollError::NotFound),
        };
        match self.live.get(id) {
            Some(poll) => Ok(poll),
            None => self.load(id).await,
        }
    }

    /// The latest polls, open ones first, then newest first.
    ///
    /// # Errors
    /// [`PollError::Failed`].
    pub async fn latest(&self) -> Result<Vec<Arc<Poll>>, PollError> {
        let mut polls = Vec::new();
        for id in self.store.latest().await? {
            polls.push(self.find(PollRef::Id(id)).await?);
        }
        Ok(polls)
    }

    /// Casts the voter's ballot, or replaces it. It is on disk when this returns.
    ///
    /// # Errors
    /// [`PollError`], each of them.
    ///
    /// # Cancel safety
    /// A vote that passed the rules may be recorded although nobody waits for its receipt.
    pub async fn vote(
        &self,
        poll: PollRef,
        choice: &ChoiceRef,
        voter: Voter,
    ) -> Result<Receipt, PollError> {
        let poll = self.find(poll).await?;
        let choice = poll.choice(choice)?.id;
        let number = self.ballots.cast(Vote { poll: poll.id, choice, voter }).await?;
        let poll = self.live.get(poll.id).unwrap_or(poll);
        Ok(Receipt { poll, ballot: Ballot { number, choice } })
    }

    /// What this voter has voted, if anything.
    ///
    /// # Errors
    /// [`PollError::Failed`].
    pub async fn ballot(&self, poll: i64, voter: &Voter) -> Result<Option<Ballot>, PollError> {
        Ok(self.store.ballot(poll, voter).await?)
    }

    /// Opens or closes a poll; a poll that is so already stays as it is.
    ///
    /// # Errors
    /// [`PollError::NotFound`] or [`PollError::Failed`].
    pub async fn set_open(&self, id: i64, open: bool) -> Result<Arc<Poll>, PollError> {
        let changed = self.store.set_open(id, open).await?;
        let poll = self.load(id).await?;
        if changed {
            self.live.pace.lock().changed(id);
        }
        Ok(poll)
    }

    /// The poll, if it has news that may be pushed now; they count as pushed.
    pub(super) fn take_news(&self, id: i64) -> Option<Arc<Poll>> {
        let due = self.live.pace.lock().take(id, Instant::now());
        due.then(|| self.live.get(id)).flatten()
    }

    /// All polls that have news that may be pushed now; they count as pushed.
    pub(super) fn take_all_news(&self) -> Vec<Arc<Poll>> {
        let due = self.live.pace.lock().take_due(Instant::now());
        due.into_iter().filter_map(|id| self.live.get(id)).collect()
    }

    async fn load(&self, id: i64) -> Result<Arc<Poll>, PollError> {
        let poll = self.store.load(id).await?.ok_or(PollError::NotFound)?;
        Ok(self.live.keep_later(poll))
    }
}

impl Live {
    fn get(&self, id: i64) -> Option<Arc<Poll>> {
        self.polls.read().get(&id).cloned()
    }

    /// Keeps the later of this state and the one in memory, and returns it: what was read from the
    /// database first may arrive here last.
    fn keep_later(&self, poll: Poll) -> Arc<Poll> {
        let mut polls = self.polls.write();
        match polls.get(&poll.id) {
            Some(known) if known.sequence > poll.sequence => Arc::clone(known),
            _ => {
                let poll = Arc::new(poll);
                polls.insert(poll.id, Arc::clone(&poll));
                poll
            }
        }
    }

    fn count(&self, recorded: &Recorded) {
        for (id, count) in &recorded.counts {
            if let Some(poll) = self.get(*id) {
                self.keep_later(poll.counted(count.sequence, &count.votes));
            }
            self.pace.lock().changed(*id);
        }
    }
}

#[cfg(test)]
mod tests;
