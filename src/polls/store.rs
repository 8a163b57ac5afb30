//! The tables of polls, choices and ballots.

use std::collections::BTreeMap;

use sqlx::{Any, AnyPool, Transaction};

use super::code::Code;
use super::poll::{Choice, Draft, Poll, PollError};
use super::voter::Voter;

/// How many polls a list shows.
const LISTED: i64 = 200;

/// A vote to be recorded.
#[derive(Debug)]
pub(super) struct Vote {
    pub(super) poll: i64,
    pub(super) choice: i64,
    pub(super) voter: Voter,
}

/// A voter's ballot as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ballot {
    /// The ballot's ordinal in its poll: the voter's receipt.
    pub number: i64,
    /// The id of the choice it names.
    pub choice: i64,
}

/// The ballots of one poll, counted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) sequence: i64,
    /// Choice ids and their ballots; choices without ballots are left out.
    pub(super) votes: Vec<(i64, i64)>,
}

/// What became of some votes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Recorded {
    /// The ballot numbers, in the order of the votes; none where the poll is closed.
    pub(super) numbers: Vec<Option<i64>>,
    /// The new tallies, by poll.
    pub(super) counts: BTreeMap<i64, Count>,
}

/// Polls in the database.
#[derive(Clone, Debug)]
pub(super) struct PollStore(AnyPool);

impl PollStore {
    pub(super) fn new(pool: AnyPool) -> Self {
        Self(pool)
    }

    /// Stores a new, open poll under this code, and returns its id; none when the code, or the next
    /// id, was taken meanwhile.
    pub(super) async fn create(
        &self,
        draft: &Draft,
        code: Code,
    ) -> Result<Option<i64>, sqlx::Error> {
        let mut tx = self.0.begin().await?;
        let id: Option<i64> = sqlx::query_scalar(
            "INSERT INTO polls (id, code, title, open, sequence, created_at)
             VALUES ((SELECT COALESCE(MAX(id), 0) + 1 FROM polls), $1, $2, 1, 1, $3)
             ON CONFLICT DO NOTHING RETURNING id",
        )
        .bind(code.as_str())
        .bind(draft.title())
        .bind(now())
        .fetch_optional(&mut *tx)
        .await?;
        let Some(id) = id else { return Ok(None) };
        for (position, text) in (1_i64..).zip(draft.choices()) {
            sqlx::query("INSERT INTO choices (poll_id, position, text) VALUES ($1, $2, $3)")
                .bind(id)
                .bind(position)
                .bind(text)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(Some(id))
    }

    /// A poll with its tally.
    pub(super) async fn load(&self, id: i64) -> Result<Option<Poll>, sqlx::Error> {
        // The sequence is read before the ballots are counted, so that the tally is never older
        // than it says.
        let row: Option<(String, String, i64, i64)> =
            sqlx::query_as("SELECT code, title, open, sequence FROM polls WHERE id = $1")
                .bind(id)
                .fetch_optional(&self.0)
                .await?;
        let Some((code, title, open, sequence)) = row else { return Ok(None) };
        let choices: Vec<(i64, String, i64)> = sqlx::query_as(
            "SELECT position, text,
                    (SELECT COUNT(*) FROM ballots WHERE poll_id = $1 AND choice = position)
             FROM choices WHERE poll_id = $1 ORDER BY position",
        )
        .bind(id)
        .fetch_all(&self.0)
        .await?;
        let choices: Vec<_> =
            choices.into_iter().map(|(id, text, votes)| Choice { id, text, votes }).collect();
        let code = Code::parse(&code).ok_or_else(|| {
            sqlx::Error::Decode(format!("poll {id} has the code {code:?}").into())
        })?;
        let voters = choices.iter().map(|choice| choice.votes).sum();
        Ok(Some(Poll { id, code, title, open: open != 0, sequence, voters, choices }))
    }

    /// The id of the poll with this code.
    pub(super) async fn id_of(&self, code: Code) -> Result<Option<i64>, sqlx::Error> {
        sqlx::query_scalar("SELECT id FROM polls WHERE code = $1")
            .bind(code.as_str())
            .fetch_optional(&self.0)
            .await
    }

    /// The ids of the latest polls, open ones first, then newest first.
    pub(super) async fn latest(&self) -> Result<Vec<i64>, sqlx::Error> {
        sqlx::query_scalar("SELECT id FROM polls ORDER BY open DESC, id DESC LIMIT $1")
            .bind(LISTED)
            .fetch_all(&self.0)
            .await
    }

    /// Opens or closes a poll; false when there is no such poll or it is so already.
    pub(super) async fn set_open(&self, id: i64, open: bool) -> Result<bool, sqlx::Error> {
        let changed = sqlx::query(
            "UPDATE polls SET open = $2, sequence = sequence + 1 WHERE id = $1 AND open <> $2",
        )
        .bind(id)
        .bind(i64::from(open))
        .execute(&self.0)
        .await?;
        Ok(changed.rows_affected() > 0)
    }

    /// What this voter has voted.
    pub(super) async fn ballot(
        &self,
        poll: i64,
        voter: &Voter,
    ) -> Result<Option<Ballot>, sqlx::Error> {
        let row: Option<(i64, i64)> =
            sqlx::query_as("SELECT number, choice FROM ballots WHERE poll_id = $1 AND voter = $2")
                .bind(poll)
                .bind(voter.as_str())
                .fetch_optional(&self.0)
                .await?;
        Ok(row.map(|(number, choice)| Ballot { number, choice }))
    }

    /// Records votes in one transaction, in their order, and counts the polls they belong to.
    /// All are on disk when this returns, or none.
    pub(super) async fn record(&self, votes: &[Vote]) -> Result<Recorded, sqlx::Error> {
        let mut tx = self.0.begin().await?;
        let mut recorded = Recorded { numbers: vec![None; votes.len()], counts: BTreeMap::new() };
        let mut by_poll: BTreeMap<i64, Vec<(usize, &Vote)>> = BTreeMap::new();
        for (index, vote) in votes.iter().enumerate() {
            by_poll.entry(vote.poll).or_default().push((index, vote));
        }
        // In the order of ids, so that two servers on one database never wait for each other in a
        // circle.
        for (poll, votes) in by_poll {
            // First, because it also locks the poll: nobody closes it, votes or counts until the
            // commit.
            let Some(sequence) = lock_open(&mut tx, poll).await? else { continue };
            for (index, vote) in votes {
                recorded.numbers[index] = Some(cast(&mut tx, vote).await?);
            }
            recorded.counts.insert(poll, Count { sequence, votes: count(&mut tx, poll).await? });
        }
        tx.commit().await?;
        Ok(recorded)
    }
}

/// Raises the sequence of a poll if it is open.
async fn lock_open(tx: &mut Transaction<'_, Any>, poll: i64) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "UPDATE polls SET sequence = sequence + 1 WHERE id = $1 AND open = 1 RETURNING sequence",
    )
    .bind(poll)
    .fetch_optional(&mut **tx)
    .await
}

/// Casts or replaces a ballot, and returns its number.
async fn cast(tx: &mut Transaction<'_, Any>, vote: &Vote) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "INSERT INTO ballots (poll_id, voter, number, choice, cast_at)
         VALUES ($1, $2,
                 (SELECT COALESCE(MAX(number), 0) + 1 FROM ballots WHERE poll_id = $1), $3, $4)
         ON CONFLICT (poll_id, voter)
             DO UPDATE SET choice = excluded.choice, cast_at = excluded.cast_at
         RETURNING number",
    )
    .bind(vote.poll)
    .bind(vote.voter.as_str())
    .bind(vote.choice)
    .bind(now())
    .fetch_one(&mut **tx)
    .await
}

async fn count(tx: &mut Transaction<'_, Any>, poll: i64) -> Result<Vec<(i64, i64)>, sqlx::Error> {
    sqlx::query_as("SELECT choice, COUNT(*) FROM ballots WHERE poll_id = $1 GROUP BY choice")
        .bind(poll)
        .fetch_all(&mut **tx)
        .await
}

/// The time in epoch milliseconds.
fn now() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

impl From<sqlx::Error> for PollError {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

#[cfg(test)]
mod tests;
