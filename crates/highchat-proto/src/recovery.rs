//! Looking for a reply whose stream was cut.
//!
//! ```text
//!   Due(at) ─── at ──▶ InFlight ── found ──▶ recovered
//!      ▲                  │
//!      └── tries left ◀───┴── none left | 401 | 404 ──▶ incomplete
//! ```

use crate::exchange::{Exchange, RequestId};
use crate::handoff::Handoff;
use crate::id::Timestamp;
use crate::response::{ChatMessage, Page};
use crate::time::Instant;
use crate::turn::TurnError;

#[derive(Debug)]
pub(crate) enum Phase {
    Due(Instant),
    InFlight(Exchange),
}

#[derive(Debug)]
pub(crate) struct Recovery {
    pub(crate) phase: Phase,
    /// What is told where nothing is found.
    pub(crate) error: TurnError,
    /// The newest time known before the turn.
    pub(crate) after: Option<Timestamp>,
    pub(crate) tries: usize,
}

impl Recovery {
    pub(crate) fn exchange(&self) -> Option<RequestId> {
        match &self.phase {
            Phase::InFlight(exchange) => Some(exchange.id()),
            Phase::Due(_) => None,
        }
    }

    pub(crate) const fn deadline(&self) -> Instant {
        match &self.phase {
            Phase::Due(at) => *at,
            Phase::InFlight(exchange) => exchange.deadline(),
        }
    }
}

/// The reply in a page: a message of the `assistant` that was not seen and begins with
/// the text so far; the earliest, where there are several.
pub(crate) fn find<'a>(page: &'a Page, so_far: &str, seen: &Handoff) -> Option<&'a ChatMessage> {
    page.messages
        .iter()
        .filter(|message| &*message.role == "assistant")
        .filter(|message| message.content.starts_with(so_far) && !seen.has_seen(&message.id))
        .min_by(|a, b| a.created_at.cmp(&b.created_at))
}
