//! The bodies of answers.

use arbitrary::Arbitrary;
use highchat_proto::config::Config;
use highchat_proto::response::{Answer, Page, ResponseError};
use http::response::Parts;

use crate::pieces::Pieces;

/// A head, a body, a limit, and how the body is cut.
#[derive(Arbitrary, Debug)]
pub struct Input<'a> {
    status: u8,
    content_type: u8,
    encoding: u8,
    /// The defaults where there is none.
    limit: Option<u16>,
    is_interrupted: bool,
    cuts: Pieces,
    body: &'a [u8],
}

const STATUS: [u16; 14] = [
    200, 204, 206, 301, 307, 400, 401, 403, 404, 409, 429, 500, 503, 599,
];
const CONTENT_TYPES: [&str; 4] = [
    "application/json",
    "text/event-stream",
    "text/html",
    "Text/Event-Stream ; charset=utf-8",
];
const ENCODINGS: [&str; 4] = ["", "identity", "gzip", "identity, br"];

/// What an answer was judged to be, by what was asked.
#[derive(Debug, PartialEq)]
enum Judgement {
    Reply,
    Chat(ResponseError),
    Page(Result<Page, ResponseError>),
    Rating(Result<(), ResponseError>),
}

#[derive(Clone, Copy)]
enum Asked {
    Chat,
    Messages,
    Rating,
}

/// By a reader that stops where no more is wanted, an answer is judged the same whatever the
/// cuts; no byte behind the first one past the limit changes anything; and a page that is
/// taken is within the limit.
pub fn hold(input: &Input<'_>) {
    let mut config = Config::default();
    if let Some(limit) = input.limit {
        config.page_limit = usize::from(limit);
        config.error_limit = usize::from(limit) / 2;
    }
    let head = head(input);
    for asked in [Asked::Chat, Asked::Messages, Asked::Rating] {
        let judge = |pieces: &[&[u8]]| {
            let mut answer = match asked {
                Asked::Chat => match Answer::to_chat(&head, &config) {
                    Some(answer) => answer,
                    None => return Judgement::Reply,
                },
                Asked::Messages => Answer::to_messages(&head, &config),
                Asked::Rating => Answer::to_rating(&head, &config),
            };
            for piece in pieces {
                if !answer.wants_more() {
                    break;
                }
                answer.handle_body(piece);
            }
            if input.is_interrupted {
                answer.handle_interruption();
            }
            match asked {
                Asked::Chat => Judgement::Chat(answer.into_chat_error()),
                Asked::Messages => Judgement::Page(answer.into_page()),
                Asked::Rating => Judgement::Rating(answer.into_rating()),
            }
        };
        let whole = judge(&[input.body]);
        assert_eq!(judge(&input.cuts.of(input.body)), whole, "cut");
        let bytes: Vec<_> = input.body.chunks(1).collect();
        assert_eq!(judge(&bytes), whole, "each byte alone");
        let limit = match asked {
            Asked::Messages if head.status.is_success() => config.page_limit,
            _ => config.error_limit,
        };
        let read = &input.body[..input.body.len().min(limit + 1)];
        assert_eq!(judge(&[read]), whole, "up to the limit");
        let is_too_long = whole == Judgement::Page(Err(ResponseError::TooLong));
        assert!(!is_too_long || input.body.len() > limit, "within the limit");
        match &whole {
            Judgement::Chat(error)
            | Judgement::Page(Err(error))
            | Judgement::Rating(Err(error)) => assert!(!error.to_string().is_empty()),
            Judgement::Page(Ok(_)) => assert!(input.body.len() <= limit, "past the limit"),
            Judgement::Reply | Judgement::Rating(Ok(())) => {}
        }
    }
}

fn head(input: &Input<'_>) -> Parts {
    let one = |all: &[&'static str], index: u8| all[usize::from(index) % all.len()];
    let mut head = http::Response::builder()
        .status(STATUS[usize::from(input.status) % STATUS.len()])
        .header("content-type", one(&CONTENT_TYPES, input.content_type));
    let encoding = one(&ENCODINGS, input.encoding);
    if !encoding.is_empty() {
        head = head.header("content-encoding", encoding);
    }
    head.body(()).expect("valid headers").into_parts().0
}
