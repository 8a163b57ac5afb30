//! `/hubs/stringtools`.

use futures::{Stream, StreamExt, stream};
use rocket_signalr::{HubError, UploadStream, hub};

use super::reversed;

/// The most bytes that [`StringToolsHub::concat`] puts together.
const LONGEST_CONCAT: usize = 1024 * 1024;

/// Works on text, and calls nothing on its clients.
#[derive(Debug)]
pub struct StringToolsHub;

#[hub]
impl StringToolsHub {
    /// Both names with a blank between.
    async fn get_full_name(&self, first: String, last: String) -> String {
        format!("{first} {last}")
    }

    /// The text backwards, character by character.
    async fn reverse_text(&self, text: String) -> String {
        reversed(&text)
    }

    /// The text as a stream of its characters.
    fn stream_characters(&self, text: String) -> impl Stream<Item = char> + Send + use<> {
        stream::unfold((text, 0), |(text, at)| async move {
            let character = text[at..].chars().next()?;
            Some((character, (text, at + character.len_utf8())))
        })
    }

    /// All texts of the caller's stream, put together when it ends: at most 1 MiB.
    async fn concat(&self, mut items: UploadStream<String>) -> Result<String, HubError> {
        let mut all = String::new();
        while let Some(item) = items.next().await {
            all.push_str(&item?);
            if all.len() > LONGEST_CONCAT {
                return Err(HubError::new("stream: at most 1 MiB of text."));
            }
        }
        Ok(all)
    }
}
