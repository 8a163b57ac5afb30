//! String tools: invocations with a result, and streams in both directions, for clients to try.

mod hub;

use rocket::fairing::AdHoc;
use rocket_signalr::Hub;

pub use self::hub::StringToolsHub;

/// The characters (Unicode scalar values) in reverse order. What people see as one letter but is
/// written with several, such as a letter with a combining accent, is not kept together.
pub fn reversed(text: &str) -> String {
    text.chars().rev().collect()
}

/// Attaches `/hubs/stringtools`.
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("string tools", |rocket| async {
        rocket.attach(StringToolsHub.at("/hubs/stringtools"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_reversed_by_character() {
        assert_eq!(reversed("Grüße, 🦀"), "🦀 ,eßürG");
        assert_eq!(reversed(""), "");
    }
}
