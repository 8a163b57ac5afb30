//! `/api/polls`: polls for programs, in JSON.

use std::sync::Arc;

use rocket::http::{ContentType, CookieJar, Status};
use rocket::request::{FromRequest, Outcome, Request};
use rocket::serde::json::{self, Json};
use rocket::{Route, State, get, post, routes};
use rocket_signalr::HubContext;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::hub::{PollHub, push_news};
use super::poll::{ChoiceRef, Poll, PollError};
use super::registry::{Polls, Receipt};
use super::voter::Voter;
use crate::web::{Failure, visitor};

pub(super) fn routes() -> Vec<Route> {
    routes![show, vote]
}

/// A vote as programs send it: an object, whose fields are read one by one, so that an error can name
/// the field.
#[derive(Deserialize)]
struct VoteRequest(Map<String, Value>);

impl VoteRequest {
    fn field(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }

    fn choice(&self) -> Result<ChoiceRef, PollError> {
        ChoiceRef::deserialize(self.field("choice")).map_err(|_| {
            PollError::invalid("choice", "Name the choice by its text or by its id, a number.")
        })
    }

    /// Who votes: who the request names, or else the visitor whose cookie it carries. The cookie
    /// counts only on requests from our own pages, since browsers send it along for other sites
    /// too.
    fn voter(&self, cookies: &CookieJar<'_>, sender: &Sender) -> Result<Voter, Failure> {
        match (self.field("voter"), cookies.get(visitor::COOKIE)) {
            (Value::String(name), _) => Ok(Voter::named(name)?),
            (Value::Null, Some(_)) if *sender == Sender::OtherSite => Err(Failure::new(
                Status::Forbidden,
                "A page of another site cannot vote for its visitors.",
            )),
            (Value::Null, Some(cookie)) => Ok(Voter::visitor(cookie.value())?),
            _ => Err(PollError::invalid(
                "voter",
                "Name the voter in a text: one voter has one ballot.",
            )
            .into()),
        }
    }
}

/// Where a request comes from.
#[derive(Debug, PartialEq, Eq)]
enum Sender {
    /// A page of this site, or a program, which has no origin.
    Here,
    OtherSite,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Sender {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        let host = request.headers().get_one("Host");
        let origin = request.headers().get_one("Origin");
        let here =
            origin.is_none_or(|origin| origin.split_once("://").map(|(_, host)| host) == host);
        Outcome::Success(if here { Self::Here } else { Self::OtherSite })
    }
}

/// A poll with its tally, by number or code.
#[get("/<poll>")]
async fn show(poll: &str, polls: &State<Polls>) -> Result<Json<Arc<Poll>>, Failure> {
    Ok(Json(polls.find(poll.into()).await?))
}

/// Votes, and pushes the tally to all who watch the poll.
#[post("/<poll>/votes", data = "<vote>")]
async fn vote(
    poll: &str,
    vote: Result<Json<VoteRequest>, json::Error<'_>>,
    content_type: Option<&ContentType>,
    sender: Sender,
    cookies: &CookieJar<'_>,
    polls: &State<Polls>,
    hub: HubContext<PollHub>,
) -> Result<Json<Receipt>, Failure> {
    // Forms of other sites cannot send this type.
    if !content_type.is_some_and(|sent| sent.is_json()) {
        return Err(Failure::new(
            Status::UnsupportedMediaType,
            "Send JSON, with the header Content-Type: application/json.",
        ));
    }
    let vote = vote.map_err(|error| match error {
        json::Error::Io(_) => Failure::new(Status::PayloadTooLarge, "That is too long for a vote."),
        json::Error::Parse(_, error) => {
            Failure::new(Status::BadRequest, format!("This is not the JSON of a vote: {error}."))
        }
    })?;
    let voter = vote.voter(cookies, &sender)?;
    let receipt = polls.vote(poll.into(), &vote.choice()?, voter).await?;
    push_news(polls, &hub, receipt.poll.id).await;
    Ok(Json(receipt))
}

#[cfg(test)]
mod tests;
