//! Whom a hub calls.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    marker::PhantomData,
    ops::Deref,
    sync::Arc,
};

use serde::{Serialize, de::DeserializeOwned};
use tokio::task::coop::consume_budget;

use crate::{
    connection::{Connection, Slot},
    error::{HubError, SendError},
    hub::Hub,
    id::ConnectionId,
    lifetime::{Lifetime, Message, Target},
    protocol::HubProtocol,
};

/// The methods that a hub may call on its clients. Made by [`#[hub_client]`](crate::hub_client).
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what can be called on clients",
    label = "not made by #[hub_client]",
    note = "write #[hub_client] before `trait {Self} {{ … }}`"
)]
pub trait HubClient: Send + Sync + 'static {
    /// The same, called on one client: those that return a result, too.
    type Single: Send + Sync + 'static;

    /// The methods, called on those that `proxy` names.
    fn many(proxy: ClientProxy) -> Self;

    /// The methods, called on the one that `proxy` names.
    fn single(proxy: ClientProxy) -> Self::Single;

    /// What the methods are in TypeScript.
    #[cfg(feature = "typescript")]
    #[doc(hidden)]
    fn describe(face: &mut crate::typescript::Face) {
        let _ = face;
    }
}

/// An argument of a method of clients. Each is asked for what all of them need, so that errors of
/// the compiler point at it.
pub fn argument<T: Serialize + Sync>(value: T) -> T {
    value
}

/// Marks methods that are called on any number of clients.
#[derive(Debug, Clone, Copy)]
pub struct Many;

/// Marks methods that are called on one client, which can be asked for results.
#[derive(Debug, Clone, Copy)]
pub struct Single;

/// For hubs that call nothing on their clients.
#[derive(Debug, Clone, Copy)]
pub struct NoClient;

impl HubClient for NoClient {
    type Single = Self;

    fn many(_: ClientProxy) -> Self {
        Self
    }

    fn single(_: ClientProxy) -> Self {
        Self
    }
}

/// Some clients of a hub, by whatever selector: what the methods of
/// [`#[hub_client]`](crate::hub_client) send by. By itself it is of use where the names of methods
/// are not known before the program runs.
///
/// ```
/// use rocket_signalr::{ClientProxy, Hub, HubClient, SendError, hub};
///
/// /// Clients that can be called by any name.
/// struct Anything(ClientProxy);
///
/// impl HubClient for Anything {
///     type Single = Self;
///
///     fn many(proxy: ClientProxy) -> Self {
///         Self(proxy)
///     }
///
///     fn single(proxy: ClientProxy) -> Self {
///         Self(proxy)
///     }
/// }
///
/// struct Relay;
///
/// #[hub(client = Anything)]
/// impl Relay {}
///
/// # fn example() -> impl Future<Output = Result<(), SendError>> {
/// let context = Relay.at("/relay").context();
/// async move { context.clients().all().0.send("anyName", &("an argument", 2)).await }
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ClientProxy {
    lifetime: Arc<Lifetime>,
    to: To,
    asking: Asking,
    /// Only the newest message of this key counts.
    key: Option<u64>,
}

#[derive(Debug, Clone)]
enum To {
    Many(Target),
    /// As it was named, which errors repeat.
    One(Box<str>),
}

/// Whether clients may be asked for results, and what is to be done meanwhile.
#[derive(Debug, Clone)]
pub(crate) enum Asking {
    /// From anywhere that holds up nothing.
    Free,
    /// From an invocation that has taken a slot: it is given back before.
    Within(Arc<Slot>),
    /// Never from here: the answer could not be read.
    Forbidden(&'static str),
}

impl ClientProxy {
    /// Only the newest of what is sent under this key counts: see the method of the same name that
    /// [`#[hub_client]`](crate::hub_client) makes.
    #[must_use]
    pub fn newest(mut self, key: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        self.key = Some(hasher.finish());
        self
    }

    /// Calls `method` on these clients. `arguments` is a tuple, or `[(); 0]` for none.
    ///
    /// Returns when the message is with the kernel or in the outbox of each client, not when they
    /// have it. It is encoded once, however many get it, and not at all if there is nobody.
    ///
    /// # Errors
    ///
    /// If the arguments cannot be encoded.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it resolves, some of the clients may have got the message.
    pub async fn send<A>(&self, method: &str, arguments: &A) -> Result<(), SendError>
    where
        A: Serialize + Sync + ?Sized,
    {
        // Who sends without a pause must not keep the thread for ever.
        consume_budget().await;
        let encode = |protocol: HubProtocol| protocol.invocation(method, None, arguments);
        let mut message = Message::new(&encode, self.key);
        match &self.to {
            To::Many(target) => self.lifetime.send(target, &mut message).await,
            To::One(id) => self.lifetime.send_one(id, &mut message),
        }
    }

    /// Calls `method` on one client and waits for what it returns: as long as the client takes, so
    /// a caller in a hurry wraps it in a timeout.
    ///
    /// # Errors
    ///
    /// What the client answers as its error; if it does not exist, disconnects, or its result is
    /// of another type; if the arguments cannot be encoded; inside of `on_connected` and
    /// `on_disconnected`, where the answer could not be read.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, a late answer is ignored.
    pub async fn invoke<A, T>(&self, method: &str, arguments: &A) -> Result<T, HubError>
    where
        A: Serialize + Sync + ?Sized,
        T: DeserializeOwned,
    {
        let To::One(connection_id) = &self.to else {
            let text = "Only a single client can be asked for a result.";
            return Err(HubError::with_kind("InvalidOperationException", text));
        };
        let encode = |protocol: HubProtocol, invocation_id: &str| {
            protocol.invocation(method, Some(invocation_id), arguments)
        };
        let answer = self.lifetime.ask(connection_id, encode);
        match &self.asking {
            Asking::Free => answer.await,
            Asking::Within(slot) => {
                slot.give_back();
                answer.await
            }
            Asking::Forbidden(place) => Err(HubError::with_kind(
                "InvalidOperationException",
                format!("Client results inside {place} Hub methods are not allowed."),
            )),
        }
    }
}

/// Selects clients of a hub; each selector returns the methods that can be called on them, those
/// that [`#[hub_client]`](crate::hub_client) declares.
///
/// Nothing is sent by selecting. Ids of connections, names of groups and ids of users are compared
/// exactly. Who is not connected is passed over without an error; only a result that is asked of
/// such a client is one.
///
/// ```
/// use rocket_signalr::{Caller, SendError, hub, hub_client};
///
/// #[hub_client]
/// trait NewsClient {
///     async fn news(&self, text: &str);
/// }
///
/// struct NewsHub;
///
/// #[hub(client = NewsClient)]
/// impl NewsHub {
///     async fn tell(&self, caller: &Caller<Self>, friend: String) -> Result<(), SendError> {
///         let clients = caller.clients();
///         clients.all().news("everybody hears it").await?;
///         clients.all_except(&[&friend]).news("but for these connections").await?;
///         clients.client(&friend).news("one connection, by its id").await?;
///         clients.clients(&[&friend]).news("some connections").await?;
///
///         clients.group("sports").news("the members of a group").await?;
///         clients.groups(&["sports", "arts"]).news("of several").await?;
///         clients.group_except("sports", &[&friend]).news("but for these connections").await?;
///
///         clients.user("ann").news("all connections of a user").await?;
///         clients.users(&["ann", "bob"]).news("of several").await?;
///
///         // From a hub method only: the caller's own point of view.
///         clients.caller().news("who called").await?;
///         clients.others().news("all but the caller").await?;
///         clients.others_in_group("sports").news("of a group").await
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Clients<H: Hub> {
    lifetime: Arc<Lifetime>,
    asking: Asking,
    hub: PhantomData<fn() -> H>,
}

/// The methods that can be called on one client of the hub `H`.
type SingleClient<H> = <<H as Hub>::Client as HubClient>::Single;

impl<H: Hub> Clients<H> {
    pub(crate) fn new(lifetime: Arc<Lifetime>, asking: Asking) -> Self {
        Self { lifetime, asking, hub: PhantomData }
    }

    fn proxy(&self, to: To) -> ClientProxy {
        ClientProxy { lifetime: self.lifetime.clone(), to, asking: self.asking.clone(), key: None }
    }

    fn select(&self, target: Target) -> H::Client {
        H::Client::many(self.proxy(To::Many(target)))
    }

    /// All that are connected.
    pub fn all(&self) -> H::Client {
        self.select(Target::All)
    }

    /// All but these connections.
    pub fn all_except<I: AsRef<str>>(&self, connection_ids: &[I]) -> H::Client {
        self.select(Target::AllExcept(ids(connection_ids)))
    }

    /// One connection.
    pub fn client(&self, connection_id: &str) -> SingleClient<H> {
        H::Client::single(self.proxy(To::One(connection_id.into())))
    }

    /// Some connections.
    pub fn clients<I: AsRef<str>>(&self, connection_ids: &[I]) -> H::Client {
        self.select(Target::Connections(ids(connection_ids)))
    }

    /// The members of a group.
    pub fn group(&self, group: &str) -> H::Client {
        self.select(Target::Group(group.into()))
    }

    /// The members of some groups. Who is in two of them gets the message twice. An empty name
    /// among them is an error when something is sent.
    pub fn groups<G: AsRef<str>>(&self, groups: &[G]) -> H::Client {
        self.select(Target::Groups(groups.iter().map(|group| group.as_ref().into()).collect()))
    }

    /// The members of a group, but for these connections.
    pub fn group_except<I: AsRef<str>>(&self, group: &str, connection_ids: &[I]) -> H::Client {
        self.select(Target::GroupExcept(group.into(), ids(connection_ids)))
    }

    /// All connections of a user.
    pub fn user(&self, user_id: &str) -> H::Client {
        self.users(&[user_id])
    }

    /// All connections of some users.
    pub fn users<U: AsRef<str>>(&self, user_ids: &[U]) -> H::Client {
        let mut seen = HashSet::new();
        let users = user_ids.iter().map(AsRef::as_ref).filter(|user| seen.insert(*user));
        self.select(Target::Users(users.map(Into::into).collect()))
    }
}

/// [`Clients`], and those that are named from the caller's point of view: what [`Caller::clients`]
/// gives.
///
/// [`Caller::clients`]: crate::Caller::clients
#[derive(Debug)]
pub struct CallerClients<H: Hub> {
    clients: Clients<H>,
    connection: Arc<Connection>,
}

impl<H: Hub> CallerClients<H> {
    pub(crate) fn new(
        lifetime: Arc<Lifetime>,
        connection: Arc<Connection>,
        asking: Asking,
    ) -> Self {
        Self { clients: Clients::new(lifetime, asking), connection }
    }

    /// The caller itself.
    pub fn caller(&self) -> SingleClient<H> {
        self.client(self.connection.id.as_str())
    }

    /// All but the caller.
    pub fn others(&self) -> H::Client {
        self.select(Target::AllExcept([self.connection.id].into()))
    }

    /// The members of a group, but for the caller.
    pub fn others_in_group(&self, group: &str) -> H::Client {
        self.select(Target::GroupExcept(group.into(), [self.connection.id].into()))
    }
}

impl<H: Hub> Deref for CallerClients<H> {
    type Target = Clients<H>;

    fn deref(&self) -> &Self::Target {
        &self.clients
    }
}

fn ids<I: AsRef<str>>(ids: &[I]) -> Arc<[ConnectionId]> {
    let mut seen = HashSet::new();
    let ids = ids.iter().filter_map(|id| ConnectionId::parse(id.as_ref()));
    ids.filter(|id| seen.insert(*id)).collect()
}
