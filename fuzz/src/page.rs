//! Checks the results of responses that are not reply streams.

use arbitrary::Arbitrary;
use highchat_proto::failure::ResponseError;
use highchat_proto::http::Answer;
use highchat_proto::{Config, Page};
use highchat_testing::player::scripted::endpoint;
use http::StatusCode;
use http::response::Parts;

use crate::fields::Fields;
use crate::json::Json;
use crate::naive_page;
use crate::pieces::Pieces;

/// A head, a body, a limit, and the cuts of the body.
#[derive(Arbitrary, Debug)]
pub struct Input<'a> {
    status: u8,
    content_type: u8,
    encoding: u8,
    /// The limit, or `None` for the default ones.
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

/// The result of a response, which depends on the request.
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

/// Checks that the result of a response does not depend on the cuts, on whether the reader stops
/// when no more bytes are wanted, or on bytes after the first one past the limit. Also checks that
/// a page within the limit is the same as that of a naive reader.
pub fn hold(input: &Input<'_>) {
    let mut config = Config::default();
    if let Some(limit) = input.limit {
        config.page_limit = usize::from(limit);
        config.error_limit = usize::from(limit) / 2;
    }
    let head = head(input);
    let endpoint = endpoint();
    for asked in [Asked::Chat, Asked::Messages, Asked::Rating] {
        let judge_by = |stops: bool, pieces: &[&[u8]]| {
            let mut answer = match asked {
                Asked::Chat => match Answer::to_chat(&head, &endpoint, &config) {
                    Some(answer) => answer,
                    None => return Judgement::Reply,
                },
                Asked::Messages => Answer::to_messages(&head, &endpoint, &config),
                Asked::Rating => Answer::to_rating(&head, &endpoint, &config),
            };
            for piece in pieces {
                if stops && !answer.wants_more() {
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
        let judge = |pieces: &[&[u8]]| judge_by(true, pieces);
        let whole = judge(&[input.body]);
        assert_eq!(judge(&input.cuts.of(input.body)), whole, "cut");
        let bytes: Vec<_> = input.body.chunks(1).collect();
        assert_eq!(judge(&bytes), whole, "each byte alone");
        assert_eq!(judge_by(false, &bytes), whole, "read to the end");
        let limit = match asked {
            Asked::Messages if head.status.is_success() => config.page_limit,
            _ => config.error_limit,
        };
        let read = &input.body[..input.body.len().min(limit + 1)];
        assert_eq!(judge(&[read]), whole, "up to the limit");
        let is_too_long = whole == Judgement::Page(Err(ResponseError::TooLong));
        assert!(!is_too_long || input.body.len() > limit, "within the limit");
        if let Judgement::Page(page) = &whole {
            compare(input, &head, page);
        }
        match &whole {
            Judgement::Chat(error)
            | Judgement::Page(Err(error))
            | Judgement::Rating(Err(error)) => assert!(!error.to_string().is_empty()),
            Judgement::Page(Ok(_)) => assert!(input.body.len() <= limit, "past the limit"),
            Judgement::Reply | Judgement::Rating(Ok(())) => {}
        }
    }
}

/// Compares a complete page with the naive reader's.
fn compare(input: &Input<'_>, head: &Parts, page: &Result<Page, ResponseError>) {
    let is_page = head.status.is_success() && head.status != StatusCode::NO_CONTENT;
    let is_readable = !input.is_interrupted && !ENCODINGS[2..].contains(&encoding(input));
    let is_cut = page == &Err(ResponseError::TooLong);
    if is_page && is_readable && !is_cut {
        let json = Json::read(&String::from_utf8_lossy(input.body));
        let expected = json.as_ref().and_then(naive_page::read);
        let is_error = json.as_ref().is_some_and(is_error);
        let expected = expected.filter(|page| page.has_state() || !is_error);
        let read = page.as_ref().ok().map(naive_page::Read::from);
        assert_eq!(read, expected, "the page");
    }
}

/// Whether a body has the API's error shape.
fn is_error(body: &Json) -> bool {
    let error = Fields::of(body, &["error"]).and_then(|fields| fields.get("error"));
    error.is_some_and(|error| match error {
        Json::Text(_) => true,
        error => Fields::of(error, &["code", "message"]).is_some(),
    })
}

fn head(input: &Input<'_>) -> Parts {
    let mut head = http::Response::builder()
        .status(STATUS[usize::from(input.status) % STATUS.len()])
        .header(
            "content-type",
            CONTENT_TYPES[usize::from(input.content_type) % CONTENT_TYPES.len()],
        );
    let encoding = encoding(input);
    if !encoding.is_empty() {
        head = head.header("content-encoding", encoding);
    }
    head.body(()).expect("valid headers").into_parts().0
}

fn encoding(input: &Input<'_>) -> &'static str {
    ENCODINGS[usize::from(input.encoding) % ENCODINGS.len()]
}
