use super::*;
use crate::polls::testing::database;

/// A store with one open poll, and the poll's id.
async fn store_with_poll() -> (PollStore, i64, crate::polls::testing::Database) {
    let database = database().await;
    let store = PollStore::new(database.pool());
    let id = store.create(&lunch(), code("KM7Q2X")).await.unwrap().unwrap();
    (store, id, database)
}

fn lunch() -> Draft {
    Draft::new("Lunch?", ["Soup", "Salad", "Cake"]).unwrap()
}

fn code(text: &str) -> Code {
    Code::parse(text).unwrap()
}

fn vote(poll: i64, choice: i64, voter: &str) -> Vote {
    Vote { poll, choice, voter: Voter::named(voter).unwrap() }
}

fn votes(poll: &Poll) -> Vec<i64> {
    poll.choices.iter().map(|choice| choice.votes).collect()
}

#[tokio::test]
async fn a_poll_is_stored_as_drafted() {
    let (store, id, _database) = store_with_poll().await;
    let poll = store.load(id).await.unwrap().unwrap();
    assert_eq!((poll.id, poll.title.as_str(), poll.open, poll.voters), (1, "Lunch?", true, 0));
    assert_eq!(
        poll.choices.iter().map(|choice| choice.text.as_str()).collect::<Vec<_>>(),
        ["Soup", "Salad", "Cake"]
    );
    assert_eq!(store.id_of(code("km7-q2x")).await.unwrap(), Some(id));
    assert_eq!(store.load(id + 1).await.unwrap(), None);
}

#[tokio::test]
async fn a_code_is_given_once() {
    let (store, id, _database) = store_with_poll().await;
    assert_eq!(store.create(&lunch(), code("KM7Q2X")).await.unwrap(), None);
    assert_eq!(store.create(&lunch(), code("ABCDEF")).await.unwrap(), Some(id + 1));
}

#[tokio::test]
async fn a_voter_has_one_ballot_and_keeps_its_number() {
    let (store, id, _database) = store_with_poll().await;
    let first = store.record(&[vote(id, 1, "ann"), vote(id, 2, "bob")]).await.unwrap();
    assert_eq!(first.numbers, [Some(1), Some(2)]);
    let again = store.record(&[vote(id, 3, "ann"), vote(id, 3, "eve")]).await.unwrap();
    assert_eq!(again.numbers, [Some(1), Some(3)]);
    assert_eq!(again.counts[&id], Count { sequence: 3, votes: vec![(2, 1), (3, 2)] });

    let poll = store.load(id).await.unwrap().unwrap();
    assert_eq!((votes(&poll), poll.voters, poll.sequence), (vec![0, 1, 2], 3, 3));
    let ballot = store.ballot(id, &Voter::named("ann").unwrap()).await.unwrap();
    assert_eq!(ballot, Some(Ballot { number: 1, choice: 3 }));
    assert_eq!(store.ballot(id, &Voter::visitor("ann").unwrap()).await.unwrap(), None);
}

#[tokio::test]
async fn of_two_votes_in_one_transaction_the_later_counts() {
    let (store, id, _database) = store_with_poll().await;
    let recorded = store.record(&[vote(id, 1, "ann"), vote(id, 2, "ann")]).await.unwrap();
    assert_eq!(recorded.numbers, [Some(1), Some(1)]);
    assert_eq!(recorded.counts[&id].votes, [(2, 1)]);
}

#[tokio::test]
async fn a_closed_poll_keeps_its_ballots_and_takes_no_more() {
    let (store, id, _database) = store_with_poll().await;
    let other = store.create(&lunch(), code("ABCDEF")).await.unwrap().unwrap();
    store.record(&[vote(id, 1, "ann")]).await.unwrap();
    assert!(store.set_open(id, false).await.unwrap());
    assert!(!store.set_open(id, false).await.unwrap());

    let recorded = store
        .record(&[vote(id, 2, "ann"), vote(other, 2, "ann"), vote(id, 2, "bob")])
        .await
        .unwrap();
    assert_eq!(recorded.numbers, [None, Some(1), None]);
    let poll = store.load(id).await.unwrap().unwrap();
    assert_eq!((votes(&poll), poll.open), (vec![1, 0, 0], false));

    assert!(store.set_open(id, true).await.unwrap());
    assert_eq!(store.record(&[vote(id, 2, "ann")]).await.unwrap().numbers, [Some(1)]);
}

#[tokio::test]
async fn a_vote_that_cannot_be_stored_takes_its_transaction_with_it() {
    let (store, id, _database) = store_with_poll().await;
    assert!(store.record(&[vote(id, 1, "ann"), vote(id, 99, "bob")]).await.is_err());
    let poll = store.load(id).await.unwrap().unwrap();
    assert_eq!((poll.voters, poll.sequence), (0, 1));
}

#[tokio::test]
async fn open_polls_are_listed_first_and_the_newest_first() {
    let (store, first, _database) = store_with_poll().await;
    let second = store.create(&lunch(), code("ABCDEF")).await.unwrap().unwrap();
    let third = store.create(&lunch(), code("BCDEFG")).await.unwrap().unwrap();
    store.set_open(third, false).await.unwrap();
    assert_eq!(store.latest().await.unwrap(), [second, first, third]);
}
