//! Builds the request to the service from the known fields of a visitor's request.

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

/// The body of `POST /v1/chat`. All other fields are dropped. `visitor_ref` is one of them,
/// because a visitor could put any name there.
///
/// A lone half of a surrogate pair in a text becomes U+FFFD, as in replies: a page that cuts
/// a text may cut an emoji in two.
#[derive(Deserialize)]
struct ChatBody<'a> {
    #[serde(borrow)]
    message: Text<'a>,
    /// `null` is the same as no id: the API's own samples send it.
    #[serde(borrow)]
    conversation_id: Option<Text<'a>>,
}

/// The body of `POST /v1/conversations/{id}/rating`.
#[derive(Deserialize)]
struct RatingBody<'a> {
    rating: u8,
    #[serde(borrow)]
    comment: Option<Text<'a>>,
}

/// Checks that the request says that its body is JSON. A browser sends a preflight request
/// before such a request, but not before one of another type.
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

/// Refuses a `slug` in the query: it is another way to authenticate.
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
    let chat: ChatBody<'_> = serde_json::from_slice(body).map_err(|_| Refusal::MALFORMED)?;
    let message = Message::new(&*chat.message).map_err(|_| Refusal::MESSAGE)?;
    let mut request = ChatRequest::new(message);
    if let Some(id) = chat.conversation_id.filter(|id| !id.is_empty()) {
        let id = ConversationId::new(&*id).map_err(|_| Refusal::NO_SUCH_CONVERSATION)?;
        request = request.with_conversation(own_id(id, visitor, ownership)?);
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
    let request = MessagesRequest::new(own_id(id, visitor, ownership)?);
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
    let rated: RatingBody<'_> = serde_json::from_slice(body).map_err(|_| Refusal::MALFORMED)?;
    let rating = match rated.rating {
        1 => Rating::Up,
        0 => Rating::Down,
        _ => return Err(Refusal::RATING),
    };
    let request = RatingRequest::new(own_id(id, visitor, ownership)?, rating);
    Ok(match rated.comment {
        Some(comment) => request.with_comment(&*comment),
        None => request,
    })
}

/// Returns the service's id of a conversation if it belongs to this visitor. If not, the
/// refusal is the same as for an unknown conversation.
fn own_id(
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
