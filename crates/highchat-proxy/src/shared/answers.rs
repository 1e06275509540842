//! Answers to polls, as Redis keeps them.

use core::time::Duration;
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};

use crate::upstream::Answer;

/// Everything of an answer except its body, which follows after a line end.
#[derive(Deserialize, Serialize)]
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
}

/// Returns the answer as bytes.
pub(super) fn encode(answer: &Answer) -> Option<Vec<u8>> {
    let header = |(name, value): (&HeaderName, &HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let head = Head {
        status: answer.status.as_u16(),
        headers: answer.headers.iter().map(header).collect::<Option<_>>()?,
    };
    let head = serde_json::to_vec(&head).ok()?;
    Some([head.as_slice(), b"\n", &answer.body].concat())
}

/// Returns the answer that was received `age` ago.
pub(super) fn decode(mut bytes: Vec<u8>, age: Duration) -> Option<Answer> {
    let line_end = memchr::memchr(b'\n', &bytes)?;
    let body = bytes.split_off(line_end + 1);
    let head: Head = serde_json::from_slice(&bytes).ok()?;
    let mut headers = HeaderMap::with_capacity(head.headers.len());
    for (name, value) in &head.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.insert(name, HeaderValue::from_str(value).ok()?);
    }
    Some(Answer {
        status: StatusCode::from_u16(head.status).ok()?,
        headers,
        body: Bytes::from(body),
        received_at: Instant::now().checked_sub(age)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::{CONTENT_TYPE, DATE};

    #[test]
    fn an_answer_is_the_same_after_it_was_kept() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(
            DATE,
            HeaderValue::from_static("Sun, 14 Jun 2026 10:00:00 GMT"),
        );
        let answer = Answer {
            status: StatusCode::OK,
            headers: headers.clone(),
            body: "{\"text\":\"Բարև 👋\"}\n\n".into(),
            received_at: Instant::now(),
        };
        let kept = encode(&answer).unwrap();
        let found = decode(kept, Duration::from_secs(1)).unwrap();
        assert_eq!((found.status, &found.headers), (StatusCode::OK, &headers));
        assert_eq!(found.body, answer.body);
        assert!(found.received_at < answer.received_at);
    }

    #[test]
    fn anything_else_is_not_an_answer() {
        for bytes in [
            "",
            "{}",
            "\n",
            "{}\n",
            "{\"status\":1,\"headers\":[]}\n",
            "[]\nա",
        ] {
            assert!(decode(bytes.into(), Duration::ZERO).is_none(), "{bytes:?}");
        }
    }
}
