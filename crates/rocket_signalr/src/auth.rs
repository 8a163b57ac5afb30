//! Who a request comes from, and what that allows.

use std::{borrow::Cow, sync::Arc, time::SystemTime};

use rocket::{Request, async_trait};

use crate::request;

/// A user who is signed in: made by an [`Authenticate`] out of what it knows.
///
/// ```
/// use rocket_signalr::User;
///
/// let ann = User::new("17").with_name("Ann").with_role("admin").with_claim("department", "sales");
/// assert!(ann.is_in_role("admin"));
/// assert!(ann.roles().eq(["admin"]));
/// assert_eq!(ann.claim("department"), Some("sales"));
/// assert_eq!(ann.claims().next(), Some(("department", "sales")));
/// ```
///
/// [`Clients::user`](crate::Clients::user) calls all connections of a user, and
/// [`HubContext::disconnect_user`](crate::HubContext::disconnect_user) ends them.
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

    /// The roles, in the order in which they were given.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().map(|role| &**role)
    }

    /// The first claim of a kind.
    pub fn claim(&self, kind: &str) -> Option<&str> {
        self.claims.iter().find(|(own, _)| **own == *kind).map(|(_, value)| &**value)
    }

    /// The claims, kind and value, in the order in which they were given. There may be several of a
    /// kind.
    pub fn claims(&self) -> impl Iterator<Item = (&str, &str)> {
        self.claims.iter().map(|(kind, value)| (&**kind, &**value))
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
/// posts, and for the negotiation before them. Who is not known can use the hub all the same,
/// unless `#[hub(authorize)]`, `#[authorize]` before a method or
/// [`HubOptions::authorize`](crate::HubOptions::authorize) asks for a user.
///
/// With a JWT, which clients give by their `accessTokenFactory`:
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
///
/// use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation, decode, encode};
/// use rocket::{Request, async_trait, http::Status, local::blocking::Client};
/// use rocket_signalr::{Authenticate, Hub, User, bearer_token, hub};
///
/// #[derive(serde::Deserialize)]
/// struct Claims {
///     sub: String,
///     exp: u64,
///     #[serde(default)]
///     roles: Vec<String>,
/// }
///
/// struct Jwt(DecodingKey);
///
/// #[async_trait]
/// impl Authenticate for Jwt {
///     async fn user(&self, request: &Request<'_>) -> Option<User> {
///         let token = bearer_token(request)?; // of the header or of the query
///         let claims = decode::<Claims>(&*token, &self.0, &Validation::default()).ok()?.claims;
///         let user = User::new(claims.sub).expires_at(UNIX_EPOCH + Duration::from_secs(claims.exp));
///         Some(claims.roles.into_iter().fold(user, User::with_role))
///     }
/// }
///
/// struct Orders;
///
/// #[hub(authorize)]
/// impl Orders {}
///
/// let rocket = rocket::build().attach(Orders.at("/orders").authenticate(Jwt(DecodingKey::from_secret(b"key"))));
/// # let client = Client::debug(rocket).unwrap();
/// # let claims = serde_json::json!({"sub": "ann", "exp": 4_000_000_000_u64});
/// # let negotiate = |secret: &[u8]| {
/// #     let token = encode(&Header::default(), &claims, &EncodingKey::from_secret(secret)).unwrap();
/// #     client.post(format!("/orders/negotiate?access_token={token}")).dispatch().status()
/// # };
/// # assert_eq!(negotiate(b"key"), Status::Ok);
/// # assert_eq!(negotiate(b"another"), Status::Unauthorized);
/// ```
///
/// With a session cookie, which browsers send by themselves. Pages of other sites cannot make use
/// of it, since [`AllowedOrigins`](crate::AllowedOrigins) refuses them.
///
/// ```
/// use std::{collections::HashMap, sync::Mutex};
///
/// use rocket::{Request, async_trait};
/// use rocket_signalr::{Authenticate, Resource, User};
///
/// struct Sessions(Mutex<HashMap<String, User>>);
///
/// #[async_trait]
/// impl Authenticate for Sessions {
///     async fn user(&self, request: &Request<'_>) -> Option<User> {
///         let session = request.cookies().get("session")?;
///         self.0.lock().unwrap().get(session.value()).cloned()
///     }
///
///     /// `#[authorize(policy = "adult")]`
///     async fn fulfils(&self, policy: &str, user: &User, _: &Resource<'_>) -> bool {
///         policy == "adult" && user.claim("age").and_then(|age| age.parse().ok()) >= Some(18)
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

/// The token of a request: the `access_token` of its query, decoded, since browsers cannot set headers
/// on a WebSocket or an event stream; without one, that of its `Authorization: Bearer` header. The
/// order is that of the reference's documentation.
pub fn bearer_token<'r>(request: &'r Request<'_>) -> Option<Cow<'r, str>> {
    let query = request.uri().query().map_or("", |query| query.as_str());
    let in_query = request::query_value(query, "access_token").filter(|token| !token.is_empty());
    in_query.or_else(|| {
        let header = request.headers().get_one("Authorization")?;
        let (scheme, token) = header.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().into())
    })
}

/// What is asked of a user before a hub or a method may be used: `#[authorize]`, and for a whole
/// place [`HubOptions::authorize`](crate::HubOptions::authorize).
///
/// Requests without a user are answered with 401, those of the wrong one with 403; a call of a
/// method fails with an error.
///
/// ```
/// use rocket_signalr::{Authorize, Hub, HubOptions, hub};
///
/// struct Reports;
///
/// #[hub]
/// impl Reports {}
///
/// let internal = HubOptions {
///     authorize: Some(Authorize { roles: &["staff"], ..Authorize::USER }),
///     ..HubOptions::default()
/// };
/// let endpoint = Reports.at("/internal/reports").options(internal);
/// ```
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
