//! The handoff.

use alloc::borrow::Cow;
use alloc::boxed::Box;

use super::backoff::{self, DelayReason};
use super::exchange::{Outcome, due};
use super::thread::{Clocks, Source};
use super::update::{Delayed, Update};
use super::{Conversation, handoff};
use crate::api::{MessagesRequest, Role};
use crate::failure::Failure;
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
        let page = outcome.and_then(|answer| answer.into_page().map_err(Failure::Refused));
        match page {
            Ok(page) => {
                let mut clocks = Clocks::new(config, jitter, now);
                thread.handoff.failures = 0;
                thread.handoff.phase = handoff::Phase::Due(clocks.next_poll());
                for message in page.messages {
                    if thread.handoff.see(&message) {
                        thread.note_time(message.created_at.as_ref());
                        let is_known = message.role == Role::Assistant
                            && thread.history.take_repeated(&message.content);
                        if !is_known {
                            thread.outbox.update(Update::Message(Cow::Owned(message)));
                        }
                    }
                }
                thread.handoff.forget();
                if page.unreadable > 0 {
                    thread.outbox.update(Update::Unreadable {
                        messages: page.unreadable,
                    });
                }
                let is_old = core::mem::take(&mut thread.handoff.state_is_old);
                let state = page.state.filter(|_| !is_old);
                thread.set_state(state.as_ref(), page.ts.as_ref(), Source::Poll, &mut clocks);
                // An event had ended the handoff, and the page does not say otherwise.
                if !is_old && !thread.state.is_handoff() {
                    thread.handoff.stop();
                }
            }
            Err(failure) if failure.is_final() => {
                thread.handoff.phase = handoff::Phase::Off;
                if thread.state.is_handoff() {
                    thread.outbox.update(Update::HandoffFailed {
                        error: Cow::Owned(failure),
                    });
                }
            }
            Err(failure) => {
                thread.handoff.failures += 1;
                let failures = thread.handoff.failures;
                let delay = backoff::before_poll(&failure, failures, config, jitter);
                thread.handoff.phase = handoff::Phase::Due(due(now, delay));
                thread.outbox.update(Update::Delayed {
                    what: Delayed::Poll,
                    delay,
                    reason: DelayReason::of(&failure),
                });
            }
        }
    }
}
