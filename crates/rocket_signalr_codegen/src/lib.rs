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
mod types;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// Makes an `impl` block the face of a hub: its methods are what clients can call.
///
/// ```text
/// #[hub(client = ChatClient)]           // without `client`, the hub calls nothing on its clients
/// impl ChatHub {
///     async fn send_message(&self, caller: &Caller<Self>, text: String) -> Result<(), HubError> { … }
/// }
/// ```
///
/// - A method is called by its name in PascalCase (`SendMessage`), matched without case;
///   `#[name = "sayIt"]` gives it another one. `#[skip]` keeps it from clients.
/// - `#[authorize]` asks for a user who is signed in, `#[authorize(role = "admin")]` for a role (or
///   one of several: `"admin,owner"`), `#[authorize(policy = "…")]` for a policy of the application's
///   `Authenticate`. `#[hub(authorize)]` asks it for the whole hub.
/// - A parameter of type `&Caller<Self>` is the caller. All others are arguments: owned types that
///   implement `DeserializeOwned`. `#[optional]` before a trailing `Option` lets clients leave it out.
/// - A parameter of type `UploadStream<T>` is a stream that the client uploads.
/// - A method may be `async` or not, and return nothing, a value that implements `Serialize`, or a
///   `Result` of it whose error converts into `HubError`.
/// - A method that returns `impl Stream`, or a `Result` of one, is a streaming method. Its items may
///   be `Result`s.
/// - `on_connected(&self, caller)` and `on_disconnected(&self, caller, reason)` are not callable: they
///   are those of the `Hub` trait, which the attribute implements.
#[proc_macro_attribute]
pub fn hub(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as syn::Item);
    hub::expand(syn::parse(arguments), item).into()
}

/// Declares the methods that a hub may call on its clients.
///
/// ```text
/// #[hub_client]
/// pub trait ChatClient {
///     async fn receive_message(&self, user: &str, text: &str);    // as "receiveMessage"
///     #[name = "ReceiveComment"]
///     async fn receive_comment(&self, comment: &Comment);
///     async fn ask(&self, question: &str) -> String;              // a client result
/// }
/// ```
///
/// The trait becomes a type of the same name with these methods; the selectors of `Clients` return
/// it. Arguments implement `Serialize` and `Sync`. A method is sent by its name in camelCase, or as
/// `#[name = "…"]` says: some clients match names exactly. Each returns `Result<(), SendError>`.
///
/// A method with a return type asks a client for a result, and waits for it. It can be called only
/// on what `client` and `caller` select, and returns `Result<T, HubError>`.
#[proc_macro_attribute]
pub fn hub_client(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as syn::Item);
    client::expand(syn::parse(arguments), item).into()
}
