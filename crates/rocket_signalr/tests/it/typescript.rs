//! What is written of hubs for clients in TypeScript. `tests/typescript/hubs.ts` is the text that is
//! expected, and `calls.ts` beside it is compiled with it: `npm run check`.

use std::{borrow::Cow, collections::BTreeMap, fs, time::SystemTime};

use futures::{Stream, StreamExt, stream};
use rocket_signalr::{
    Caller, HubError, PropertyNaming, Timestamp, TypeScript, TypeScriptError, UploadStream, hub,
    hub_client,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A message, with */ in its comment
/// and a second line.
#[derive(Debug, Serialize, Deserialize, TS)]
struct Message {
    /// Who has said it.
    sent_by: String,
    text: String,
    sent_at: Timestamp,
    #[serde(rename = "URL")]
    link: Option<String>,
    #[serde(skip)]
    #[allow(dead_code)]
    secret: u64,
    kind: Kind,
    replies: Vec<Self>,
}

#[derive(Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Plain,
    Emote,
    Picture { wide_by: u32, high: u32 },
}

/// Some of many.
#[derive(Debug, Serialize, Deserialize, TS)]
struct Page<T> {
    items: Vec<T>,
    next_page: Option<u64>,
}

/// Says nothing of itself to TypeScript.
#[derive(Debug, Serialize, Deserialize)]
struct Untold {
    value: i32,
}

#[derive(Debug, Serialize, Deserialize, TS)]
struct Empty {}

#[hub_client]
trait ChatClient {
    /// Somebody has said something.
    async fn receive_message(&self, message: &Message, seen_by: &[&str]);
    #[name = "here-now"]
    async fn here_now(&self, count: usize, new: bool);
    /// Asks one client.
    async fn ask(&self, question: Cow<'_, str>, choices: Option<&str>) -> Option<bool>;
    async fn anything(&self, value: &(impl Serialize + Sync), untold: &Untold);
    async fn closing(&self);
    #[cfg(any())]
    async fn absent(&self, it: &Missing);
}

struct ChatHub;

#[hub(client = ChatClient)]
impl ChatHub {
    async fn on_connected(&self) {}

    /// Says something to all.
    ///
    /// Only those who are connected hear it.
    async fn send_message(&self, _: &Caller<Self>, message: Message) -> Result<(), HubError> {
        let _ = (message.sent_by, message.text, message.kind, message.replies);
        Ok(())
    }

    #[name = "Page"]
    fn page_of(&self, r#from: i64, #[optional] page_size: Option<u8>) -> Page<Message> {
        let _ = (r#from, page_size);
        Page { items: Vec::new(), next_page: None }
    }

    fn pages(&self, [first, _]: [u8; 2], _name: &Caller<Self>) -> std::io::Result<Page<Page<i32>>> {
        Ok(Page { items: Vec::new(), next_page: Some(first.into()) })
    }

    fn countdown(&self, from: u32) -> impl Stream<Item = u32> + Send + use<> {
        stream::iter((0..from).rev())
    }

    async fn quotients(
        &self,
        of: f64,
    ) -> Result<impl Stream<Item = Result<(f64, bool), HubError>> + Send + use<>, HubError> {
        Ok(stream::iter([Ok((of, true))]))
    }

    /// Takes two streams.
    async fn average(
        &self,
        #[optional] weight: Option<f64>,
        mut numbers: UploadStream<f64>,
        more: UploadStream<Untold>,
    ) -> Result<f64, HubError> {
        let _ = (numbers.next().await, more, weight);
        Ok(0.0)
    }

    fn untold(&self, default: Untold) -> Vec<Untold> {
        vec![default]
    }

    fn opaque(&self) -> Result<impl Serialize + use<>, HubError> {
        Ok(Empty {})
    }

    fn count_by(&self, of: Empty) -> BTreeMap<String, u64> {
        let _ = of;
        BTreeMap::new()
    }

    #[skip]
    #[allow(dead_code)]
    fn hidden(&self) {}
}

/// A hub of any kind of thing, without clients to call.
struct ThingHub<T>(std::marker::PhantomData<fn() -> T>);

#[hub]
impl<T: Serialize + Default + Send + 'static> ThingHub<T> {
    fn thing(&self) -> T {
        T::default()
    }

    fn text(&self) -> &'static str {
        ""
    }
}

fn hubs() -> TypeScript {
    TypeScript::new()
        .hub::<ChatHub>("/hubs/chat")
        .hub::<ThingHub<u8>>("/things")
        .hub::<ChatHub>("/hubs/again")
}

#[test]
fn hubs_are_written_as_clients_call_them() {
    let text = hubs().declarations().unwrap();
    assert!(text == include_str!("../typescript/hubs.ts"), "{text}");
}

#[test]
fn names_are_as_the_hubs_spell_them() {
    let text = hubs().property_naming(PropertyNaming::AsIs).declarations().unwrap();
    assert!(
        text.contains("  sent_by: string;") && text.contains("  URL: string | null;"),
        "{text}"
    );
}

#[test]
fn what_has_the_name_of_another_is_refused() {
    mod other {
        #[derive(serde::Serialize, ts_rs::TS)]
        pub(super) struct Message {
            pub(super) number: i32,
        }
    }
    struct OtherHub;
    #[hub]
    impl OtherHub {
        fn other(&self) -> other::Message {
            other::Message { number: 1 }
        }
    }
    let ambiguous = |hubs: TypeScript| match hubs.declarations() {
        Err(TypeScriptError::Ambiguous(name)) => name,
        other => panic!("{other:?}"),
    };
    assert_eq!(ambiguous(hubs().hub::<OtherHub>("/other")), "Message");
    assert_eq!(ambiguous(hubs().hub::<OtherHub>("/things")), "/things");
    assert_eq!(ambiguous(hubs().hub::<ThingHub<i8>>("/other")), "ThingHubMethods");
}

#[test]
fn file_that_says_the_same_is_left_alone() {
    let path = std::env::temp_dir().join(format!("rocket_signalr-{}.ts", std::process::id()));
    hubs().write_to(&path).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), hubs().declarations().unwrap());
    // So long ago that a clock of any grain tells when it is written again.
    let written = SystemTime::UNIX_EPOCH;
    fs::File::options().write(true).open(&path).unwrap().set_modified(written).unwrap();
    hubs().write_to(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), written);
    fs::remove_file(&path).unwrap();
    assert!(matches!(hubs().write_to(path.join("no/folder")), Err(TypeScriptError::Write(_))));
}
