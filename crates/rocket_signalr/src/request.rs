//! What a connection remembers of the request that opened it.

use std::{borrow::Cow, net::SocketAddr};

use rocket::{Request, http::RawStr};

/// The request that opened a connection: that of the WebSocket, the event stream or the first poll.
/// What was sent with the negotiation before it, and with later requests, is not in it.
///
/// Browsers cannot set headers on a WebSocket or an event stream: what a page has to say goes into
/// the query of its URL, or into a cookie.
///
/// ```
/// use rocket_signalr::ConnectRequest;
///
/// fn version_of_the_app(request: &ConnectRequest) -> Option<u32> {
///     request.query("v")?.parse().ok()
/// }
/// ```
#[derive(Debug, Default)]
pub struct ConnectRequest {
    /// As compactly as can be: a line for the query and one for each header.
    lines: Box<str>,
    remote: Option<SocketAddr>,
}

impl ConnectRequest {
    pub(crate) fn new(request: &Request<'_>) -> Self {
        let mut lines = request.uri().query().map_or("", |q| q.as_str()).to_owned();
        for header in request.headers().iter() {
            lines.push('\n');
            lines.push_str(header.name().as_str());
            lines.push(':');
            lines.push_str(header.value());
        }
        Self { lines: lines.into_boxed_str(), remote: request.remote() }
    }

    /// The first value of a parameter in the query, decoded. Names match without case.
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        query_value(self.lines.lines().next().unwrap_or_default(), name)
    }

    /// The first value of a header, whose name matches without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.lines
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(':'))
            .find(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The value of a cookie, decoded as Rocket encodes it.
    pub fn cookie(&self, name: &str) -> Option<Cow<'_, str>> {
        self.header("cookie")?
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(cookie, _)| *cookie == name)
            .and_then(|(_, value)| RawStr::new(value).percent_decode().ok())
    }

    /// The address it came from. Behind a proxy it is the proxy's.
    pub fn remote(&self) -> Option<SocketAddr> {
        self.remote
    }
}

/// The first value of `name` in a query, decoded.
pub(crate) fn query_value<'q>(query: &'q str, name: &str) -> Option<Cow<'q, str>> {
    query_values(query, name).next()
}

/// What is to be the only value of `name` in a query, decoded. More of them are one text with
/// commas in between, as ASP.NET has it, and so mean nothing.
pub(crate) fn sole_query_value<'q>(query: &'q str, name: &str) -> Option<Cow<'q, str>> {
    query_values(query, name).reduce(|values, value| match (&*values, &*value) {
        ("", _) => value,
        (_, "") => values,
        _ => format!("{values},{value}").into(),
    })
}

/// All values of `name` in a query, decoded. Names match without case, as in ASP.NET.
fn query_values<'q>(query: &'q str, name: &str) -> impl Iterator<Item = Cow<'q, str>> {
    query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .filter(move |(key, _)| decoded(key).eq_ignore_ascii_case(name))
        .map(|(_, value)| decoded(value))
}

/// Rocket's decoding copies what has nothing to decode, too.
fn decoded(part: &str) -> Cow<'_, str> {
    if part.contains(['%', '+']) { RawStr::new(part).url_decode_lossy() } else { part.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_names_match_without_case_and_values_are_decoded() {
        let query = "room=a%20b+c&ID=x&id=y";
        assert_eq!(query_value(query, "Room").as_deref(), Some("a b c"));
        assert_eq!(query_value(query, "id").as_deref(), Some("x"));
        assert_eq!(query_value(query, "none"), None);
    }

    #[test]
    fn values_given_twice_are_one_with_a_comma() {
        let query = "id=&id=x&ID=y&none=&one=1";
        assert_eq!(sole_query_value(query, "id").as_deref(), Some("x,y"));
        assert_eq!(sole_query_value(query, "none").as_deref(), Some(""));
        assert_eq!(sole_query_value(query, "one").as_deref(), Some("1"));
        assert_eq!(sole_query_value(query, "other"), None);
    }
}
