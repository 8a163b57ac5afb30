//! The attributes, which `rocket_signalr_codegen` makes: what they take and what comes of it.

/// Makes an `impl` block the face of a hub: its methods are what clients can call.
///
/// ```
/// use rocket_signalr::{Caller, DisconnectReason, HubError, hub, hub_client};
///
/// #[hub_client]
/// trait ChatClient {
///     async fn receive_message(&self, text: &str);
/// }
///
/// struct ChatHub;
///
/// #[hub(client = ChatClient)] // without it, the hub calls nothing on clients
/// impl ChatHub {
///     /// Clients call it "Send".
///     async fn send(&self, caller: &Caller<Self>, text: String) -> Result<(), HubError> {
///         caller.clients().others().receive_message(&text).await?;
///         Ok(())
///     }
///
///     /// Not called by clients: a client has connected. An error refuses it.
///     async fn on_connected(&self, caller: &Caller<Self>) -> Result<(), HubError> {
///         caller.join("lobby").await;
///         Ok(())
///     }
///
///     /// Not called by clients: a client has left.
///     async fn on_disconnected(&self, _: &Caller<Self>, reason: &DisconnectReason) {}
/// }
/// ```
///
/// # Methods
///
/// A method takes `&self`, since all clients use the same hub at the same time, and is `async` or
/// not. It is called by its name in PascalCase, matched without case; underscores and the `r#` of
/// raw names are no part of it. One client's calls run one after another, unless
/// [`maximum_parallel_invocations_per_client`] says otherwise; streams wait for nobody.
///
/// - A parameter of type `&Caller<Self>` is the [`Caller`](crate::Caller).
/// - All others are arguments: owned types that implement [`serde::Deserialize`].
/// - A parameter of type [`UploadStream<T>`](crate::UploadStream) is a stream that the client uploads.
/// - What it returns is nothing, an owned value that implements [`serde::Serialize`], or a `Result`
///   of it whose error converts into [`HubError`](crate::HubError): any [`std::error::Error`] does.
///
/// A method that blocks its thread holds others up, as everywhere in async Rust:
/// [`spawn_blocking`](rocket::tokio::task::spawn_blocking) is for that.
///
/// # Streams
///
/// A method that returns `impl Stream`, or a `Result` of one, is a streaming method. Its items may
/// be `Result`s: the first error ends the stream and is told to the client. When the client has had
/// enough, or is gone, the stream is dropped.
///
/// ```
/// use futures::{Stream, StreamExt, stream};
/// use rocket_signalr::{HubError, UploadStream, hub};
///
/// struct Numbers;
///
/// #[hub]
/// impl Numbers {
///     fn countdown(&self, from: u32) -> impl Stream<Item = u32> {
///         stream::iter((0..=from).rev())
///     }
///
///     async fn halves(&self, of: f64) -> Result<impl Stream<Item = f64>, HubError> {
///         if !of.is_normal() {
///             return Err(HubError::new("Of what?"));
///         }
///         Ok(stream::iter([of / 2.0, of / 4.0, of / 8.0]))
///     }
///
///     async fn sum(&self, mut numbers: UploadStream<f64>) -> Result<f64, HubError> {
///         let mut sum = 0.0;
///         while let Some(number) = numbers.next().await {
///             sum += number?;
///         }
///         Ok(sum)
///     }
/// }
/// ```
///
/// # Attributes of methods
///
/// ```
/// # use rocket_signalr::hub;
/// # struct Shop;
/// #[hub(authorize)] // all of it is for users who are signed in
/// impl Shop {
///     #[name = "list-items"] // in place of "Items"
///     fn items(&self, #[optional] page: Option<u32>) -> Vec<String> {
///         self.page(page.unwrap_or(0)) // clients may leave it out
///     }
///
///     #[authorize(role = "owner,clerk")] // for those in one of these roles
///     fn sell(&self, item: String) {}
///
///     #[authorize(policy = "in business hours")] // if `Authenticate::fulfils` it
///     fn restock(&self) {}
///
///     #[skip] // not for clients at all
///     fn page(&self, number: u32) -> Vec<String> {
///         Vec::new()
///     }
/// }
/// ```
///
/// `#[optional]` stands before trailing arguments, whose types are `Option`s. Who is asked for by
/// `#[authorize]` is told by an [`Authenticate`](crate::Authenticate).
///
/// [`maximum_parallel_invocations_per_client`]: crate::HubOptions::maximum_parallel_invocations_per_client
pub use rocket_signalr_codegen::hub;

/// Declares the methods that a hub may call on its clients.
///
/// The trait becomes a type of the same name with these methods; the selectors of
/// [`Clients`](crate::Clients) return it. So what is sent is checked by the compiler.
///
/// ```
/// use std::time::Duration;
/// use rocket::tokio::time::timeout;
/// use rocket_signalr::{Hub, HubContext, HubError, hub, hub_client};
///
/// #[hub_client]
/// trait GameClient {
///     async fn move_made(&self, player: &str, x: u8, y: u8);  // sent as "moveMade"
///     #[name = "GameOver"]                                    // sent as "GameOver"
///     async fn over(&self);
///     async fn choose(&self, options: &[String]) -> usize;    // asks for a result
/// }
///
/// struct GameHub;
///
/// #[hub(client = GameClient)]
/// impl GameHub {}
///
/// async fn ask(game: HubContext<GameHub>, player: &str) -> Result<usize, HubError> {
///     let options = ["left".to_owned(), "right".to_owned()];
///     let player = game.clients().client(player);
///     let choice = timeout(Duration::from_secs(30), player.choose(&options)).await??;
///     game.clients().all().over().await?;
///     Ok(choice)
/// }
/// ```
///
/// A method is sent by its name in camelCase, or as `#[name = "…"]` says: some clients match names
/// exactly. Its arguments implement [`serde::Serialize`] and `Sync`. It returns
/// `Result<(), SendError>` when the message is on its way: see
/// [`ClientProxy::send`](crate::ClientProxy::send).
///
/// Every such type has a method more: with `newest("key")`, only the newest of what is sent under a
/// key counts, so that a client that is slow gets it in the place of those that still wait for it.
/// `game.clients().all().newest("score").score(3).await?`
///
/// # Results
///
/// A method with a return type asks a client for a result, and waits for it as long as the client
/// takes. It can be called only on what [`client`](crate::Clients::client) and
/// [`caller`](crate::CallerClients::caller) select, and returns `Result<T, HubError>`: see
/// [`ClientProxy::invoke`](crate::ClientProxy::invoke).
pub use rocket_signalr_codegen::hub_client;
