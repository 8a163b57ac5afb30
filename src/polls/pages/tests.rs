use rocket::http::Status;

use super::super::{poll::PollRef, testing::Site};

#[rocket::async_test]
async fn an_empty_list_says_what_to_do_next() {
    let site = Site::new().await;
    assert!(site.text("/polls").await.contains("open the staff link"));
    site.sign_in().await;
    assert!(site.text("/polls").await.contains(r#"href="/polls/new""#));
    assert!(site.text("/polls/running").await.contains("No poll is running"));
}

#[rocket::async_test]
async fn only_staff_make_and_close_polls() {
    let site = Site::new().await;
    assert_eq!(site.browser.get("/polls/new").dispatch().await.status(), Status::Forbidden);
    let form = "title=Lunch&choices=Soup&choices=Salad";
    for (to, form) in [("/polls", form), ("/polls/1/close", ""), ("/polls/1/open", "")] {
        let refused = site.post_form(to, form).await;
        assert_eq!(refused.status(), Status::Forbidden, "{to}");
        assert!(refused.into_string().await.unwrap().contains("Only staff can do this."));
    }
    let site = Site::with_poll().await;
    let without_token = site.post_form("/polls/1/close", "").await;
    assert_eq!(without_token.status(), Status::Forbidden);
}

#[rocket::async_test]
async fn a_new_poll_is_on_the_list_the_dashboard_and_its_own_pages() {
    let site = Site::with_poll().await;
    let code = site.code(1).await;
    for page in ["/polls", "/polls/running", "/polls/1", &format!("/p/{code}")] {
        let text = site.text(page).await;
        assert!(
            text.contains("Lunch?") && text.contains("Salad") && text.contains(&code),
            "{page}"
        );
    }
    let results = site.text("/polls/1").await;
    assert!(results.contains(&format!(r#"src="/p/{code}/qr.svg""#)));
    assert!(site.text(&format!("/p/{code}/qr.svg")).await.contains("<svg"));
}

#[rocket::async_test]
async fn a_wrong_draft_comes_back_with_the_rule() {
    let site = Site::new().await;
    site.sign_in().await;
    let form = "title=Where+to%3F&choices=Sea&choices=sea";
    let again = site.submit("/polls/new", "/polls", form).await;
    assert_eq!(again.status(), Status::UnprocessableEntity);
    let page = again.into_string().await.unwrap();
    assert!(page.contains("The choice “sea” is there twice."));
    assert!(page.contains(r#"value="Where to?""#) && page.contains(r#"value="Sea""#));
}

#[rocket::async_test]
async fn a_form_votes_and_changes_its_vote() {
    let site = Site::with_poll().await;
    let page = format!("/p/{}", site.code(1).await);
    let before = site.text(&page).await;
    assert!(before.contains("data-voted hidden"));

    for (choice, votes) in [(1, [1, 0]), (2, [0, 1])] {
        let voted = site.submit(&page, &page, &format!("choice={choice}")).await;
        assert_eq!(voted.status(), Status::SeeOther);
        drop(voted);
        let poll = site.polls().find(PollRef::Id(1)).await.unwrap();
        assert_eq!(poll.choices.iter().map(|choice| choice.votes).collect::<Vec<_>>(), votes);
        let after = site.text(&page).await;
        assert!(after.contains("Your vote counted.") && !after.contains("data-voted hidden"));
        assert!(after.contains(&format!(r#"data-choice="{choice}" aria-pressed="true""#)));
    }
    let stranger = site.submit(&page, &page, "choice=3").await;
    assert_eq!(stranger.status(), Status::UnprocessableEntity);
}

#[rocket::async_test]
async fn a_closed_poll_says_so_and_refuses_the_form() {
    let site = Site::with_poll().await;
    let page = format!("/p/{}", site.code(1).await);
    let closed = site.submit("/polls/1", "/polls/1/close", "").await;
    assert_eq!(closed.headers().get_one("Location"), Some("/polls/1"));
    drop(closed);
    let refused = site.submit(&page, &page, "choice=1").await;
    assert_eq!(refused.status(), Status::Conflict);
    assert!(refused.into_string().await.unwrap().contains("This poll is closed"));
    assert!(!site.text("/polls/running").await.contains("Lunch?"));

    drop(site.submit("/polls/1", "/polls/1/open", "").await);
    assert_eq!(site.submit(&page, &page, "choice=1").await.status(), Status::SeeOther);
}

#[rocket::async_test]
async fn a_typed_code_leads_to_the_ballot() {
    let site = Site::with_poll().await;
    let code = site.code(1).await;
    let typed = format!("/p?code={}+{}", &code[..3].to_lowercase(), &code[3..]);
    let joined = site.browser.get(typed).dispatch().await;
    assert_eq!(joined.headers().get_one("Location"), Some(format!("/p/{code}").as_str()));
    let wrong = site.browser.get("/p?code=000").dispatch().await;
    assert_eq!(wrong.status(), Status::UnprocessableEntity);
    assert!(wrong.into_string().await.unwrap().contains("This is not a code."));
    let unknown = site.browser.get("/p/ZZZZZZ").dispatch().await;
    assert_eq!(unknown.status(), Status::NotFound);
    assert!(unknown.into_string().await.unwrap().contains("No poll has this code."));
}

#[rocket::async_test]
async fn what_people_typed_is_not_taken_for_html() {
    let site = Site::new().await;
    site.sign_in().await;
    let form = "title=%3Cscript%3E&choices=%3Cb%3E&choices=%22";
    drop(site.submit("/polls/new", "/polls", form).await);
    for page in ["/polls", "/polls/1", "/polls/running"] {
        let text = site.text(page).await;
        assert!(!text.contains("<script>") && !text.contains("<b>"), "{page}");
    }
}
