//! The attributes `#[hub]` and `#[hub_client]` of `rocket_signalr`, which re-exports them.

mod authorize;
mod client;
mod describe;
mod errors;
mod event;
mod hub;
mod marks;
mod method;
mod naming;
mod output;
mod parameter;
mod source;
mod types;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// Described where [`rocket_signalr`](https://docs.rs/rocket_signalr) re-exports it.
#[proc_macro_attribute]
pub fn hub(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as syn::Item);
    hub::expand(syn::parse(arguments), item).into()
}

/// Described where [`rocket_signalr`](https://docs.rs/rocket_signalr) re-exports it.
#[proc_macro_attribute]
pub fn hub_client(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as syn::Item);
    client::expand(syn::parse(arguments), item).into()
}
