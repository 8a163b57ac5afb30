use futures::future::join_all;

use super::*;
use crate::polls::testing::{Database, database};

async fn polls_with_lunch() -> (Polls, Arc<Poll>, Database) {
    let database = database().await;
    let polls = Polls::open(database.pool());
    let draft = Draft::new("Lunch?", ["Soup", "Salad", "Cake"]).unwrap();
    let poll = polls.create(&draft).await.unwrap();
    (polls, poll, database)
}

fn voter(number: usize) -> Voter {
    Voter::named(&format!("voter {number}")).unwrap()
}

fn votes(poll: &Poll) -> Vec<i64> {
    poll.choices.iter().map(|choice| choice.votes).collect()
}

#[tokio::test]
async fn a_receipt_shows_the_vote_counted() {
    let (polls, poll, _database) = polls_with_lunch().await;
    let receipt = polls
        .vote(PollRef::Code(poll.code), &ChoiceRef::Text("salad".into()), voter(1))
        .await
        .unwrap();
    assert_eq!(
        serde_json::to_string(&receipt).unwrap(),
        r#"{"poll":1,"choice":"Salad","ballot":1,"votes":{"Soup":0,"Salad":1,"Cake":0},"total":1}"#
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_voters_are_counted_exactly() {
    let (polls, poll, database) = polls_with_lunch().await;
    let id = PollRef::Id(poll.id);
    // 300 voters, each with two votes at the same time: only one of the two may count.
    let casts = (0..600).map(|n| {
        let polls = polls.clone();
        tokio::spawn(async move {
            polls.vote(id, &ChoiceRef::Id((n % 2 + 1) as i64), voter(n / 2)).await.unwrap()
        })
    });
    let receipts: Vec<_> = join_all(casts).await.into_iter().map(Result::unwrap).collect();

    let live = polls.find(id).await.unwrap();
    assert_eq!(live.voters, 300);
    assert_eq!(votes(&live).iter().sum::<i64>(), 300);
    let stored = Polls::open(database.pool()).find(id).await.unwrap();
    assert_eq!(live, stored, "memory and database agree");
    let mut numbers: Vec<_> = receipts.iter().map(|receipt| receipt.ballot.number).collect();
    numbers.sort_unstable();
    assert!(
        numbers.into_iter().eq((1..=300).flat_map(|n| [n, n])),
        "numbers without holes, two receipts each"
    );
}

#[tokio::test]
async fn a_closed_poll_refuses_until_it_is_opened_again() {
    let (polls, poll, _database) = polls_with_lunch().await;
    let id = PollRef::Id(poll.id);
    let soup = ChoiceRef::Id(1);
    polls.vote(id, &soup, voter(1)).await.unwrap();
    assert!(!polls.set_open(poll.id, false).await.unwrap().open);
    assert!(matches!(polls.vote(id, &soup, voter(1)).await, Err(PollError::Closed)));
    assert!(polls.set_open(poll.id, true).await.unwrap().open);
    let receipt = polls.vote(id, &ChoiceRef::Id(2), voter(1)).await.unwrap();
    assert_eq!((receipt.ballot.number, votes(&receipt.poll)), (1, vec![0, 1, 0]));
}

#[tokio::test]
async fn unknown_polls_are_not_found() {
    let (polls, poll, _database) = polls_with_lunch().await;
    for named in [PollRef::Id(poll.id + 1), PollRef::from("ZZZZZZ"), PollRef::Unreadable] {
        assert!(matches!(polls.find(named).await, Err(PollError::NotFound)), "{named:?}");
    }
    assert!(matches!(polls.set_open(poll.id + 1, false).await, Err(PollError::NotFound)));
}

#[tokio::test]
async fn every_change_makes_news_once() {
    let (polls, poll, _database) = polls_with_lunch().await;
    assert!(polls.take_news(poll.id).is_none());
    polls.vote(PollRef::Id(poll.id), &ChoiceRef::Id(1), voter(1)).await.unwrap();
    assert_eq!(polls.take_news(poll.id).map(|poll| poll.voters), Some(1));
    assert!(polls.take_news(poll.id).is_none());
    assert!(polls.take_all_news().is_empty());
}

#[tokio::test]
async fn an_older_state_never_replaces_a_later_one() {
    let (polls, poll, _database) = polls_with_lunch().await;
    let later = polls.vote(PollRef::Id(poll.id), &ChoiceRef::Id(1), voter(1)).await.unwrap().poll;
    assert_eq!(polls.live.keep_later(Poll::clone(&poll)), later);
    assert_eq!(polls.find(PollRef::Id(poll.id)).await.unwrap(), later);
}
