//! Describes a failure for people and for scripts, with a hint.

use std::borrow::Cow;

use highchat_proto::failure::ResponseError;
use highchat_proto::{ConversationId, Failure};

use crate::exit::Exit;
use crate::purpose::Purpose;
use crate::shell::quoted;

/// The description of a failure.
pub(crate) struct Problem {
    pub(crate) kind: &'static str,
    pub(crate) message: String,
    pub(crate) hint: Option<Cow<'static, str>>,
    pub(crate) status: Option<u16>,
    pub(crate) code: Option<String>,
}

impl Problem {
    /// A failure that this program describes itself.
    pub(crate) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: None,
            status: None,
            code: None,
        }
    }

    /// Describes why a message got no reply, a rating was not taken, or a poll was refused.
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
            Some(
                format!(
                    "the service did not take {}; try again {when}",
                    subject(purpose)
                )
                .into(),
            )
        }
        (Exit::ServiceFailed, ResponseError::Redirect(_)) => {
            Some("check --base-url: it should be the address that the service redirects to".into())
        }
        (Exit::ServiceFailed, ResponseError::Api(api)) if api.is_server_error() => {
            hint(Exit::Incomplete, purpose, id)
        }
        (Exit::ServiceFailed, ResponseError::Api(_)) => None,
        (Exit::ServiceFailed, _) => {
            Some("check --base-url: is the server at this address a HighChat service?".into())
        }
        (exit, _) => hint(exit, purpose, id),
    }
}

/// The hint for a failure that ends with this exit status.
fn hint(exit: Exit, purpose: Purpose, id: Option<&ConversationId>) -> Option<Cow<'static, str>> {
    let subject = subject(purpose);
    Some(match (exit, purpose) {
        (Exit::Unauthenticated, _) => {
            "check the key or the slug, and that the bot's channel is enabled".into()
        }
        (Exit::NotFound, Purpose::Ask) => {
            "without --conversation (and HIGHCHAT_CONVERSATION) a new conversation begins".into()
        }
        (Exit::NotFound, Purpose::Chat) => "/new begins another conversation".into(),
        (Exit::NotFound, Purpose::Watch | Purpose::Rate) => {
            "check the id of the conversation, and that the key or the slug is its bot's".into()
        }
        (Exit::Unreachable, _) => format!(
            "the service did not take {subject}; check --base-url and the network (-v shows more), and \
             try again"
        )
        .into(),
        (Exit::Incomplete, Purpose::Rate) => {
            "the service may have taken the rating; you can safely rate again".into()
        }
        (Exit::Incomplete, Purpose::Ask) => {
            let go_on = match id {
                Some(id) => format!(" To continue: --conversation {}", quoted(id.as_str())),
                None => String::new(),
            };
            format!("the service may have taken the message, which was not sent again.{go_on}").into()
        }
        (Exit::Incomplete, Purpose::Chat) => {
            "the service may have taken the message, which was not sent again".into()
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
