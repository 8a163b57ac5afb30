//! Events of a `text/event-stream`: their data, which is all that SignalR uses of them.

/// Moves the data of the complete events of `text` to `data` and tells the length of those events.
pub(crate) fn read(text: &[u8], data: &mut Vec<u8>) -> Result<usize, String> {
    let mut read = 0;
    let mut event = Vec::new();
    let mut at = 0;
    while let Some(end) = text[at..].iter().position(|&byte| byte == b'\n') {
        let line = text[at..at + end].strip_suffix(b"\r").unwrap_or(&text[at..at + end]);
        at += end + 1;
        match line {
            [] => {
                data.append(&mut event);
                read = at;
            }
            [b':', ..] => {}
            line => {
                let line = line.strip_prefix(b"data: ").ok_or("an event with more than data")?;
                if !event.is_empty() {
                    event.push(b'\n');
                }
                event.extend(line);
            }
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_of_complete_events_is_read() {
        let text = b":\r\n\r\ndata: one\r\n\r\ndata: two\ndata: three\n\ndata: half\r\n";
        let mut data = Vec::new();
        assert_eq!(read(text, &mut data), Ok(text.len() - 12));
        assert_eq!(data, b"onetwo\nthree");
    }

    #[test]
    fn other_fields_are_told() {
        assert!(read(b"event: x\n\n", &mut Vec::new()).is_err());
        assert!(read(b"data:x\n\n", &mut Vec::new()).is_err());
    }
}
