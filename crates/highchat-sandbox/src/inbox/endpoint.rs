//! The HTTP API of the inbox: the paths under `/sandbox/inbox`.

use std::sync::Arc;

use http::{Method, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::json;

use super::feed::Feed;
use super::{Inbox, InboxError};
use crate::conversation::store::Conversations;
use crate::journal::Request;
use crate::net::answer::{self, Body};
use crate::net::guard;
use crate::net::refusal::Refusal;

/// An endpoint of the inbox.
enum Endpoint {
    List,
    Live,
    /// The transcript of the conversation with this id.
    Transcript(String),
    Act(String, Act),
}

#[derive(Clone, Copy)]
enum Act {
    TakeOver,
    Reply,
    HandBack,
    Close,
}

#[derive(Deserialize)]
struct ReplyRequest {
    text: String,
}

/// Answers a request to the inbox. Returns `None` for any other path.
pub(crate) fn answer(
    conversations: &Arc<Conversations>,
    request: &Request,
) -> Option<Result<Response<Body>, Refusal>> {
    let path = request.path.strip_prefix("/sandbox/inbox")?;
    if !(path.is_empty() || path.starts_with('/')) {
        return None;
    }
    Some(route(conversations, path, request))
}

fn route(
    conversations: &Arc<Conversations>,
    path: &str,
    request: &Request,
) -> Result<Response<Body>, Refusal> {
    guard::admit(&request.headers)?;
    let endpoint = Endpoint::find(path).ok_or_else(Refusal::no_such_path)?;
    let method = endpoint.method();
    if request.method != method {
        return Err(Refusal::method_not_allowed(match method {
            Method::POST => "POST",
            _ => "GET",
        }));
    }
    let inbox = Inbox::new(conversations);
    let id = match endpoint {
        Endpoint::List => {
            let list = json!({ "conversations": inbox.conversations() });
            return Ok(answer::json(StatusCode::OK, &list));
        }
        Endpoint::Live => return Ok(Feed::new(Arc::clone(conversations)).into_response()),
        Endpoint::Transcript(id) => id,
        Endpoint::Act(id, act) => {
            match act {
                Act::TakeOver => inbox.take_over(&id),
                Act::Reply => {
                    let reply: ReplyRequest =
                        serde_json::from_slice(&request.body).map_err(|_| Refusal::malformed())?;
                    inbox.reply(&id, reply.text)
                }
                Act::HandBack => inbox.hand_back(&id),
                Act::Close => inbox.close(&id),
            }
            .map_err(refusal)?;
            id
        }
    };
    let transcript = inbox.transcript(&id).map_err(refusal)?;
    Ok(answer::json(StatusCode::OK, &transcript))
}

fn refusal(error: InboxError) -> Refusal {
    match error {
        InboxError::UnknownConversation => Refusal::no_such_conversation(),
        InboxError::Closed => Refusal::closed(),
        InboxError::Text => Refusal::invalid("Հաղորդագրությունը պետք է ունենա 1-ից 4000 նիշ։"),
    }
}

impl Endpoint {
    fn find(path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        let id = |segment| percent_decode_str(segment).decode_utf8_lossy().into_owned();
        Some(match segments[..] {
            [] => Self::List,
            ["live"] => Self::Live,
            [segment] => Self::Transcript(id(segment)),
            [segment, "take-over"] => Self::Act(id(segment), Act::TakeOver),
            [segment, "reply"] => Self::Act(id(segment), Act::Reply),
            [segment, "hand-back"] => Self::Act(id(segment), Act::HandBack),
            [segment, "close"] => Self::Act(id(segment), Act::Close),
            _ => return None,
        })
    }

    fn method(&self) -> Method {
        match self {
            Self::List | Self::Live | Self::Transcript(_) => Method::GET,
            Self::Act(..) => Method::POST,
        }
    }
}
