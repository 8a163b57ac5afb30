//! The pages of polls: the list, a new poll, results, and the voters' own.

use std::sync::Arc;

use askama::Template;
use rocket::form::FromForm;
use rocket::http::{ContentType, Status};
use rocket::response::Redirect;
use rocket::{Either, Route, State, get, post, routes, uri};
use rocket_signalr::HubContext;

use super::code::Code;
use super::hub::{PollHub, push_list, push_news};
use super::join::{Site, qr_svg};
use super::poll::{CHOICE_MAX, CHOICES_MAX, ChoiceRef, Draft, Poll, PollError, PollRef, TITLE_MAX};
use super::registry::Polls;
use super::store::Ballot;
use super::voter::Voter;
use super::widget::{Widget, widget};
use crate::web::csrf::{CsrfForm, NoFields};
use crate::web::staff::Staff;
use crate::web::visitor::Visitor;
use crate::web::{Failure, Page, PageHead, Visit};

pub(super) fn routes() -> Vec<Route> {
    routes![list, running, new, create, results, open, close, join, ballot, vote, qr]
}

/// How many fields for choices a new form has: without script there are no more.
const BLANK_CHOICES: usize = 6;

#[derive(Template)]
#[template(path = "polls/index.html")]
struct ListPage {
    page: PageHead,
    polls: Vec<Arc<Poll>>,
}

#[get("/polls")]
async fn list(polls: &State<Polls>, visit: Visit) -> Result<Page<ListPage>, Failure> {
    let page = PageHead::new("Polls", &visit);
    Ok(Page(ListPage { page, polls: polls.latest().await? }))
}

/// The dashboard's widget alone, for when the list of polls has changed.
#[get("/polls/running")]
async fn running(polls: &State<Polls>, staff: Option<Staff>) -> Result<Page<Widget>, Failure> {
    Ok(Page(widget(polls, staff.is_some()).await?))
}

#[derive(Template)]
#[template(path = "polls/new.html")]
struct NewPage {
    page: PageHead,
    title: String,
    choices: Vec<String>,
    /// The field that breaks a rule, and the rule.
    problem: Option<(&'static str, String)>,
}

impl NewPage {
    fn problem(&self, field: &str) -> Option<&str> {
        self.problem.as_ref().filter(|(name, _)| *name == field).map(|(_, text)| text.as_str())
    }
}

#[get("/polls/new")]
async fn new(_staff: Staff, visit: Visit) -> Page<NewPage> {
    Page(NewPage {
        page: PageHead::new("New poll", &visit),
        title: String::new(),
        choices: vec![String::new(); BLANK_CHOICES],
        problem: None,
    })
}

#[derive(FromForm)]
struct NewPoll {
    title: String,
    choices: Vec<String>,
}

#[post("/polls", data = "<form>")]
async fn create(
    _staff: Staff,
    form: CsrfForm<NewPoll>,
    polls: &State<Polls>,
    hub: HubContext<PollHub>,
    visit: Visit,
) -> Result<Either<Redirect, (Status, Page<NewPage>)>, Failure> {
    match Draft::new(&form.title, form.choices.iter().map(String::as_str)) {
        Ok(draft) => {
            let poll = polls.create(&draft).await?;
            push_list(&hub).await;
            Ok(Either::Left(Redirect::to(uri!(results(poll.id)))))
        }
        Err(PollError::Invalid { field, text }) => {
            let NewPoll { title, choices } = form.into_inner();
            let page = PageHead::new("New poll", &visit);
            let again = NewPage { page, title, choices, problem: Some((field, text)) };
            Ok(Either::Right((Status::UnprocessableEntity, Page(again))))
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "polls/results.html")]
struct ResultsPage {
    page: PageHead,
    poll: Arc<Poll>,
    site: Site,
}

#[get("/polls/<id>")]
async fn results(
    id: i64,
    polls: &State<Polls>,
    site: Site,
    visit: Visit,
) -> Result<Page<ResultsPage>, Failure> {
    let poll = polls.find(PollRef::Id(id)).await?;
    Ok(Page(ResultsPage { page: PageHead::new(poll.title.clone(), &visit), poll, site }))
}

#[post("/polls/<id>/open", data = "<_form>")]
async fn open(
    id: i64,
    _staff: Staff,
    _form: CsrfForm<NoFields>,
    polls: &State<Polls>,
    hub: HubContext<PollHub>,
) -> Result<Redirect, Failure> {
    set_open(id, true, polls, &hub).await
}

#[post("/polls/<id>/close", data = "<_form>")]
async fn close(
    id: i64,
    _staff: Staff,
    _form: CsrfForm<NoFields>,
    polls: &State<Polls>,
    hub: HubContext<PollHub>,
) -> Result<Redirect, Failure> {
    set_open(id, false, polls, &hub).await
}

async fn set_open(
    id: i64,
    open: bool,
    polls: &Polls,
    hub: &HubContext<PollHub>,
) -> Result<Redirect, Failure> {
    polls.set_open(id, open).await?;
    push_news(polls, hub, id).await;
    push_list(hub).await;
    Ok(Redirect::to(uri!(results(id))))
}

#[derive(Template)]
#[template(path = "polls/join.html")]
struct JoinPage {
    page: PageHead,
    typed: String,
}

/// Where voters type the code.
#[get("/p?<code>")]
async fn join(code: Option<&str>, visit: Visit) -> Either<Redirect, (Status, Page<JoinPage>)> {
    let page = |typed: &str| {
        Page(JoinPage { page: PageHead::new("Join a poll", &visit), typed: typed.to_owned() })
    };
    match code.map(|typed| (typed, Code::parse(typed))) {
        Some((_, Some(code))) => Either::Left(Redirect::to(uri!(ballot(code.as_str())))),
        Some((typed, None)) => Either::Right((Status::UnprocessableEntity, page(typed))),
        None => Either::Right((Status::Ok, page(""))),
    }
}

#[derive(Template)]
#[template(path = "polls/ballot.html")]
struct BallotPage {
    page: PageHead,
    poll: Arc<Poll>,
    ballot: Option<Ballot>,
    /// Why a vote was not counted.
    problem: Option<String>,
}

impl BallotPage {
    fn chosen(&self, choice: &super::poll::Choice) -> bool {
        self.ballot.is_some_and(|ballot| ballot.choice == choice.id)
    }
}

/// The voters' page.
#[get("/p/<code>")]
async fn ballot(
    code: &str,
    polls: &State<Polls>,
    visitor: Visitor,
    visit: Visit,
) -> Result<Page<BallotPage>, Failure> {
    let poll = find(code, polls).await?;
    let ballot = polls.ballot(poll.id, &Voter::visitor(&visitor.id)?).await?;
    Ok(Page(BallotPage {
        page: PageHead::new(poll.title.clone(), &visit),
        poll,
        ballot,
        problem: None,
    }))
}

#[derive(FromForm)]
struct Vote {
    choice: i64,
}

/// A vote without script.
#[post("/p/<code>", data = "<form>")]
async fn vote(
    code: &str,
    form: CsrfForm<Vote>,
    polls: &State<Polls>,
    hub: HubContext<PollHub>,
    visitor: Visitor,
    visit: Visit,
) -> Result<Either<Redirect, (Status, Page<BallotPage>)>, Failure> {
    let poll = find(code, polls).await?;
    let voter = Voter::visitor(&visitor.id)?;
    match polls.vote(PollRef::Id(poll.id), &ChoiceRef::Id(form.choice), voter.clone()).await {
        Ok(_) => {
            push_news(polls, &hub, poll.id).await;
            Ok(Either::Left(Redirect::to(uri!(ballot(poll.code.as_str())))))
        }
        Err(error @ PollError::Closed) => {
            let page = PageHead::new(poll.title.clone(), &visit);
            let problem = Some(error.to_string());
            let ballot = polls.ballot(poll.id, &voter).await?;
            let poll = polls.find(PollRef::Id(poll.id)).await?;
            Ok(Either::Right((Status::Conflict, Page(BallotPage { page, poll, ballot, problem }))))
        }
        Err(error) => Err(error.into()),
    }
}

/// The address of the voters' page as an image.
#[get("/p/<code>/qr.svg")]
async fn qr(
    code: &str,
    polls: &State<Polls>,
    site: Site,
) -> Result<(ContentType, String), Failure> {
    let poll = find(code, polls).await?;
    Ok((ContentType::SVG, qr_svg(&site.join_url(&poll.code))?))
}

/// The poll whose code was typed or scanned.
async fn find(code: &str, polls: &Polls) -> Result<Arc<Poll>, Failure> {
    let unknown = || {
        Failure::not_found(
            "No poll has this code. Look at it once more: it has six letters and digits.",
        )
    };
    let code = Code::parse(code).ok_or_else(unknown)?;
    polls.find(PollRef::Code(code)).await.map_err(|error| match error {
        PollError::NotFound => unknown(),
        error => error.into(),
    })
}

#[cfg(test)]
mod tests;
