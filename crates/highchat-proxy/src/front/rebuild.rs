//! A visitor's request, made anew from the fields that are known.

use highchat_proto::api::Text;
use highchat_proto::{
    ChatRequest, ConversationId, Message, MessagesRequest, Rating, RatingRequest, Timestamp,
};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde::Deserialize;

use crate::front::refusal::Refusal;
use crate::visitor::Visitor;
use crate::visitor::ownership::Ownership;

/// The body of `POST /v1/chat`. What else it holds, a `visitor_ref` included, is the
/// visitor's own word and goes no further.
///
/// A lone half of a surrogate pair in a text is U+FFFD, as it is in replies: pages that cut
/// a text in two may cut an emoji.
#[derive(Deserialize)]
struct Chat<'a> {
    #[serde(borrow)]
    message: Text<'a>,
    /// `null` is as good as nothing: the API's own samples send it.
    #[serde(borrow)]
    conversation_id: Option<Text<'a>>,
}

/// The body of `POST /v1/conversations/{id}/rating`.
#[derive(Deserialize)]
struct Rated<'a> {
    rating: u8,
    #[serde(borrow)]
    comment: Option<Text<'a>>,
}

/// JSON, and said to be JSON: a browser then asks first whether its page may.
pub(crate) fn check_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let value = headers
        .get(CONTENT_TYPE)
        .map_or(&b""[..], |value| value.as_bytes());
    let essence = value.split(|byte| *byte == b';').next().unwrap_or_default();
    essence
        .trim_ascii()
        .eq_ignore_ascii_case(b"application/json")
        .then_some(())
        .ok_or(Refusal::NOT_JSON)
}

/// A slug would be another way to be let in: it is refused wherever it is.
pub(crate) fn check_query(query: Option<&str>) -> Result<(), Refusal> {
    match parameter(query, "slug") {
        None => Ok(()),
        Some(_) => Err(Refusal::SLUG),
    }
}

pub(crate) fn chat(
    body: &[u8],
    visitor: &Visitor,
    ownership: &Ownership,
) -> Result<ChatRequest, Refusal> {
    let chat: Chat<'_> = serde_json::from_slice(body).map_err(|_| Refusal::MALFORMED)?;
    let message = Message::new(&*chat.message).map_err(|_| Refusal::MESSAGE)?;
    let mut request = ChatRequest::new(message);
    if let Some(id) = chat.conversation_id.filter(|id| !id.is_empty()) {
        let id = ConversationId::new(&*id).map_err(|_| Refusal::NO_SUCH_CONVERSATION)?;
        request = request.with_conversation(own(id, visitor, ownership)?);
    }
    if let Some(reference) = &visitor.reference {
        request = request.with_visitor(reference.clone());
    }
    Ok(request)
}

pub(crate) fn messages(
    id: ConversationId,
    query: Option<&str>,
    visitor: &Visitor,
    ownership: &Ownership,
) -> Result<MessagesRequest, Refusal> {
    let request = MessagesRequest::new(own(id, visitor, ownership)?);
    match parameter(query, "after") {
        None => Ok(request),
        Some(after) => {
            let after: Timestamp = after.parse().map_err(|_| Refusal::TIME)?;
            Ok(request.with_after(after))
        }
    }
}

pub(crate) fn rating(
    id: ConversationId,
    body: &[u8],
    visitor: &Visitor,
    ownership: &Ownership,
) -> Result<RatingRequest, Refusal> {
    let rated: Rated<'_> = serde_json::from_slice(body).map_err(|_| Refusal::MALFORMED)?;
    let rating = match rated.rating {
        1 => Rating::Up,
        0 => Rating::Down,
        _ => return Err(Refusal::RATING),
    };
    let request = RatingRequest::new(own(id, visitor, ownership)?, rating);
    Ok(match rated.comment {
        Some(comment) => request.with_comment(&*comment),
        None => request,
    })
}

/// The service's id of a conversation of this visitor's. Another's is as good as unknown.
fn own(
    id: ConversationId,
    visitor: &Visitor,
    ownership: &Ownership,
) -> Result<ConversationId, Refusal> {
    ownership
        .verify(id, visitor.reference.as_ref())
        .ok_or(Refusal::NO_SUCH_CONVERSATION)
}

fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    form_urlencoded::parse(query?.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}
