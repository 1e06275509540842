//! What the bodies and queries of the three endpoints say.

use jiff::Timestamp;
use serde::Deserialize;

use crate::query;
use crate::rating::Rating;
use crate::refusal::Refusal;

/// The API's limits, in Unicode scalar values (our reading of its "chars").
const MAX_MESSAGE: usize = 4000;
const MAX_VISITOR_REF: usize = 200;

/// The body of `POST /v1/chat`. What it may also hold is ignored.
#[derive(Debug, Deserialize)]
pub(crate) struct ChatRequest {
    pub(crate) message: String,
    /// `null` is as good as nothing: the API's own samples send it.
    pub(crate) conversation_id: Option<String>,
    pub(crate) visitor_ref: Option<String>,
}

impl ChatRequest {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let request: Self = serde_json::from_slice(body).map_err(|_| Refusal::malformed())?;
        if !(1..=MAX_MESSAGE).contains(&request.message.chars().count()) {
            return Err(Refusal::invalid(
                "Հաղորդագրությունը պետք է ունենա 1-ից 4000 նիշ։",
            ));
        }
        let visitor_ref = request.visitor_ref.as_deref().unwrap_or("");
        if visitor_ref.chars().count() > MAX_VISITOR_REF {
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

/// The body of `POST /v1/conversations/{id}/rating`.
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

/// The `after` of `GET /v1/conversations/{id}/messages`, where there is one.
pub(crate) fn after(query: Option<&str>) -> Result<Option<Timestamp>, Refusal> {
    match query::value(query, "after") {
        None => Ok(None),
        Some(time) => time
            .parse()
            .map(Some)
            .map_err(|_| Refusal::invalid("Ժամանակը սխալ է գրված։")),
    }
}
