use std::{
    fmt,
    net::{SocketAddr, ToSocketAddrs},
    str::FromStr,
};

/// An address such as `http://127.0.0.1:5000/bench?room=1`. No TLS: that would measure TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    pub(crate) address: SocketAddr,
    pub(crate) authority: String,
    /// With a leading slash and no trailing one.
    pub(crate) path: String,
    /// What follows the question mark.
    pub(crate) query: Option<String>,
}

impl FromStr for Url {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let rest = url.strip_prefix("http://").ok_or("must begin with http://")?;
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query.to_owned())),
            None => (rest, None),
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let with_port =
            if authority.contains(':') { authority.into() } else { format!("{authority}:80") };
        let address = with_port
            .to_socket_addrs()
            .map_err(|error| format!("'{authority}' is no address: {error}"))?
            .next()
            .ok_or_else(|| format!("'{authority}' has no address"))?;
        let path = path.trim_end_matches('/').to_owned();
        Ok(Self { address, authority: authority.to_owned(), path, query })
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority, self.path)?;
        match &self.query {
            Some(query) => write!(f, "?{query}"),
            None => Ok(()),
        }
    }
}

impl Url {
    /// The path of something below the hub, with the hub's own query and one parameter more.
    pub(crate) fn below(&self, name: &str, parameter: Option<(&str, &str)>) -> String {
        let mut path = format!("{}{name}", self.path);
        if path.is_empty() {
            path.push('/');
        }
        let own = self.query.clone();
        let more = parameter.map(|(name, value)| format!("{name}={value}"));
        for (n, query) in own.into_iter().chain(more).enumerate() {
            path.push(if n == 0 { '?' } else { '&' });
            path.push_str(&query);
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        let url: Url = "http://127.0.0.1:5000/bench/?room=1".parse().unwrap();
        assert_eq!(url.address.to_string(), "127.0.0.1:5000");
        assert_eq!((&*url.path, url.query.as_deref()), ("/bench", Some("room=1")));
        assert_eq!(url.to_string(), "http://127.0.0.1:5000/bench?room=1");
        assert_eq!(url.below("/negotiate", Some(("a", "b"))), "/bench/negotiate?room=1&a=b");
        let root: Url = "http://127.0.0.1".parse().unwrap();
        assert_eq!((root.address.port(), root.below("", None)), (80, "/".into()));
    }

    #[test]
    fn what_is_no_address_is_told() {
        assert!("https://127.0.0.1/x".parse::<Url>().is_err());
        assert!("http:///x".parse::<Url>().is_err());
    }
}
