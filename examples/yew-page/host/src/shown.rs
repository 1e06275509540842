//! An update as JSON, as the npm package shows it.

use highchat_proto::failure::{ApiError, ResponseError};
use highchat_reqwest::{Failure, Update};
use serde_json::{Value, json};

/// What a proto update has as JSON, with the text to append and what is known of a failure.
pub(crate) fn update(update: &Update<'_>) -> Value {
    let mut shown = serde_json::to_value(update).expect("an update is plain data");
    if let Some(text) = update.text() {
        shown["append"] = text.into();
    }
    if let Update::Meta { is_replaced, .. } = update {
        shown["is_replaced"] = (*is_replaced).into();
    }
    let failed = match update {
        Update::TurnEnded { end, .. } => end.failure(),
        Update::Recovering { error }
        | Update::HandoffFailed { error }
        | Update::RatingFailed { error, .. } => Some(&**error),
        _ => None,
    };
    if let Some(failed) = failed {
        shown["error"] = failure(failed);
    }
    shown
}

fn failure(failure: &Failure) -> Value {
    let class = match failure.kind() {
        "unreachable" => "UnreachableError",
        "no_answer" => "NoAnswerError",
        "incomplete" => "IncompleteError",
        "failed" => "ServiceError",
        "not_a_reply" => "NotAReplyError",
        _ => "RefusedError",
    };
    let mut shown = json!({
        "class": class,
        "message": failure.sentence(),
        "mayHaveBeenTaken": failure.may_have_been_taken(),
        "canBeSentAgain": failure.can_be_sent_again(),
    });
    if let Failure::Refused(ResponseError::Api(error)) = failure {
        let ApiError {
            status,
            code,
            retry_after,
            ..
        } = error;
        shown["status"] = (*status).into();
        shown["code"] = code.as_ref().map_or("refused", |code| code.as_str()).into();
        shown["retryAfter"] = retry_after.map(|time| time.as_secs()).into();
    }
    shown
}
