use super::*;

fn lunch() -> Poll {
    let choice = |id, text: &str, votes| Choice { id, text: text.into(), votes };
    Poll {
        id: 3,
        code: Code::parse("KM7Q2X").unwrap(),
        title: "Lunch?".into(),
        open: true,
        sequence: 9,
        voters: 3,
        choices: vec![choice(1, "Soup", 2), choice(2, "Big Salad", 1), choice(3, "2", 0)],
    }
}

/// The field and the text of the refusal.
fn refusal<T: fmt::Debug>(result: Result<T, PollError>) -> (&'static str, String) {
    match result {
        Err(PollError::Invalid { field, text }) => (field, text),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[test]
fn a_draft_is_tidied() {
    let draft =
        Draft::new("  What\n for   lunch? ", ["Soup ", "", " \0 ", "Big\0  salad"]).unwrap();
    assert_eq!(draft.title(), "What for lunch?");
    assert_eq!(draft.choices(), ["Soup", "Big salad"]);
}

#[test]
fn a_draft_that_breaks_a_rule_names_the_field() {
    let (a, long) = ("a", "x".repeat(CHOICE_MAX + 1));
    let many: Vec<_> = (0..=CHOICES_MAX).map(|n| n.to_string()).collect();
    assert_eq!(refusal(Draft::new(" ", [a, "b"])).0, "title");
    assert_eq!(refusal(Draft::new(&"é".repeat(TITLE_MAX + 1), [a, "b"])).0, "title");
    assert!(refusal(Draft::new("t", [a, " "])).1.ends_with("this one has 1."));
    assert!(
        refusal(Draft::new("t", many.iter().map(String::as_str))).1.ends_with("this one has 21.")
    );
    assert_eq!(refusal(Draft::new("t", [a, &long])).0, "choices");
    assert_eq!(refusal(Draft::new("t", ["Ä b", a, "ä  B"])).1, "The choice “ä B” is there twice.");
}

#[test]
fn the_limits_themselves_are_allowed() {
    let longest = "é".repeat(CHOICE_MAX);
    let most: Vec<_> = (0..CHOICES_MAX).map(|n| n.to_string()).collect();
    assert!(Draft::new(&"é".repeat(TITLE_MAX), [&longest, "b"]).is_ok());
    assert!(Draft::new("t", most.iter().map(String::as_str)).is_ok());
}

#[test]
fn choices_are_found_by_id_and_by_text() {
    let poll = lunch();
    let found =
        |json: &str| poll.choice(&serde_json::from_str(json).unwrap()).map(|choice| choice.id);
    assert_eq!(found("1").unwrap(), 1);
    assert_eq!(found(r#""big SALAD""#).unwrap(), 2);
    assert_eq!(found(r#""2""#).unwrap(), 3, "a string is a text, also when it holds digits");
    assert_eq!(refusal(found("4")), ("choice", "This poll has no choice “4”.".into()));
    assert_eq!(refusal(found(r#""Cake""#)), ("choice", "This poll has no choice “Cake”.".into()));
}

#[test]
fn polls_are_named_by_number_digits_or_code() {
    let named = |json: &str| serde_json::from_str::<PollRef>(json).unwrap();
    let code = PollRef::Code(Code::parse("KM7Q2X").unwrap());
    assert_eq!(named("3"), PollRef::Id(3));
    assert_eq!(named(r#""3""#), PollRef::Id(3));
    assert_eq!(named(r#""km7-q2x""#), code);
    assert_eq!(named(r#""nonsense""#), PollRef::Unreadable);
}

#[test]
fn tallies_keep_the_order_of_the_choices() {
    let json = serde_json::to_string(&Votes(lunch().into())).unwrap();
    assert_eq!(json, r#"{"Soup":2,"Big Salad":1,"2":0}"#);
}

#[test]
fn percents_are_of_the_voters() {
    let poll = lunch();
    let percents: Vec<_> = poll.choices.iter().map(|choice| poll.percent(choice)).collect();
    assert_eq!(percents, [67, 33, 0]);
    let nobody = poll.counted(10, &[]);
    assert_eq!(nobody.percent(&nobody.choices[0]), 0);
}

#[test]
fn counting_again_replaces_the_tally() {
    let poll = lunch().counted(10, &[(3, 4), (1, 1)]);
    assert_eq!((poll.sequence, poll.voters), (10, 5));
    assert_eq!(poll.choices.iter().map(|choice| choice.votes).collect::<Vec<_>>(), [1, 0, 4]);
}
