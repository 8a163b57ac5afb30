//! The HTTP face of a hub: which request is what, and the answers to those that are nothing.

use std::io::Cursor;

use rocket::{
    Data, Request, Response,
    http::{ContentType, Header, Method, Status},
    route::{self, Handler, Outcome, Route},
};
use serde::Serialize;

use super::{
    negotiate::{self, NegotiateError, NegotiateResponse},
    websocket::Upgrade,
};
use crate::{endpoint::Endpoint, hub::Hub, request};

const CONNECTION_ID_REQUIRED: &str = "Connection ID required";
const NO_CONNECTION: &str = "No Connection with that ID";

/// All methods are routed, so that Rocket answers none of them by itself: it would send HTML, or
/// take a HEAD for a GET.
const METHODS: [Method; 7] = [
    Method::Get,
    Method::Post,
    Method::Delete,
    Method::Options,
    Method::Head,
    Method::Put,
    Method::Patch,
];

/// The routes of a hub, to be mounted at its path.
pub(crate) fn routes<H: Hub>(endpoint: &Endpoint<H>) -> Vec<Route> {
    let route = |method, path, handler: HubHandler<H>| {
        // Before any catch-all of the application.
        let mut route = Route::ranked(-10, method, path, handler);
        route.name = Some(H::NAME.into());
        route
    };
    METHODS
        .into_iter()
        .flat_map(|method| {
            let connect = HubHandler { endpoint: endpoint.clone(), negotiate: false };
            let negotiate = HubHandler { endpoint: endpoint.clone(), negotiate: true };
            [route(method, "/", connect), route(method, "/negotiate", negotiate)]
        })
        .collect()
}

struct HubHandler<H: Hub> {
    endpoint: Endpoint<H>,
    negotiate: bool,
}

impl<H: Hub> Clone for HubHandler<H> {
    fn clone(&self) -> Self {
        Self { endpoint: self.endpoint.clone(), negotiate: self.negotiate }
    }
}

#[rocket::async_trait]
impl<H: Hub> Handler for HubHandler<H> {
    async fn handle<'r>(&self, request: &'r Request<'_>, _: Data<'r>) -> route::Outcome<'r> {
        let response = if !self.origin_allowed(request) {
            text(Status::Forbidden, "")
        } else if self.negotiate {
            self.negotiate(request)
        } else {
            self.connect(request).await
        };
        Outcome::Success(response)
    }
}

impl<H: Hub> HubHandler<H> {
    fn origin_allowed(&self, request: &Request<'_>) -> bool {
        let headers = request.headers();
        let allowed = &self.endpoint.options().allowed_origins;
        allowed.allow(headers.get_one("Origin"), headers.get_one("Host"))
    }

    fn negotiate(&self, request: &Request<'_>) -> Response<'static> {
        // Rocket has read `_method=delete` out of a form's body and made a DELETE of the POST.
        let overridden = request.content_type() == Some(&ContentType::Form);
        if request.method() != Method::Post && !overridden {
            return text(Status::MethodNotAllowed, "");
        }
        let version = match negotiate::requested_version(query(request)) {
            Ok(version) => version,
            Err(error) => return json(&NegotiateError { error }),
        };
        match self.endpoint.create(request, version > 0) {
            Ok(connection) => {
                json(&NegotiateResponse::new(version, &connection.id, &connection.token))
            }
            Err(status) => text(status, ""),
        }
    }

    async fn connect(&self, request: &Request<'_>) -> Response<'static> {
        let id = request::query_value(query(request), "id").filter(|id| !id.is_empty());
        match request.method() {
            Method::Get => {
                if let Some(upgrade) = Upgrade::of(request).await {
                    self.websocket(request, upgrade, id.as_deref())
                } else if accepts_event_stream(request) {
                    self.other("ServerSentEvents", id.as_deref())
                } else {
                    uncached(self.other("LongPolling", id.as_deref()))
                }
            }
            Method::Post => match self.lookup(id.as_deref()) {
                Err(refused) => refused,
                Ok(()) => text(
                    Status::MethodNotAllowed,
                    "POST requests are not allowed for WebSocket connections.",
                ),
            },
            Method::Delete => match self.lookup(id.as_deref()) {
                Err(refused) => refused,
                Ok(()) => text(
                    Status::BadRequest,
                    "Cannot terminate this connection using the DELETE endpoint.",
                ),
            },
            _ => text(Status::MethodNotAllowed, ""),
        }
    }

    fn websocket(
        &self,
        request: &Request<'_>,
        upgrade: Upgrade,
        id: Option<&str>,
    ) -> Response<'static> {
        let connection = match id {
            // Without a negotiation the connection has one id, as in version 0.
            None => match self.endpoint.create(request, false) {
                Ok(connection) => connection,
                Err(status) => return text(status, ""),
            },
            Some(id) => match self.endpoint.get(id) {
                Some(connection) => connection,
                None => {
                    return Response::build()
                        .status(Status::NotFound)
                        .sized_body(NO_CONNECTION.len(), Cursor::new(NO_CONNECTION))
                        .finalize();
                }
            },
        };
        if !connection.start() {
            return text(Status::Conflict, "");
        }
        let endpoint = self.endpoint.clone();
        upgrade.accept(move |socket| async move { endpoint.serve(connection, socket) })
    }

    fn lookup(&self, id: Option<&str>) -> Result<(), Response<'static>> {
        let Some(id) = id else {
            return Err(text(Status::BadRequest, CONNECTION_ID_REQUIRED));
        };
        match self.endpoint.get(id) {
            Some(_) => Ok(()),
            None => Err(text(Status::NotFound, NO_CONNECTION)),
        }
    }

    /// A transport that this endpoint does not offer. The id is looked at first.
    fn other(&self, transport: &str, id: Option<&str>) -> Response<'static> {
        match self.lookup(id) {
            Err(refused) => refused,
            Ok(()) => text(
                Status::NotFound,
                format!("{transport} transport not supported by this end point type"),
            ),
        }
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
    let body = body.into();
    Response::build()
        .status(status)
        .header(Header::new("Content-Type", "text/plain"))
        .sized_body(body.len(), Cursor::new(body))
        .finalize()
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
