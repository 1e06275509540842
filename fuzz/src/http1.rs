//! Checks how an answer is read from its bytes.

use arbitrary::Arbitrary;
use highchat_http1::{Answer, Part};
use highchat_proto::{ConversationId, Credentials, Endpoint, MessagesRequest};

use crate::naive_answer::{self, End, Seen};
use crate::pieces::Pieces;

/// An answer and its cuts.
#[derive(Arbitrary, Debug)]
pub struct Input<'a> {
    cuts: Pieces,
    answer: &'a [u8],
}

/// Longer answers could reach the limits of a head or of trailers, which the naive reader does
/// not have.
const MAX_LEN: usize = 4000;

/// Checks that the result is that of a naive reader: head, body, end, and what is left. It does
/// this for the whole answer, for its pieces, and byte by byte.
pub fn hold(input: &Input<'_>) {
    let answer = &input.answer[..input.answer.len().min(MAX_LEN)];
    let expected = naive_answer::read(answer);
    assert_eq!(read(&[answer]), expected, "whole");
    assert_eq!(read(&input.cuts.of(answer)), expected, "in pieces");
    let bytes: Vec<_> = answer.chunks(1).collect();
    assert_eq!(read(&bytes), expected, "byte by byte");
}

fn read(pieces: &[&[u8]]) -> Seen {
    let credentials = Credentials::slug("demo").expect("a slug");
    let endpoint = Endpoint::new("https://chat.example", credentials).expect("a base URL");
    let id = ConversationId::new("c1").expect("an id");
    let (_, mut answer) = Answer::to(&endpoint.messages(&MessagesRequest::new(id)));
    let mut seen = Seen {
        status: None,
        fields: Vec::new(),
        body: Vec::new(),
        end: End::Incomplete,
        left: 0,
    };
    for piece in pieces {
        let mut input = *piece;
        loop {
            match answer.read(&mut input) {
                Ok(Some(Part::Head(head))) => {
                    assert_eq!(seen.status, None, "a second head");
                    seen.status = Some(head.status());
                    let fields = head.fields();
                    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_vec()));
                    seen.fields = fields.collect();
                }
                Ok(Some(Part::Body(bytes))) => {
                    assert!(!bytes.is_empty(), "an empty piece");
                    seen.body.extend_from_slice(bytes);
                }
                Ok(Some(Part::Over(is_reusable))) => {
                    seen.end = End::Over(is_reusable);
                    seen.left += input.len();
                    break;
                }
                Ok(None) => {
                    assert_eq!(input, b"", "more is needed, but not all was read");
                    break;
                }
                Err(_) => {
                    seen.end = End::Broken;
                    break;
                }
            }
        }
    }
    if answer.ends_with_its_pipe() {
        seen.end = End::UntilClosed;
    }
    seen
}
