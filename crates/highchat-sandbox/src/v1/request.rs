//! Parses the bodies and queries of requests to the three endpoints.

use jiff::Timestamp;
use serde::Deserialize;

use crate::api::rating::Rating;
use crate::clock::parse;
use crate::net::query;
use crate::net::refusal::Refusal;
use crate::v1::reading::{Reading, Readings};

/// The API's limits in characters, which are Unicode scalar values (our decision).
const MAX_MESSAGE: usize = 4000;
const MAX_VISITOR_REF: usize = 200;

/// The body of `POST /v1/chat`. Other fields are ignored.
#[derive(Debug, Deserialize)]
pub(crate) struct ChatRequest {
    pub(crate) message: String,
    /// `null` is the same as no id: the API's own samples send it.
    pub(crate) conversation_id: Option<String>,
    pub(crate) visitor_ref: Option<String>,
}

impl ChatRequest {
    pub(crate) fn parse(body: &[u8], readings: Readings) -> Result<Self, Refusal> {
        let request: Self = serde_json::from_slice(body).map_err(|_| Refusal::malformed())?;
        let is_blank = request.message.trim().is_empty();
        if !(1..=MAX_MESSAGE).contains(&readings.length(&request.message))
            || is_blank && readings.has(Reading::BlankIsEmpty)
        {
            return Err(Refusal::invalid(
                "Հաղորդագրությունը պետք է ունենա 1-ից 4000 նիշ։",
            ));
        }
        let visitor_ref = request.visitor_ref.as_deref().unwrap_or("");
        if readings.length(visitor_ref) > MAX_VISITOR_REF {
            return Err(Refusal::invalid(
                "Այցելուի նշիչը կարող է ունենալ ամենաշատը 200 նիշ։",
            ));
        }
        Ok(request)
    }
}

#[derive(Deserialize)]
struct RatingRequest {
    rating: u8,
    comment: Option<String>,
}

/// Parses the body of `POST /v1/conversations/{id}/rating`.
pub(crate) fn rating(body: &[u8]) -> Result<Rating, Refusal> {
    let request: RatingRequest = serde_json::from_slice(body).map_err(|_| Refusal::malformed())?;
    match request.rating {
        rating @ (0 | 1) => Ok(Rating {
            rating,
            comment: request.comment,
        }),
        _ => Err(Refusal::invalid("Գնահատականը պետք է լինի 1 կամ 0։")),
    }
}

/// Parses the `after` of `GET /v1/conversations/{id}/messages`, if there is one.
pub(crate) fn after(query: Option<&str>, readings: Readings) -> Result<Option<Timestamp>, Refusal> {
    match query::value(query, "after") {
        None => Ok(None),
        Some(text) => {
            let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
            parse(&text)
                .filter(|_| !is_number || readings.has(Reading::TimesAsNumbers))
                .map(Some)
                .ok_or_else(|| Refusal::invalid("Ժամանակը սխալ է գրված։"))
        }
    }
}
