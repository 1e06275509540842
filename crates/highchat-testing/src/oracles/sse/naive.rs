//! A simple decoder that is written like the standard: HTML, section 9.2.5 "Parsing an event
//! stream" and 9.2.6 "Interpreting an event stream". It needs the whole input at once.
//!
//! The standard decodes the stream as UTF-8 first; here the values stay bytes. The result is
//! the same, because decoding moves no border. LF, CR, colon, space, NUL, the digits and the
//! letters of the known names are ASCII. In UTF-8 every byte of a longer sequence and every
//! invalid byte is 0x80 or more, and an invalid sequence ends before the next ASCII byte. So an
//! ASCII byte always stands for itself, and no U+FFFD can become one.

use super::drive::{Event, Outcome};

/// The outcome of a new stream.
pub fn decode(stream: &[u8]) -> Outcome {
    decode_after(&Outcome::default(), stream)
}

/// The outcome of a stream that begins with the last event ID and the reconnection time of an
/// earlier one.
pub fn decode_after(earlier: &Outcome, stream: &[u8]) -> Outcome {
    let mut outcome = Outcome {
        last_event_id: earlier.last_event_id.clone(),
        reconnection_time: earlier.reconnection_time,
        ..Outcome::default()
    };
    // "When a stream is parsed, a data buffer, an event type buffer, and a last event ID
    // buffer must be associated with it." The id buffer begins with the earlier id.
    let (mut data, mut event, mut id) = (Vec::new(), Vec::new(), earlier.last_event_id.clone());
    for (_, line, end) in lines(stream) {
        if line.is_empty() {
            // "If the line is empty (a blank line): Dispatch the event." First, "set the
            // last event ID string of the event source to the value of the last event ID
            // buffer"; last, "set the data buffer and the event type buffer to the empty
            // string".
            outcome.last_event_id.clone_from(&id);
            outcome.dispatched.extend(event_of(&event, &data, &id));
            (data, event) = (Vec::new(), Vec::new());
            continue;
        }
        let (name, value) = field(line);
        match name {
            b"event" => event = value.to_vec(),
            // "Append the field value to the data buffer, then append a single U+000A."
            b"data" => data.extend(value.iter().chain(b"\n")),
            // "If the field value does not contain U+0000 NULL."
            b"id" if !value.contains(&0) => id = value.to_vec(),
            // "If the field value consists of only ASCII digits, then interpret the field
            // value as an integer in base ten." An empty value is not an integer. A number of
            // more than 64 bits becomes the largest one, as `Decoder::reconnection_time` says.
            // A line without an end may lack digits.
            b"retry"
                if !end.is_empty() && !value.is_empty() && value.iter().all(u8::is_ascii_digit) =>
            {
                let digits = core::str::from_utf8(value).expect("ASCII digits");
                outcome.reconnection_time = Some(digits.parse().unwrap_or(u64::MAX));
            }
            // "The field is ignored." So is a comment, whose name is empty.
            _ => {}
        }
    }
    // "Once the end of the file is reached, any pending data must be discarded."
    // `Decoder::finish` returns it.
    outcome.unfinished = event_of(&event, &data, &id);
    outcome
}

/// "If the data buffer is an empty string", there is no event; "if the data buffer's
/// last character is a U+000A, then remove the last character."
fn event_of(event: &[u8], data: &[u8], id: &[u8]) -> Option<Event> {
    let data = data.strip_suffix(b"\n")?;
    let [event, data, id] = [event, data, id].map(<[u8]>::to_vec);
    Some(Event { event, data, id })
}

/// The lines of a stream: the place, the content and the line end of each. A last line without
/// a line end has an empty one, and has content.
pub fn lines(stream: &[u8]) -> Vec<(usize, &[u8], &[u8])> {
    // "The UTF-8 decode algorithm strips one leading UTF-8 Byte Order Mark, if any."
    let mut rest = stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream);
    let mut lines = Vec::new();
    while !rest.is_empty() {
        let len = rest.iter().position(|byte| b"\r\n".contains(byte));
        let (line, after) = rest.split_at(len.unwrap_or(rest.len()));
        // A CR LF pair, a single LF and a single CR are "the ways in which a line can end".
        let end = match after {
            [b'\r', b'\n', ..] => 2,
            _ => after.len().min(1),
        };
        lines.push((stream.len() - rest.len(), line, &after[..end]));
        rest = &after[end..];
    }
    lines
}

/// The name and the value of a line that is not empty.
pub fn field(line: &[u8]) -> (&[u8], &[u8]) {
    match line.iter().position(|byte| *byte == b':') {
        // "Collect the characters before the first colon; collect those after it. If value
        // starts with a U+0020 SPACE character, remove it."
        Some(colon) => {
            let value = &line[colon + 1..];
            (&line[..colon], value.strip_prefix(b" ").unwrap_or(value))
        }
        // "Using the whole line as the field name, and the empty string as the value."
        None => (line, b""),
    }
}
