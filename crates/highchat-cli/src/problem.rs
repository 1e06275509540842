//! What went wrong, in words for a person and a script, with what to do next.

use std::borrow::Cow;

use highchat_proto::failure::ResponseError;
use highchat_proto::{ConversationId, Failure};

use crate::exit::Exit;
use crate::purpose::Purpose;
use crate::shell::quoted;

/// A failure: what kind of one, in whose words, and what to do next.
pub(crate) struct Problem {
    pub(crate) kind: &'static str,
    pub(crate) message: String,
    pub(crate) hint: Option<Cow<'static, str>>,
    pub(crate) status: Option<u16>,
    pub(crate) code: Option<String>,
}

impl Problem {
    /// A failure that is the program's own sentence.
    pub(crate) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: None,
            status: None,
            code: None,
        }
    }

    /// Why a message was not answered, a rating not taken, or a poll refused.
    pub(crate) fn of(error: &Failure, purpose: Purpose, id: Option<&ConversationId>) -> Self {
        let refused = match error {
            Failure::Refused(refused) => Some(refused),
            _ => None,
        };
        let code = match refused {
            Some(ResponseError::Api(api)) => api.code.as_ref(),
            _ => None,
        };
        let hint = match (error, refused) {
            (_, Some(refused)) => refused_hint(refused, purpose, id),
            (Failure::Service(_), _) => None,
            (Failure::NotSent(_), _) => hint(Exit::Unreachable, purpose, id),
            _ => hint(Exit::Incomplete, purpose, id),
        };
        Self {
            kind: error.kind(),
            message: error.sentence().into_owned(),
            hint,
            status: refused.and_then(ResponseError::status),
            code: code.map(|code| code.as_str().into()),
        }
    }
}

fn refused_hint(
    error: &ResponseError,
    purpose: Purpose,
    id: Option<&ConversationId>,
) -> Option<Cow<'static, str>> {
    match (Exit::from(error), error) {
        (Exit::RateLimited, ResponseError::Api(api)) => {
            let when = match api.retry_after {
                Some(wait) => format!("in {} s", wait.as_secs()),
                None => "in a minute".into(),
            };
            Some(format!("{} was not taken; try again {when}", subject(purpose)).into())
        }
        (Exit::ServiceFailed, ResponseError::Redirect(_)) => {
            Some("check --base-url: it should be the address that the service redirects to".into())
        }
        (Exit::ServiceFailed, ResponseError::Api(api)) if api.is_server_error() => {
            hint(Exit::Incomplete, purpose, id)
        }
        (Exit::ServiceFailed, ResponseError::Api(_)) => None,
        (Exit::ServiceFailed, _) => {
            Some("check --base-url: is it a HighChat service that answers there?".into())
        }
        (exit, _) => hint(exit, purpose, id),
    }
}

/// What to do after a failure that ends with this status.
fn hint(exit: Exit, purpose: Purpose, id: Option<&ConversationId>) -> Option<Cow<'static, str>> {
    let subject = subject(purpose);
    Some(match (exit, purpose) {
        (Exit::Unauthenticated, _) => {
            "check the key or the slug, and that the bot's channel is enabled".into()
        }
        (Exit::NotFound, Purpose::Ask) => {
            "without --conversation (and HIGHCHAT_CONVERSATION) a new one begins".into()
        }
        (Exit::NotFound, Purpose::Chat) => "/new begins another conversation".into(),
        (Exit::NotFound, Purpose::Watch | Purpose::Rate) => {
            "check the id of the conversation, and that the key or the slug is its bot's".into()
        }
        (Exit::Unreachable, _) => format!(
            "{subject} was not taken; check --base-url and the network (-v tells more), and try \
             again"
        )
        .into(),
        (Exit::Incomplete, Purpose::Rate) => {
            "the rating may have been taken; to rate again does no harm".into()
        }
        (Exit::Incomplete, Purpose::Ask) => {
            let go_on = match id {
                Some(id) => format!(" To go on: --conversation {}", quoted(id.as_str())),
                None => String::new(),
            };
            format!("the message was or may have been taken, and was not sent again.{go_on}").into()
        }
        (Exit::Incomplete, Purpose::Chat) => {
            "the message was or may have been taken, and was not sent again".into()
        }
        _ => return None,
    })
}

const fn subject(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Rate => "the rating",
        Purpose::Ask | Purpose::Chat | Purpose::Watch => "the message",
    }
}
