//! The hubs as TypeScript declarations, for programs that connect: `signalbox typescript`.

use rocket_signalr::{TypeScript, TypeScriptError};

use crate::clock::TimeHub;
use crate::lobby::ChatHub;
use crate::metrics::MetricsHub;
use crate::polls::hub::PollHub;
use crate::stringtools::StringToolsHub;
use crate::views::{UserCountHub, ViewHub};

/// The text of the declarations.
///
/// # Errors
/// Two types of payloads have the same name.
pub fn declarations() -> Result<String, TypeScriptError> {
    TypeScript::new()
        .hub::<TimeHub>("/hubs/time")
        .hub::<ViewHub>("/hubs/view")
        .hub::<UserCountHub>("/hubs/userCount")
        .hub::<PollHub>("/hubs/menti")
        .hub::<StringToolsHub>("/hubs/stringtools")
        .hub::<ChatHub>("/hubs/chat")
        .hub::<MetricsHub>("/hubs/metrics")
        .declarations()
}
