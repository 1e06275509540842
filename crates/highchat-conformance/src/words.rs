//! Bytes of a service's answers, for tests with services of their own.

use std::io::{self, BufRead};

/// The head of a reply whose body ends with the connection.
pub const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
/// A `meta` event for the conversation `c1`.
pub const META: &str = "event: meta\ndata: {\"conversation_id\":\"c1\"}\n\n";
/// A `ping` event.
pub const PING: &str = "event: ping\ndata: {}\n\n";
/// A `done` event for the message `m1` of the bot.
pub const DONE: &str = "event: done\ndata: {\"message_id\":\"m1\",\"state\":\"bot\",\
                        \"ts\":\"2026-06-14T10:00:00.000Z\"}\n\n";
/// A `human` event with the message `wait`.
pub const HUMAN: &str = "event: human\ndata: {\"message\":\"wait\",\
                         \"ts\":\"2026-06-14T10:00:00.000Z\"}\n\n";

/// A `delta` event. The text must be escaped for JSON.
#[must_use]
pub fn delta(text: &str) -> String {
    format!("event: delta\ndata: {{\"text\":\"{text}\"}}\n\n")
}

/// A response with `content-length`. Each line of `headers` ends with CR LF.
#[must_use]
pub fn answer(status: &str, headers: &str, body: &str) -> String {
    let len = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {len}\r\n\r\n{body}")
}

/// A reply stream with `content-length`.
#[must_use]
pub fn reply(events: &str) -> String {
    answer("200 OK", "content-type: text/event-stream\r\n", events)
}

/// A page of messages of the assistant. Each text is also the message's id.
#[must_use]
pub fn page(state: &str, contents: &[&str]) -> String {
    let messages = contents.iter().map(|content| ("assistant", *content));
    page_of(state, &messages.collect::<Vec<_>>())
}

/// A page of messages, each with its role and its text. Each text is also the message's id. Their
/// times are a second apart.
#[must_use]
pub fn page_of(state: &str, messages: &[(&str, &str)]) -> String {
    let messages = messages.iter().zip(5..).map(|((role, content), second)| {
        format!(
            "{{\"id\":\"{content}\",\"role\":\"{role}\",\"content\":\"{content}\",\
             \"created_at\":\"2026-06-14T10:00:{second:02}Z\"}}"
        )
    });
    let messages = messages.collect::<Vec<_>>().join(",");
    let body = format!(
        "{{\"state\":\"{state}\",\"messages\":[{messages}],\"ts\":\"2026-06-14T10:00:59Z\"}}"
    );
    answer("200 OK", "content-type: application/json\r\n", &body)
}

/// Reads a request with its body, and returns its head. Returns `None` at the end of the
/// connection. A service in a test reads so.
///
/// # Errors
///
/// The connection is lost, or the head is no UTF-8.
pub fn read_request(stream: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut head = String::new();
    let mut len = 0;
    loop {
        let start = head.len();
        if stream.read_line(&mut head)? == 0 {
            return Ok(None);
        }
        let line = head[start..].trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            if name.eq_ignore_ascii_case("content-length") {
                len = value.trim().parse().unwrap_or_default();
            }
        }
    }
    let mut body = vec![0; len];
    stream.read_exact(&mut body)?;
    Ok(Some(head))
}
