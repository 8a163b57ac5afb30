//! Who a request comes from, and what that allows.

use std::{sync::Arc, time::SystemTime};

use rocket::{Request, async_trait};

use crate::request;

/// A user who is signed in.
#[derive(Debug, Clone, Default)]
pub struct User {
    id: Box<str>,
    name: Option<Box<str>>,
    roles: Vec<Box<str>>,
    claims: Vec<(Box<str>, Box<str>)>,
    expires: Option<SystemTime>,
}

impl User {
    /// A user with this id: what [`Clients::user`](crate::Clients::user) takes, compared exactly.
    pub fn new(id: impl Into<Box<str>>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }

    /// With a name to be shown.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<Box<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// In a role. Can be called several times.
    #[must_use]
    pub fn with_role(mut self, role: impl Into<Box<str>>) -> Self {
        self.roles.push(role.into());
        self
    }

    /// With anything else that is known. Can be called several times.
    #[must_use]
    pub fn with_claim(mut self, kind: impl Into<Box<str>>, value: impl Into<Box<str>>) -> Self {
        self.claims.push((kind.into(), value.into()));
        self
    }

    /// Signed in until then: see [`HubOptions::close_on_authentication_expiration`].
    ///
    /// [`HubOptions::close_on_authentication_expiration`]: crate::HubOptions
    #[must_use]
    pub fn expires_at(mut self, time: SystemTime) -> Self {
        self.expires = Some(time);
        self
    }

    /// The id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name, if one was given.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Whether the user has a role.
    pub fn is_in_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| **own == *role)
    }

    /// The first claim of a kind.
    pub fn claim(&self, kind: &str) -> Option<&str> {
        self.claims.iter().find(|(own, _)| **own == *kind).map(|(_, value)| &**value)
    }

    /// When the sign-in ends, if it does.
    pub fn expires(&self) -> Option<SystemTime> {
        self.expires
    }
}

/// What a policy decides about.
#[derive(Debug)]
pub struct Resource<'a> {
    /// The name of the hub.
    pub hub: &'a str,
    /// The method that is called, or `None` for the hub as a whole.
    pub method: Option<&'a str>,
    /// The connection that calls it, or `None` before there is one.
    pub connection_id: Option<&'a str>,
}

/// Tells who is signed in: implemented by the application, on whatever it uses for that.
///
/// It is asked at each request: once for a WebSocket or an event stream, each time for polls and
/// posts.
///
/// ```
/// use rocket::{Request, async_trait};
/// use rocket_signalr::{Authenticate, User, bearer_token};
///
/// struct Tokens;
///
/// #[async_trait]
/// impl Authenticate for Tokens {
///     async fn user(&self, request: &Request<'_>) -> Option<User> {
///         let token = bearer_token(request)?;
///         (token == "the one that ann was given").then(|| User::new("ann").with_role("staff"))
///     }
/// }
/// ```
#[async_trait]
pub trait Authenticate: Send + Sync + 'static {
    /// Who sent this request. `None` if nobody is signed in, or the credentials are not good.
    async fn user(&self, request: &Request<'_>) -> Option<User>;

    /// Whether a named policy is fulfilled. No policy is, unless this says so.
    async fn fulfils(&self, policy: &str, user: &User, resource: &Resource<'_>) -> bool {
        let _ = (policy, user, resource);
        false
    }
}

/// For hubs without an [`Authenticate`]: nobody is signed in.
pub(crate) struct Nobody;

#[async_trait]
impl Authenticate for Nobody {
    async fn user(&self, _: &Request<'_>) -> Option<User> {
        None
    }
}

#[async_trait]
impl<A: Authenticate + ?Sized> Authenticate for Arc<A> {
    async fn user(&self, request: &Request<'_>) -> Option<User> {
        (**self).user(request).await
    }

    async fn fulfils(&self, policy: &str, user: &User, resource: &Resource<'_>) -> bool {
        (**self).fulfils(policy, user, resource).await
    }
}

/// The token of a request: that of its `Authorization: Bearer` header or, since browsers cannot set
/// that header on a WebSocket or an event stream, of its query's `access_token`.
pub fn bearer_token<'r>(request: &'r Request<'_>) -> Option<&'r str> {
    let header = request.headers().get_one("Authorization").and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    header.or_else(|| {
        let query = request.uri().query()?.as_str();
        request::raw_query_values(query, "access_token").next()
    })
}

/// What is asked of a user before a hub or a method may be used: `#[authorize]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Authorize {
    /// The user has one of these roles. None: any user will do.
    pub roles: &'static [&'static str],
    /// The user fulfils this policy: see [`Authenticate::fulfils`].
    pub policy: Option<&'static str>,
}

impl Authorize {
    /// Any user who is signed in.
    pub const USER: Self = Self { roles: &[], policy: None };

    pub(crate) async fn permits(
        &self,
        authenticate: &dyn Authenticate,
        user: &User,
        resource: &Resource<'_>,
    ) -> bool {
        let in_role = self.roles.is_empty() || self.roles.iter().any(|role| user.is_in_role(role));
        match self.policy {
            Some(policy) if in_role => authenticate.fulfils(policy, user, resource).await,
            _ => in_role,
        }
    }
}
