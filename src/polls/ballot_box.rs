//! Votes on their way to the database. One task writes them all: what arrives while a transaction
//! is being written goes into the next one together, so that many votes share one wait for the
//! disk.

use tokio::sync::{mpsc, oneshot};

use super::poll::PollError;
use super::store::{PollStore, Recorded, Vote};

/// How many votes may wait; more make their callers wait.
const QUEUE: usize = 4_096;

/// The most votes in one transaction: a bound for the first one's wait.
const BATCH: usize = 512;

/// Where votes are dropped in. Clones drop into the same box.
#[derive(Clone, Debug)]
pub(super) struct BallotBox(mpsc::Sender<Cast>);

#[derive(Debug)]
struct Cast {
    vote: Vote,
    receipt: oneshot::Sender<Result<i64, PollError>>,
}

impl BallotBox {
    /// Starts the writing task, which ends with the last clone of the box. `counted` learns of each
    /// transaction after its commit and before the voters do.
    pub(super) fn open(store: PollStore, counted: impl Fn(&Recorded) + Send + 'static) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(write(store, receiver, counted));
        Self(sender)
    }

    /// Records a vote and returns its ballot's number.
    ///
    /// # Errors
    /// [`PollError::Closed`], or [`PollError::Failed`] when nothing was recorded.
    ///
    /// # Cancel safety
    /// A vote that was dropped in is recorded, also when nobody waits for it any more.
    pub(super) async fn cast(&self, vote: Vote) -> Result<i64, PollError> {
        let (receipt, answer) = oneshot::channel();
        self.0.send(Cast { vote, receipt }).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

async fn write(
    store: PollStore,
    mut casts: mpsc::Receiver<Cast>,
    counted: impl Fn(&Recorded) + Send + 'static,
) {
    let mut batch = Vec::with_capacity(BATCH);
    while casts.recv_many(&mut batch, BATCH).await > 0 {
        let (votes, receipts): (Vec<_>, Vec<_>) =
            batch.drain(..).map(|cast| (cast.vote, cast.receipt)).unzip();
        let answers: Vec<_> = match store.record(&votes).await {
            Ok(recorded) => {
                counted(&recorded);
                recorded.numbers.into_iter().map(|number| number.ok_or(PollError::Closed)).collect()
            }
            Err(error) => {
                let cause = error.to_string();
                votes.iter().map(|_| Err(PollError::Failed(cause.as_str().into()))).collect()
            }
        };
        for (receipt, answer) in receipts.into_iter().zip(answers) {
            // Who no longer waits has voted all the same.
            receipt.send(answer).ok();
        }
    }
}

fn stopped() -> PollError {
    PollError::Failed("the task that writes votes has ended".into())
}
