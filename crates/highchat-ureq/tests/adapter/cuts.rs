//! A recorded reply that is cut after every byte. It must be reported as whole or as cut, and
//! never as anything else.

use std::time::Instant;

use highchat_proto::Event;
use highchat_proto::failure::Cut;
use highchat_sandbox::{Playback, Step};
use highchat_ureq::{Client, Failure};

use crate::support::*;

const TEXTS: [&str; 3] = ["Բարև Ձեզ։ ", "Ինչո՞վ կարող եմ ", "օգնել 🙂"];

/// The bytes of a reply on the wire.
struct Wire {
    bytes: Vec<u8>,
    head_len: usize,
    /// At index `n`: the length of the body within the first `n` bytes.
    body_lens: Vec<usize>,
    /// Whether the end of the connection ends the body.
    is_close_delimited: bool,
}

impl Wire {
    fn new(framing: &str) -> Self {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n{framing}\r\n");
        Self {
            head_len: head.len(),
            body_lens: vec![0; head.len() + 1],
            bytes: head.into_bytes(),
            is_close_delimited: framing.is_empty(),
        }
    }

    fn push(&mut self, framing: &str) {
        let body_len = self.body_lens[self.bytes.len()];
        self.bytes.extend(framing.as_bytes());
        self.body_lens.resize(self.bytes.len() + 1, body_len);
    }

    fn push_body(&mut self, body: &[u8]) {
        let body_len = self.body_lens[self.bytes.len()];
        self.bytes.extend(body);
        self.body_lens
            .extend((1..=body.len()).map(|len| body_len + len));
    }

    fn close_delimited() -> Self {
        let mut wire = Self::new("");
        wire.push_body(body().as_bytes());
        wire
    }

    fn of_known_length() -> Self {
        let body = body();
        let mut wire = Self::new(&format!("content-length: {}\r\n", body.len()));
        wire.push_body(body.as_bytes());
        wire
    }

    fn chunked() -> Self {
        let mut wire = Self::new("transfer-encoding: chunked\r\n");
        // With this chunk size, chunks end in the middle of events and of letters.
        for chunk in body().as_bytes().chunks(37) {
            wire.push(&format!("{:x}\r\n", chunk.len()));
            wire.push_body(chunk);
            wire.push("\r\n");
        }
        wire.push("0\r\n\r\n");
        wire
    }
}

fn body() -> String {
    let [one, two, three] = TEXTS.map(delta);
    [META, &one, PING, &two, &three, DONE].concat()
}

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// The call returned no reply.
    Interrupted,
    Cut(Cut),
    Whole,
}

/// Runs one exchange. Returns its outcome and the text that arrived.
fn exchange(client: &Client) -> (Outcome, String) {
    let mut reply = match client.chat(&chat()) {
        Ok(reply) => reply,
        Err(Failure::Unanswered(_)) => return (Outcome::Interrupted, String::new()),
        Err(other) => panic!("{other:?}"),
    };
    let (text, ended) = read(&mut reply);
    let outcome = match ended {
        Ok(Event::Done { message_id, .. }) => {
            assert_eq!(message_id.unwrap().as_str(), "m1");
            assert!(reply.next_event().unwrap().is_none());
            Outcome::Whole
        }
        Err(Failure::Cut(cut)) => {
            assert!(matches!(reply.next_event(), Err(Failure::Cut(again)) if again == cut));
            Outcome::Cut(cut)
        }
        other => panic!("{other:?}"),
    };
    (outcome, text)
}

/// Cuts `wire` after each byte, and calls `judge` with the position, the outcome and the text.
fn cut_everywhere(wire: &Wire, ending: &Step, judge: impl Fn(usize, &Outcome, &str)) {
    let scripts = (0..=wire.bytes.len()).map(|cut| vec![send(&wire.bytes[..cut]), ending.clone()]);
    let playback = Playback::start(scripts.collect::<Vec<_>>()).unwrap();
    let client = client(playback.base_url());
    for cut in 0..=wire.bytes.len() {
        let began = Instant::now();
        let (outcome, text) = exchange(&client);
        assert!(
            began.elapsed() < BOUND,
            "cut at {cut}: {:?}",
            began.elapsed()
        );
        assert!(TEXTS.concat().starts_with(&text), "cut at {cut}: {text}");
        if outcome == Outcome::Whole {
            assert_eq!(text, TEXTS.concat(), "cut at {cut}");
        }
        judge(cut, &outcome, &text);
        // Each call sent only one request.
        assert_eq!(playback.connections(), cut + 1);
    }
    assert_eq!(playback.requests().len(), wire.bytes.len() + 1);
}

/// Returns the length of the body up to the end of the JSON of `done`.
fn whole_at() -> usize {
    body().trim_end().len()
}

/// An orderly close loses no sent bytes, so each position has exactly one outcome.
fn closed_everywhere(wire: &Wire) {
    cut_everywhere(wire, &Step::Close, |cut, outcome, text| {
        let body_len = wire.body_lens[cut];
        // A complete known event needs its blank line only if the connection may have broken
        // before it.
        let expected = if cut < wire.head_len {
            Outcome::Interrupted
        } else if body_len == body().len() || wire.is_close_delimited && body_len >= whole_at() {
            Outcome::Whole
        } else if wire.is_close_delimited {
            Outcome::Cut(Cut::Truncated)
        } else {
            Outcome::Cut(Cut::Interrupted)
        };
        assert_eq!(*outcome, expected, "cut at {cut}");
        // Every delta that arrived whole was returned.
        let whole = body().as_bytes()[..body_len].to_vec();
        let whole = String::from_utf8_lossy(&whole).into_owned();
        let shown = TEXTS.iter().filter(|text| whole.contains(&delta(text)));
        assert!(
            text.starts_with(&shown.copied().collect::<String>()),
            "cut at {cut}: {text}"
        );
    });
}

/// A reset may lose bytes that were sent before it.
fn reset_everywhere(wire: &Wire) {
    cut_everywhere(wire, &Step::Reset, |cut, outcome, _| {
        let is_possible = match outcome {
            Outcome::Interrupted => true,
            Outcome::Cut(cut_) => {
                cut >= wire.head_len && matches!(cut_, Cut::Interrupted | Cut::Truncated)
            }
            Outcome::Whole => wire.body_lens[cut] >= whole_at(),
        };
        assert!(is_possible, "cut at {cut}: {outcome:?}");
    });
}

#[test]
fn a_close_delimited_reply_closed_at_any_byte() {
    closed_everywhere(&Wire::close_delimited());
}

#[test]
fn a_reply_of_known_length_closed_at_any_byte() {
    closed_everywhere(&Wire::of_known_length());
}

#[test]
fn a_chunked_reply_closed_at_any_byte() {
    closed_everywhere(&Wire::chunked());
}

#[test]
fn a_close_delimited_reply_reset_at_any_byte() {
    reset_everywhere(&Wire::close_delimited());
}

#[test]
fn a_reply_of_known_length_reset_at_any_byte() {
    reset_everywhere(&Wire::of_known_length());
}

#[test]
fn a_chunked_reply_reset_at_any_byte() {
    reset_everywhere(&Wire::chunked());
}

#[test]
fn a_lost_connection_differs_from_an_orderly_end() {
    for wire in [
        Wire::close_delimited(),
        Wire::of_known_length(),
        Wire::chunked(),
    ] {
        let half = wire.head_len + (wire.bytes.len() - wire.head_len) / 2;
        // The pause lets the bytes arrive: an immediate reset would discard them.
        let playback = play(vec![send(&wire.bytes[..half]), pause(50), Step::Reset]);
        let (outcome, text) = exchange(&client(playback.base_url()));
        assert_eq!(outcome, Outcome::Cut(Cut::Interrupted));
        assert!(!text.is_empty());
    }
}
