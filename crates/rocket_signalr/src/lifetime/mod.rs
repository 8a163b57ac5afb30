//! Who is connected, in which groups and as which user, and how messages reach them.
//!
//! Everything that is sent to clients from a hub or from outside passes through
//! [`Lifetime::send`]: the seam where a backplane can join several servers.

mod burst;
mod members;
mod results;

use std::{collections::HashSet, sync::Arc};

use dashmap::DashMap;
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use tokio::task::{unconstrained, yield_now};

pub(crate) use self::results::{Answer, Answered};
use self::{burst::Burst, members::Members, results::Results};
use crate::{
    clock,
    connection::Connection,
    error::{HubError, SendError},
    id::ConnectionId,
    metrics::Metrics,
    protocol::{EncodeError, Frame, HubProtocol},
};

/// The connections of one hub.
#[derive(Debug, Default)]
pub(crate) struct Lifetime {
    all: Members,
    by_id: DashMap<ConnectionId, Arc<Member>>,
    groups: DashMap<Arc<str>, Arc<Members>>,
    users: DashMap<Box<str>, Arc<Members>>,
    results: Results,
    burst: Arc<Burst>,
    pub(crate) metrics: Arc<Metrics>,
}

#[derive(Debug)]
struct Member {
    connection: Arc<Connection>,
    number: u64,
    user: Option<(Arc<Members>, u64)>,
    /// None once the connection has left: who has gone joins no group any more.
    groups: Mutex<Option<Vec<Joined>>>,
}

#[derive(Debug)]
struct Joined {
    name: Arc<str>,
    members: Arc<Members>,
    number: u64,
}

/// Whom a message is for.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    All,
    AllExcept(Arc<[ConnectionId]>),
    Connections(Arc<[ConnectionId]>),
    Group(Arc<str>),
    Groups(Arc<[Arc<str>]>),
    GroupExcept(Arc<str>, Arc<[ConnectionId]>),
    Users(Arc<[Box<str>]>),
}

/// A message that is written down once for each protocol in use, however many get it.
pub(crate) struct Message<'a> {
    encode: &'a (dyn Fn(HubProtocol) -> Result<Frame, EncodeError> + Sync),
    key: Option<u64>,
    /// By the index of their protocol.
    frames: [Option<Frame>; HubProtocol::COUNT],
    /// How many connections it was sent to.
    sent: usize,
}

impl<'a> Message<'a> {
    /// `key` names what it is the newest of, if only the newest counts.
    pub(crate) fn new(
        encode: &'a (dyn Fn(HubProtocol) -> Result<Frame, EncodeError> + Sync),
        key: Option<u64>,
    ) -> Self {
        Self { encode, key, frames: Default::default(), sent: 0 }
    }

    fn frame(&mut self, protocol: HubProtocol) -> Result<&Frame, SendError> {
        let encoded = &mut self.frames[protocol.index()];
        match encoded {
            Some(frame) => Ok(frame),
            None => {
                let frame = (self.encode)(protocol)
                    .map_err(|error| SendError::Encode(error.to_string()))?;
                Ok(encoded.insert(frame))
            }
        }
    }

    fn send(&mut self, connection: &Connection, protocol: HubProtocol) -> Result<(), SendError> {
        let key = self.key;
        connection.send_as(self.frame(protocol)?, key);
        self.sent += 1;
        Ok(())
    }

    /// As [`send`](Self::send), to one who may not have shaken hands yet.
    fn send_to(&mut self, connection: &Connection) -> Result<(), SendError> {
        connection.protocol().map_or(Ok(()), |protocol| self.send(connection, protocol))
    }

    /// Leaves it to others to write it. True if nobody else sees to that.
    fn cork(&mut self, connection: &Connection, protocol: HubProtocol) -> Result<bool, SendError> {
        let key = self.key;
        self.sent += 1;
        Ok(connection.cork(self.frame(protocol)?, key))
    }

    /// How long it is at most, in the encodings in use.
    fn len(&self) -> usize {
        self.frames.iter().flatten().map(|frame| frame.websocket().len()).max().unwrap_or(0)
    }
}

impl Lifetime {
    /// Makes a connection known. From now on messages reach it.
    pub(crate) fn add(&self, connection: &Arc<Connection>) {
        let user = connection.user().map(|user| {
            let members = self.users.entry(user.id().into()).or_default();
            let number = members.add(connection.clone());
            (members.clone(), number)
        });
        let member = Member {
            connection: connection.clone(),
            number: self.all.add(connection.clone()),
            user,
            groups: Mutex::new(Some(Vec::new())),
        };
        self.by_id.insert(connection.id, Arc::new(member));
    }

    /// Forgets a connection, in all its groups too. Costs by the number of its own groups.
    pub(crate) fn remove(&self, connection: &Connection) {
        let Some((_, member)) = self.by_id.remove(&connection.id) else {
            return;
        };
        self.all.remove(member.number);
        if let (Some((members, number)), Some(user)) = (&member.user, connection.user()) {
            members.remove(*number);
            self.users.remove_if(user.id(), |_, members| members.is_empty());
        }
        let groups = member.groups.lock().take();
        for joined in groups.into_iter().flatten() {
            self.leave(&joined);
        }
    }

    /// Adds a connection to a group. Once is enough; one that is not connected is ignored.
    pub(crate) fn join(&self, id: ConnectionId, group: &str) {
        let Some(member) = self.member(id) else {
            return;
        };
        let mut joined = member.groups.lock();
        let Some(joined) = joined.as_mut().filter(|j| j.iter().all(|j| *j.name != *group)) else {
            return;
        };
        // Added while the entry is held, so that nobody finds the group empty and removes it.
        let entry = self.groups.entry(group.into()).or_default();
        let number = entry.add(member.connection.clone());
        joined.push(Joined { name: entry.key().clone(), members: entry.clone(), number });
    }

    /// Removes a connection from a group. One that is no member is ignored.
    pub(crate) fn quit(&self, id: ConnectionId, group: &str) {
        let Some(member) = self.member(id) else {
            return;
        };
        let left = {
            let mut joined = member.groups.lock();
            let Some(joined) = joined.as_mut() else {
                return;
            };
            let Some(index) = joined.iter().position(|j| *j.name == *group) else {
                return;
            };
            joined.swap_remove(index)
        };
        self.leave(&left);
    }

    fn leave(&self, joined: &Joined) {
        joined.members.remove(joined.number);
        self.groups.remove_if(&joined.name, |_, members| members.is_empty());
    }

    fn member(&self, id: ConnectionId) -> Option<Arc<Member>> {
        self.by_id.get(&id).map(|member| member.value().clone())
    }

    /// How many are connected.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// The ids of all that are connected.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.by_id.iter().map(|member| member.key().as_str().to_owned()).collect()
    }

    /// The users who are connected.
    pub(crate) fn users(&self) -> Vec<String> {
        self.users.iter().map(|user| user.key().to_string()).collect()
    }

    /// How many connections a user has.
    pub(crate) fn user_len(&self, user: &str) -> usize {
        self.users.get(user).map_or(0, |members| members.len())
    }

    /// The connection with this id.
    pub(crate) fn connection(&self, id: &str) -> Option<Arc<Connection>> {
        let member = self.member(ConnectionId::parse(id)?)?;
        Some(member.connection.clone())
    }

    /// The connections of a user.
    pub(crate) fn connections_of(&self, user: &str) -> Vec<Arc<Connection>> {
        self.users.get(user).map_or_else(Vec::new, |members| members.all())
    }

    /// The groups that have members.
    pub(crate) fn group_names(&self) -> Vec<String> {
        self.groups.iter().map(|group| group.key().to_string()).collect()
    }

    /// The ids of a group's members.
    pub(crate) fn group_members(&self, group: &str) -> Vec<String> {
        let members = self.groups.get(group).map_or_else(Vec::new, |members| members.all());
        members.iter().map(|connection| connection.id.as_str().to_owned()).collect()
    }

    /// The groups that a connection is in.
    pub(crate) fn groups_of(&self, id: &str) -> Vec<String> {
        let Some(member) = ConnectionId::parse(id).and_then(|id| self.member(id)) else {
            return Vec::new();
        };
        let joined = member.groups.lock();
        joined.iter().flatten().map(|joined| joined.name.to_string()).collect()
    }

    /// How many connections are in a group.
    pub(crate) fn group_len(&self, group: &str) -> usize {
        self.groups.get(group).map_or(0, |members| members.len())
    }

    /// Sends a message to all that `target` names. Never waits for a client; gives way to other
    /// tasks now and then.
    pub(crate) async fn send(
        &self,
        target: &Target,
        message: &mut Message<'_>,
    ) -> Result<(), SendError> {
        // Without this, tokio's budget turns half of the writes of a large fan-out into queued ones.
        let result = unconstrained(async {
            match target {
                Target::All => self.deliver(&self.all, &[], message).await,
                Target::AllExcept(except) => self.deliver(&self.all, except, message).await,
                Target::Connections(ids) => {
                    for (index, id) in ids.iter().enumerate() {
                        if let Some(member) = self.member(*id) {
                            message.send_to(&member.connection)?;
                        }
                        if index % members::BATCH == members::BATCH - 1 {
                            yield_now().await;
                        }
                    }
                    Ok(())
                }
                Target::Group(group) => self.to_group(group, &[], message).await,
                Target::Groups(groups) => {
                    if groups.iter().any(|group| group.is_empty()) {
                        return Err(SendError::EmptyGroupName);
                    }
                    for group in groups.iter() {
                        self.to_group(group, &[], message).await?;
                    }
                    Ok(())
                }
                Target::GroupExcept(group, except) => self.to_group(group, except, message).await,
                Target::Users(users) => {
                    for user in users.iter() {
                        let members = self.users.get(user).map(|members| members.value().clone());
                        if let Some(members) = members {
                            self.deliver(&members, &[], message).await?;
                        }
                    }
                    Ok(())
                }
            }
        })
        .await;
        self.metrics.sent(message.sent);
        result
    }

    /// Calls a method of one client and waits for what it returns.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        id: &str,
        encode: impl Fn(HubProtocol, &str) -> Result<Frame, EncodeError> + Send,
    ) -> Result<T, HubError> {
        let known = ConnectionId::parse(id).and_then(|id| self.member(id));
        let Some((member, protocol)) = known.and_then(|m| m.connection.protocol().map(|p| (m, p)))
        else {
            let text = format!("Connection '{id}' does not exist.");
            return Err(HubError::with_kind("IOException", text));
        };
        let question = self.results.ask(&member.connection);
        let frame = encode(protocol, &question.id())?;
        member.connection.send(&frame);
        self.metrics.sent(1);
        question.answer().await
    }

    /// A client answers.
    pub(crate) fn answer(&self, from: &Connection, id: &str, answer: Answer) -> Answered {
        self.results.answer(from.id, id, answer)
    }

    /// Sends a message to one connection, however it is named.
    pub(crate) fn send_one(&self, id: &str, message: &mut Message<'_>) -> Result<(), SendError> {
        match ConnectionId::parse(id).and_then(|id| self.member(id)) {
            Some(member) => {
                message.send_to(&member.connection)?;
                self.metrics.sent(message.sent);
                Ok(())
            }
            None => Ok(()),
        }
    }

    async fn to_group(
        &self,
        group: &str,
        except: &[ConnectionId],
        message: &mut Message<'_>,
    ) -> Result<(), SendError> {
        let members = self.groups.get(group).map(|members| members.value().clone());
        match members {
            Some(members) => self.deliver(&members, except, message).await,
            None => Ok(()),
        }
    }

    async fn deliver(
        &self,
        members: &Members,
        except: &[ConnectionId],
        message: &mut Message<'_>,
    ) -> Result<(), SendError> {
        let except: HashSet<_> = except.iter().collect();
        let is_meant =
            |connection: &Connection| except.is_empty() || !except.contains(&connection.id);
        if self.burst.goes_on() {
            let mut unwritten = Vec::new();
            let result = members.walk().try_for_each(|run| {
                run.try_for_each(|connection, protocol| {
                    if is_meant(connection) && message.cork(connection, protocol)? {
                        unwritten.push(connection.clone());
                    }
                    Ok(())
                })
            });
            self.burst.queued(unwritten, message.len()).await;
            return result;
        }
        let begin = clock::micros();
        let mut written = 0;
        let mut result = Ok(());
        for run in members.walk() {
            if written + run.len() > members::BATCH {
                yield_now().await;
                written = 0;
            }
            written += run.len();
            result = run.try_for_each(|connection, protocol| {
                if is_meant(connection) { message.send(connection, protocol) } else { Ok(()) }
            });
            if result.is_err() {
                break;
            }
        }
        self.burst.written(begin);
        result
    }
}
