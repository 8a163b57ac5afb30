//! `serde_json::value::RawValue`: JSON that is passed through as it is.
//!
//! serde has no word for it. It is a struct with a name that only encodings of JSON know, and such
//! an encoding each of ours has to be for it; on MessagePack it is converted.

/// The name of that struct, and of its only field, which holds the text.
pub(super) const RAW_JSON: &str = "$serde_json::private::RawValue";
