//! The HTTP face: which request is what, and the answers to those that are nothing.

use std::io::Cursor;

use rocket::{
    Data, Request, Response,
    data::ToByteUnit,
    http::{Header, Method, Status},
    route::{self, Handler, Outcome, Route},
};
use serde::Serialize;
use tokio::io::AsyncReadExt;
use tracing::{debug, trace};

use super::{Endpoint, event_stream, poll};
use crate::{
    auth::{Resource, User},
    connection::{Connection, Ending},
    options::HubOptions,
    request::{self, ConnectRequest},
    transport::{
        Transport,
        negotiate::{self, NegotiateError, NegotiateResponse, RedirectResponse},
        websocket::Upgrade,
    },
};

const CONNECTION_ID_REQUIRED: &str = "Connection ID required";
const NO_CONNECTION: &str = "No Connection with that ID";

/// The largest body of a POST, in MiB: the default of the reference's server.
const MAX_POST: u64 = 30;

/// The largest head of a request, in bytes: the default of the reference's server for headers. What
/// connects is remembered with its headers for as long as the connection lasts.
const MAX_HEAD: usize = 32 * 1024;

/// How much of a POST is read at a time.
const READ: usize = 8 * 1024;

/// All methods are routed, so that Rocket answers none of them by itself: it would send HTML, or
/// take a HEAD for a GET.
const METHODS: [Method; 8] = [
    Method::Get,
    Method::Post,
    Method::Delete,
    Method::Options,
    Method::Head,
    Method::Put,
    Method::Patch,
    Method::Trace,
];

/// The routes of an endpoint, to be mounted at its path.
pub(crate) fn routes(endpoint: &Endpoint) -> Vec<Route> {
    let route = |method, path, handler: EndpointHandler| {
        // Before any catch-all of the application.
        let mut route = Route::ranked(-10, method, path, handler);
        route.name = Some(endpoint.name().into());
        route
    };
    METHODS
        .into_iter()
        .flat_map(|method| {
            let connect = EndpointHandler { endpoint: endpoint.clone(), negotiate: false };
            let negotiate = EndpointHandler { endpoint: endpoint.clone(), negotiate: true };
            [route(method, "/", connect), route(method, "/negotiate", negotiate)]
        })
        .collect()
}

#[derive(Clone)]
struct EndpointHandler {
    endpoint: Endpoint,
    negotiate: bool,
}

#[rocket::async_trait]
impl Handler for EndpointHandler {
    async fn handle<'r>(&self, request: &'r Request<'_>, mut data: Data<'r>) -> route::Outcome<'r> {
        let method = method(request, &mut data).await;
        let origins = &self.endpoint.options().allowed_origins;
        let origin = request.headers().get_one("Origin");
        let mut response = if !origins.allow(origin, request) {
            text(Status::Forbidden, "")
        } else if let Some(preflight) = origins.preflight(origin, request) {
            preflight
        } else if head_len(request) > MAX_HEAD {
            text(Status::RequestHeaderFieldsTooLarge, "")
        } else {
            match self.authorize(request).await {
                Err(refused) => refused,
                Ok(user) if self.negotiate => self.negotiate(request, method, user.as_ref()),
                Ok(user) => self.connect(request, method, data, user).await,
            }
        };
        // Refusals too: a page could not read them otherwise.
        origins.grant(origin, &mut response);
        Outcome::Success(response)
    }
}

/// How long the path, the query and all headers of a request are.
fn head_len(request: &Request<'_>) -> usize {
    let query = request.uri().query().map_or(0, |query| query.len());
    let headers = request.headers().iter();
    let headers = headers.map(|header| header.name().as_str().len() + header.value().len());
    request.uri().path().len() + query + headers.sum::<usize>()
}

impl EndpointHandler {
    /// Who sent the request, if the hub is open to them.
    async fn authorize(&self, request: &Request<'_>) -> Result<Option<User>, Response<'static>> {
        let authenticate = self.endpoint.authenticate();
        let user = authenticate.user(request).await;
        for authorize in self.endpoint.authorize() {
            let Some(user) = &user else { return Err(refusal(Status::Unauthorized)) };
            let resource =
                Resource { hub: self.endpoint.name(), method: None, connection_id: None };
            if !authorize.permits(authenticate, user, &resource).await {
                return Err(refusal(Status::Forbidden));
            }
        }
        Ok(user)
    }

    fn negotiate(
        &self,
        request: &Request<'_>,
        method: Method,
        user: Option<&User>,
    ) -> Response<'static> {
        if method != Method::Post {
            return text(Status::MethodNotAllowed, "");
        }
        let options = self.endpoint.options();
        let query = query(request);
        let version = match negotiate::requested_version(query, options.minimum_protocol_version) {
            Ok(version) => version,
            Err(error) => return json(&NegotiateError { error }),
        };
        if let Some(redirect) = self.endpoint.redirect(request, user) {
            return json(&RedirectResponse {
                negotiate_version: version,
                redirect,
                available_transports: [],
            });
        }
        let reconnects =
            self.endpoint.allows_reconnects() && negotiate::wants_stateful_reconnect(query);
        match self.endpoint.create(version > 0, reconnects) {
            Ok(connection) => {
                debug!(
                    name: "NegotiationRequest",
                    service = self.endpoint.name(),
                    connection_id = connection.id.as_str(),
                    version,
                    "negotiated"
                );
                json(&NegotiateResponse::new(
                    version,
                    &connection.id,
                    &connection.token,
                    options.transports,
                    reconnects,
                ))
            }
            Err(status) => text(status, ""),
        }
    }

    async fn connect(
        &self,
        request: &Request<'_>,
        method: Method,
        data: Data<'_>,
        user: Option<User>,
    ) -> Response<'static> {
        let id = request::sole_query_value(query(request), "id").filter(|id| !id.is_empty());
        let id = id.as_deref();
        match method {
            Method::Get => {
                let HubOptions { web_socket_compression, sub_protocol_selector, .. } =
                    self.endpoint.options();
                if let Some(upgrade) =
                    Upgrade::of(request, *web_socket_compression, *sub_protocol_selector).await
                {
                    self.websocket(request, upgrade, id, user)
                } else if accepts_event_stream(request) {
                    self.event_stream(request, id, user)
                } else {
                    uncached(self.poll(request, id, user).await)
                }
            }
            Method::Post => self.post(data, id).await,
            Method::Delete => self.delete(id),
            _ => text(Status::MethodNotAllowed, ""),
        }
    }

    fn websocket(
        &self,
        request: &Request<'_>,
        upgrade: Upgrade,
        id: Option<&str>,
        user: Option<User>,
    ) -> Response<'static> {
        let connection = match id {
            // Without a negotiation the connection has one id, as in version 0.
            None if self.offers(Transport::WebSockets) => {
                match self.endpoint.create(false, false) {
                    Ok(connection) => connection,
                    Err(status) => return text(status, ""),
                }
            }
            None => return self.unsupported(Transport::WebSockets),
            Some(id) => match self.endpoint.get(id) {
                Some(connection) => connection,
                None => {
                    let mut refused = text(Status::NotFound, NO_CONNECTION);
                    refused.remove_header("Content-Type");
                    return refused;
                }
            },
        };
        if !self.offers(Transport::WebSockets) {
            return self.unsupported(Transport::WebSockets);
        }
        let opened = connection.open(Transport::WebSockets, || ConnectRequest::new(request), user);
        if !opened {
            if connection.transport() != Some(Transport::WebSockets) {
                return self.changed_transport(&connection, Transport::WebSockets);
            }
            if !connection.can_return() {
                return self.already_active(&connection);
            }
        }
        self.connected(&connection, opened);
        let endpoint = self.endpoint.clone();
        let deflate = upgrade.deflates();
        upgrade.accept(move |socket| async move {
            if !connection.attach(socket, deflate) {
                debug!(
                    name: "ConnectionDisposed",
                    service = endpoint.name(),
                    connection_id = connection.id.as_str(),
                    "connection has ended"
                );
            } else if opened {
                endpoint.serve(connection);
            }
        })
    }

    fn event_stream(
        &self,
        request: &Request<'_>,
        id: Option<&str>,
        user: Option<User>,
    ) -> Response<'static> {
        let connection = match self.endpoint.find(id) {
            Ok(connection) => connection,
            Err(missing) => return missing.response(),
        };
        if !self.offers(Transport::ServerSentEvents) {
            return self.unsupported(Transport::ServerSentEvents);
        }
        if !connection.open(Transport::ServerSentEvents, || ConnectRequest::new(request), user) {
            return match connection.transport() {
                Some(Transport::ServerSentEvents) => self.already_active(&connection),
                _ => self.changed_transport(&connection, Transport::ServerSentEvents),
            };
        }
        self.connected(&connection, true);
        let response = event_stream::respond(connection.clone());
        self.endpoint.serve(connection);
        response
    }

    async fn poll(
        &self,
        request: &Request<'_>,
        id: Option<&str>,
        user: Option<User>,
    ) -> Response<'static> {
        let connection = match self.endpoint.find(id) {
            Ok(connection) => connection,
            Err(missing) => return missing.response(),
        };
        if !self.offers(Transport::LongPolling) {
            return self.unsupported(Transport::LongPolling);
        }
        let opened = connection.open(Transport::LongPolling, || ConnectRequest::new(request), user);
        if connection.transport() != Some(Transport::LongPolling) {
            return self.changed_transport(&connection, Transport::LongPolling);
        }
        self.connected(&connection, opened);
        if opened {
            // Answered at once: the time between two polls begins.
            let outbox = connection.outbox();
            outbox.end_response(outbox.begin_response());
            self.endpoint.serve(connection);
            return poll::first();
        }
        poll::respond(connection).await
    }

    /// Bytes from a client without a WebSocket. They can be many messages, or part of one.
    async fn post(&self, data: Data<'_>, id: Option<&str>) -> Response<'static> {
        let connection = match self.endpoint.find(id) {
            Ok(connection) => connection,
            Err(missing) => return missing.response(),
        };
        let (service, connection_id) = (self.endpoint.name(), connection.id.as_str());
        if connection.transport() == Some(Transport::WebSockets) {
            debug!(
                name: "PostNotAllowedForWebSockets",
                service, connection_id, "post to a WebSocket"
            );
            return text(
                Status::MethodNotAllowed,
                "POST requests are not allowed for WebSocket connections.",
            );
        }
        let _writing = connection.inbox().writing.lock().await;
        let mut body = data.open(MAX_POST.mebibytes() + 1);
        let mut left = MAX_POST * 1024 * 1024;
        let mut bytes = vec![0; READ];
        loop {
            match body.read(&mut bytes).await {
                Ok(0) => return text(Status::Ok, ""),
                Ok(read) if read as u64 > left => return text(Status::PayloadTooLarge, ""),
                Ok(read) => {
                    left -= read as u64;
                    trace!(name: "ReceivedBytes", service, connection_id, count = read, "posted");
                    if !connection.post(&bytes[..read]).await {
                        debug!(
                            name: "ConnectionDisposedWhileWriteInProgress",
                            service, connection_id, "connection has ended during a post"
                        );
                        return text(Status::NotFound, "");
                    }
                }
                Err(error) => {
                    debug!(
                        name: "FailedToReadHttpRequestBody",
                        service, connection_id, %error, "a post cannot be read"
                    );
                    return text(Status::BadRequest, "");
                }
            }
        }
    }

    fn delete(&self, id: Option<&str>) -> Response<'static> {
        let connection = match self.endpoint.find(id) {
            Ok(connection) => connection,
            Err(missing) => return missing.response(),
        };
        let (service, connection_id) = (self.endpoint.name(), connection.id.as_str());
        if connection.transport() != Some(Transport::LongPolling) {
            let transport = connection.transport().map(Transport::name);
            trace!(
                name: "ReceivedDeleteRequestForUnsupportedTransport",
                service, connection_id, transport, "only polls end with a delete"
            );
            return text(
                Status::BadRequest,
                "Cannot terminate this connection using the DELETE endpoint.",
            );
        }
        trace!(name: "TerminatingConnection", service, connection_id, "client ends its polls");
        connection.leave(Ending::deleted());
        text(Status::Accepted, "")
    }

    /// Takes note of a transport that connects, for the first time or once more.
    fn connected(&self, connection: &Connection, first: bool) {
        let (service, connection_id) = (self.endpoint.name(), connection.id.as_str());
        let transport = connection.transport().map(Transport::name);
        if first {
            debug!(name: "EstablishedConnection", service, connection_id, transport, "connected");
        } else {
            debug!(name: "ResumingConnection", service, connection_id, transport, "connected again");
        }
    }

    fn already_active(&self, connection: &Connection) -> Response<'static> {
        debug!(
            name: "ConnectionAlreadyActive",
            service = self.endpoint.name(),
            connection_id = connection.id.as_str(),
            "connection has its transport"
        );
        text(Status::Conflict, "")
    }

    fn changed_transport(
        &self,
        connection: &Connection,
        requested: Transport,
    ) -> Response<'static> {
        debug!(
            name: "CannotChangeTransport",
            service = self.endpoint.name(),
            connection_id = connection.id.as_str(),
            transport = connection.transport().map(Transport::name),
            requested = requested.name(),
            "connection has another transport"
        );
        text(Status::BadRequest, "Cannot change transports mid-connection")
    }

    fn unsupported(&self, transport: Transport) -> Response<'static> {
        let transport = transport.name();
        debug!(
            name: "TransportNotSupported",
            service = self.endpoint.name(),
            transport,
            "transport is not offered"
        );
        text(
            Status::NotFound,
            format!("{transport} transport not supported by this end point type"),
        )
    }

    fn offers(&self, transport: Transport) -> bool {
        self.endpoint.options().transports.allow(transport)
    }
}

/// Why a request finds no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Id,
    Connection,
}

impl Missing {
    fn response(self) -> Response<'static> {
        match self {
            Self::Id => text(Status::BadRequest, CONNECTION_ID_REQUIRED),
            Self::Connection => text(Status::NotFound, NO_CONNECTION),
        }
    }
}

/// The method as the client wrote it: Rocket makes a DELETE of a POST whose form begins with
/// `_method=delete`.
async fn method(request: &Request<'_>, data: &mut Data<'_>) -> Method {
    const OVERRIDE: &[u8] = b"_method=";
    let form = request.content_type().is_some_and(|content_type| content_type.is_form());
    if form && data.peek(OVERRIDE.len()).await == OVERRIDE {
        Method::Post
    } else {
        request.method()
    }
}

fn query<'r>(request: &'r Request<'_>) -> &'r str {
    request.uri().query().map_or("", |query| query.as_str())
}

fn accepts_event_stream(request: &Request<'_>) -> bool {
    request
        .headers()
        .get("Accept")
        .flat_map(|accept| accept.split(','))
        .any(|media| media.trim().eq_ignore_ascii_case("text/event-stream"))
}

fn text(status: Status, body: impl Into<String>) -> Response<'static> {
    let mut response = refusal(status);
    let body = body.into();
    response.set_header(Header::new("Content-Type", "text/plain"));
    response.set_sized_body(body.len(), Cursor::new(body));
    response
}

/// Clients show the reason phrase of a refusal whose body is empty.
fn refusal(status: Status) -> Response<'static> {
    Response::build().status(status).sized_body(0, Cursor::new("")).finalize()
}

fn json(body: &impl Serialize) -> Response<'static> {
    let body = serde_json::to_vec(body).unwrap_or_default();
    Response::build()
        .header(Header::new("Content-Type", "application/json"))
        .sized_body(body.len(), Cursor::new(body))
        .finalize()
}

/// What every answer to a poll carries, the refused ones too.
fn uncached(mut response: Response<'static>) -> Response<'static> {
    response.set_header(Header::new("Cache-Control", "no-cache, no-store"));
    response.set_header(Header::new("Pragma", "no-cache"));
    response.set_header(Header::new("Expires", "Thu, 01 Jan 1970 00:00:00 GMT"));
    response
}
