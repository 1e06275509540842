//! The handoff.

use core::time::Duration;
use std::boxed::Box;

use super::Conversation;
use crate::backoff::{self, DelayReason};
use crate::exchange::{Outcome, TransportFailure, Trouble, due};
use crate::handoff;
use crate::outbox::{Delayed, Kept};
use crate::request::MessagesRequest;
use crate::time::Instant;

impl Conversation {
    pub(super) fn begin_poll(&mut self, now: Instant) {
        let Some(id) = self.thread.id.clone() else {
            return;
        };
        let mut request = MessagesRequest::new(id);
        request.after = self.thread.handoff.cursor().cloned();
        let exchange = self.begin_exchange(now);
        let request = self.endpoint.messages(&request);
        self.thread.outbox.transmit(exchange.id(), request);
        self.thread.handoff.phase = handoff::Phase::InFlight(Box::new(exchange));
    }

    pub(super) fn end_poll(&mut self, outcome: Outcome, now: Instant) {
        let (config, jitter) = (&self.config, &mut self.jitter);
        let thread = &mut self.thread;
        let page = outcome.and_then(|answer| answer.into_page().map_err(Trouble::Refused));
        match page {
            Ok(page) => {
                thread.handoff.failures = 0;
                let next = due(now, jitter.spread(config.poll_interval));
                thread.handoff.phase = handoff::Phase::Due(next);
                for message in page.messages {
                    if thread.handoff.see(&message) {
                        thread.note_time(message.created_at.as_ref());
                        thread.outbox.update(Kept::Message(Box::new(message)));
                    }
                }
                thread.handoff.forget();
                thread.set_state(&page.state, page.ts.as_ref(), config, jitter, now);
            }
            Err(trouble @ Trouble::Refused(_)) if trouble.is_final() => {
                thread.handoff.phase = handoff::Phase::Off;
                if let Trouble::Refused(error) = trouble {
                    thread.outbox.update(Kept::HandoffFailed(Box::new(error)));
                }
            }
            Err(trouble) if trouble.is(TransportFailure::Withdrawn) => {
                thread.handoff.phase = handoff::Phase::Due(due(now, Duration::ZERO));
            }
            Err(trouble) => {
                thread.handoff.failures += 1;
                let failures = thread.handoff.failures;
                let delay = backoff::before_poll(&trouble, failures, config, jitter);
                thread.handoff.phase = handoff::Phase::Due(due(now, delay));
                let reason = DelayReason::of(&trouble);
                thread
                    .outbox
                    .update(Kept::Delayed(Delayed::Poll, delay, reason));
            }
        }
    }
}
