//! Whether messages may be compressed: the negotiation of permessage-deflate (RFC 7692).
//!
//! What is agreed on is always the same: neither side takes its context over from one message to
//! the next (section 7.1.1). So a message can be compressed once for all that get it, and no
//! connection keeps a window between two messages.

const AGREED: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// As [`AGREED`], for a client that has named the window it has for what the server sends.
const AGREED_WITH_WINDOW: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=15";

/// The answer to the `Sec-WebSocket-Extensions` headers of a client: the first of its offers that
/// can be kept.
pub(super) fn agree<'a>(headers: impl Iterator<Item = &'a str>) -> Option<&'static str> {
    headers.flat_map(|header| header.split(',')).find_map(answer)
}

/// The answer to one offer. It is declined for anything that is not as section 7.1 has it.
fn answer(offer: &str) -> Option<&'static str> {
    let mut parts = offer.split(';').map(str::trim);
    if parts.next() != Some("permessage-deflate") {
        return None;
    }
    let mut names = Vec::new();
    for part in parts {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name.trim_end(), Some(unquoted(value.trim_start()))),
            None => (part, None),
        };
        let can_be_kept = match (name, value) {
            ("server_no_context_takeover" | "client_no_context_takeover", None)
            | ("client_max_window_bits", None) => true,
            // The client may make its window smaller: any is read.
            ("client_max_window_bits", Some(bits)) => {
                matches!(bits, "8" | "9" | "10" | "11" | "12" | "13" | "14" | "15")
            }
            // A smaller one would have to be compressed for apart.
            ("server_max_window_bits", Some(bits)) => bits == "15",
            _ => false,
        };
        if !can_be_kept || names.contains(&name) {
            return None;
        }
        names.push(name);
    }
    let window = names.contains(&"server_max_window_bits");
    Some(if window { AGREED_WITH_WINDOW } else { AGREED })
}

/// A value may be written as a quoted string (RFC 6455, section 9.1).
fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(headers: &[&str], expected: Option<&str>) {
        assert_eq!(agree(headers.iter().copied()), expected, "{headers:?}");
    }

    #[test]
    fn offer_is_accepted_without_context_takeover() {
        for offer in [
            "permessage-deflate",
            " permessage-deflate ;client_max_window_bits",
            "permessage-deflate; client_max_window_bits=8",
            "permessage-deflate; client_max_window_bits=15",
            "permessage-deflate; client_max_window_bits = \"10\"",
            "permessage-deflate; server_no_context_takeover",
            "permessage-deflate; client_no_context_takeover",
            "permessage-deflate; client_no_context_takeover; server_no_context_takeover; client_max_window_bits",
        ] {
            check(&[offer], Some(AGREED));
        }
    }

    #[test]
    fn largest_window_of_the_server_is_confirmed() {
        for offer in [
            "permessage-deflate; server_max_window_bits=15",
            "permessage-deflate;server_max_window_bits=\"15\";client_max_window_bits",
        ] {
            check(&[offer], Some(AGREED_WITH_WINDOW));
        }
    }

    #[test]
    fn offer_that_cannot_be_kept_is_declined() {
        for bits in 8..15 {
            check(&[&format!("permessage-deflate; server_max_window_bits={bits}")], None);
        }
    }

    #[test]
    fn offer_that_breaks_the_rules_is_declined() {
        for parameters in [
            "unknown",
            "unknown=1",
            "",
            "server_no_context_takeover=1",
            "client_no_context_takeover=",
            "server_max_window_bits",
            "server_max_window_bits=",
            "server_max_window_bits=16",
            "server_max_window_bits=015",
            "client_max_window_bits=",
            "client_max_window_bits=7",
            "client_max_window_bits=16",
            "client_max_window_bits=08",
            "client_max_window_bits=+8",
            "client_max_window_bits=\"8",
            "Client_max_window_bits",
            "client_max_window_bits; client_max_window_bits",
            "client_max_window_bits=10; client_max_window_bits=10",
            "server_max_window_bits=15; server_max_window_bits=15",
            "server_no_context_takeover; server_no_context_takeover",
            "client_no_context_takeover; client_no_context_takeover",
        ] {
            check(&[&format!("permessage-deflate; {parameters}")], None);
        }
    }

    #[test]
    fn first_offer_that_can_be_kept_is_accepted() {
        let small = "permessage-deflate; server_max_window_bits=10";
        let large = "permessage-deflate; server_max_window_bits=15";
        check(&[&format!("{small}, {large}, permessage-deflate")], Some(AGREED_WITH_WINDOW));
        check(&[&format!("{small},permessage-deflate,{large}")], Some(AGREED));
        check(&[small, large, "permessage-deflate"], Some(AGREED_WITH_WINDOW));
        check(
            &[
                "x-webkit-deflate-frame, permessage-bzip2; client_max_window_bits",
                "permessage-deflate",
            ],
            Some(AGREED),
        );
    }

    #[test]
    fn other_extensions_are_declined() {
        check(&[], None);
        check(&["", " , "], None);
        check(&["permessage-bzip2", "x-webkit-deflate-frame", "permessage-deflate2"], None);
    }
}
