//! The turn, and the search for a reply that was cut.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use core::ops::ControlFlow;

use super::Conversation;
use super::backoff::{self, DelayReason};
use super::exchange::{Exchange, Outcome, RequestId, due};
use super::history::{self, Extent};
use super::recovery::{self, Look, Recovery};
use super::thread::{Clocks, Ended, Source};
use super::turn::{Pending, Phase, TurnEnd};
use super::update::{Delayed, Update};
use crate::api::{Event, MessagesRequest, Page};
use crate::failure::Failure;
use crate::time::Instant;

impl Conversation {
    pub(super) fn begin_exchange(&mut self, now: Instant) -> Exchange {
        let id = self.next_id;
        self.next_id = id.next();
        Exchange::begin(id, &self.config, now)
    }

    pub(super) fn transmit_message(&mut self, mut pending: Box<Pending>, now: Instant) {
        let exchange = self.begin_exchange(now);
        pending.attempts += 1;
        let request = self.endpoint.chat(&pending.request);
        self.thread.outbox.transmit(exchange.id(), request);
        self.turn.phase = Phase::Requested(Box::new(exchange), pending);
    }

    pub(super) fn handle_stream_bytes(&mut self, id: RequestId, chunk: &[u8], now: Instant) {
        let mut input = chunk;
        loop {
            let is_over = !self.turn.is_in_progress();
            let outbox = &mut self.thread.outbox;
            let tell = |text: &str| outbox.delta(text);
            let event = match self.turn.next_event(&mut input, &self.config, now, tell) {
                Ok(Some(event)) => event,
                Ok(None) => break,
                // Broken, but behind the end of the reply.
                Err(_) if is_over => continue,
                Err(cut) => {
                    self.thread.outbox.abort(id);
                    return self.fail_turn(Failure::Cut(cut), now);
                }
            };
            if is_over && !matches!(event, Event::Done { .. }) {
                continue;
            }
            let mut clocks = Clocks::new(&self.config, &mut self.jitter, now);
            let ended = self
                .thread
                .handle_event(&event, &self.endpoint, &mut clocks);
            if let Some(ended) = ended {
                self.settle(ended, now);
            }
        }
    }

    pub(super) fn handle_stream_end(&mut self, now: Instant) {
        loop {
            match self.turn.finish(&self.config) {
                Ok(Some(event)) => {
                    let mut clocks = Clocks::new(&self.config, &mut self.jitter, now);
                    let ended = self
                        .thread
                        .handle_event(&event, &self.endpoint, &mut clocks);
                    if let Some(ended) = ended {
                        self.settle(ended, now);
                    }
                }
                Ok(None) => break,
                Err(cut) => return self.fail_turn(Failure::Cut(cut), now),
            }
        }
        self.turn.phase = Phase::Idle;
    }

    /// The reply is over: the turn ends for the user, and its body goes on for a while.
    pub(super) fn settle(&mut self, ended: Ended, now: Instant) {
        if self.turn.is_in_progress() {
            if let Some(extent) = ended.unplaced {
                self.note_reply(extent, now);
            }
            let may_be_refined = ended.end == TurnEnd::Human;
            self.turn.settle(may_be_refined, &self.config, now);
            self.tell_end(ended.end);
        } else {
            self.turn.refined();
        }
    }

    /// The reply of the turn, as far as it came, may be among the messages under an id that
    /// is not known. One that ended without a text is none.
    fn note_reply(&mut self, extent: Extent, now: Instant) {
        let beginning = self.turn.beginning();
        if extent == Extent::Cut || !beginning.is_empty() {
            self.thread.history.note_reply(beginning, extent, now);
        }
    }

    pub(super) fn tell_end(&mut self, end: TurnEnd) {
        let ended = Update::TurnEnded {
            turn: self.turn.name,
            end: Cow::Owned(end),
        };
        self.thread.outbox.update(ended);
    }

    fn end_turn(&mut self, end: TurnEnd, now: Instant) {
        match &end {
            TurnEnd::Failed(error) if !error.may_have_been_taken() => self.thread.history.retract(),
            TurnEnd::Failed(_) => self.note_reply(Extent::Cut, now),
            TurnEnd::Done | TurnEnd::Human | TurnEnd::Recovered | TurnEnd::Cancelled => {}
        }
        self.turn.phase = Phase::Idle;
        self.recovery = None;
        self.tell_end(end);
    }

    /// Ends the turn in whatever state it is, with the exchange that it has.
    pub(super) fn cancel_turn(&mut self, now: Instant) {
        let searching = self
            .recovery
            .take()
            .and_then(|recovery| recovery.exchange());
        if let Some(id) = self.turn.exchange().or(searching) {
            self.thread.outbox.abort(id);
        }
        if matches!(self.turn.phase, Phase::Delayed(..)) {
            self.thread.history.retract();
        } else {
            self.note_reply(Extent::Cut, now);
        }
        self.end_turn(TurnEnd::Cancelled, now);
    }

    pub(super) fn handle_turn_timeout(&mut self, now: Instant) {
        let is_due = self.turn.deadline().is_some_and(|due| due <= now);
        // A reply wants to know in any case that the driver was there, and nothing came.
        if !is_due && !matches!(self.turn.phase, Phase::Streaming(..)) {
            return;
        }
        match core::mem::replace(&mut self.turn.phase, Phase::Idle) {
            Phase::Requested(exchange, pending) => {
                let id = exchange.id();
                self.turn.phase = Phase::Requested(exchange, pending);
                self.time_out(id, now);
            }
            Phase::Delayed(_, pending) => self.transmit_message(pending, now),
            Phase::Streaming(id, mut reply) => {
                let ended = reply.handle_timeout(now);
                self.turn.phase = Phase::Streaming(id, reply);
                if let Err(cut) = ended {
                    self.thread.outbox.abort(id);
                    self.fail_turn(Failure::Cut(cut), now);
                }
            }
            Phase::Settled(id, _, _) => self.thread.outbox.abort(id),
            phase @ (Phase::Idle | Phase::Recovering) => self.turn.phase = phase,
        }
    }

    /// The message was not answered by a reply stream.
    pub(super) fn handle_refusal(&mut self, failure: Failure, pending: Box<Pending>, now: Instant) {
        let attempts = pending.attempts;
        let delay = backoff::before_message(&failure, attempts, &self.config, &mut self.jitter);
        match delay {
            Some(delay) => {
                self.turn.phase = Phase::Delayed(due(now, delay), pending);
                self.thread.outbox.update(Update::Delayed {
                    what: Delayed::Message,
                    delay,
                    reason: DelayReason::of(&failure),
                });
            }
            None => self.fail_turn(failure, now),
        }
    }

    /// The turn failed: its reply is looked for where it may be there and could be told
    /// from an older one.
    pub(super) fn fail_turn(&mut self, error: Failure, now: Instant) {
        let thread = &self.thread;
        let can_be_told = match self.turn.so_far() {
            None => false,
            // A person's message would match as well.
            Some("") => thread.history.sent().after.is_some() && thread.handoff.is_off(),
            Some(_) => true,
        };
        let can_be_found = thread.id.is_some() && thread.history.is_known();
        if !can_be_found || !can_be_told || !error.may_have_a_reply() {
            return self.end_turn(TurnEnd::Failed(error), now);
        }
        self.thread.outbox.update(Update::Recovering {
            error: Cow::Owned(error.clone()),
        });
        self.turn.phase = Phase::Recovering;
        self.recovery = Some(Box::new(Recovery {
            phase: recovery::Phase::Due(due(now, self.config.recovery_delays[0])),
            error,
            tries: 0,
            unconfirmed: None,
        }));
    }

    pub(super) fn handle_recovery_timeout(&mut self, now: Instant) {
        let Some(recovery) = &self.recovery else {
            return;
        };
        if let Some(id) = recovery.exchange() {
            return self.time_out(id, now);
        }
        let Some(id) = self.thread.id.clone() else {
            return;
        };
        let mut request = MessagesRequest::new(id);
        request.after.clone_from(&self.thread.history.sent().after);
        let exchange = self.begin_exchange(now);
        let request = self.endpoint.messages(&request);
        self.thread.outbox.transmit(exchange.id(), request);
        if let Some(recovery) = &mut self.recovery {
            recovery.tries += 1;
            recovery.phase = recovery::Phase::InFlight(exchange);
        }
    }

    pub(super) fn end_look(&mut self, outcome: Outcome, now: Instant) {
        let Some(mut recovery) = self.recovery.take() else {
            return;
        };
        let page = outcome.and_then(|answer| answer.into_page().map_err(Failure::Refused));
        let goes_on = match &page {
            Ok(page) => match self.look(page, &mut recovery, now) {
                ControlFlow::Continue(()) => true,
                ControlFlow::Break(end) => return self.end_turn(end, now),
            },
            Err(failure) => !failure.is_final(),
        };
        match self.config.recovery_delays.get(recovery.tries) {
            Some(delay) if goes_on => {
                recovery.phase = recovery::Phase::Due(due(now, *delay));
                self.recovery = Some(recovery);
            }
            _ => self.end_turn(TurnEnd::Failed(recovery.error), now),
        }
    }

    /// Looks for the reply in a page. Breaks with the turn's end if that is decided.
    fn look(&mut self, page: &Page, recovery: &mut Recovery, now: Instant) -> ControlFlow<TurnEnd> {
        let so_far = self.turn.so_far().unwrap_or_default();
        let thread = &mut self.thread;
        let look = recovery::find(page, so_far, &thread.handoff, &mut thread.history, now);
        let look = match look {
            Look::Unconfirmed(message) if recovery.unconfirmed.as_ref() == Some(&message.id) => {
                Look::Found(message)
            }
            look => look,
        };
        let flow = match look {
            Look::Found(message) => {
                let ts = message.created_at.clone();
                let missing = history::rest(&message.content, so_far).unwrap_or_default();
                let recovered = Update::Recovered {
                    missing: Cow::Owned(missing.into()),
                    message: Cow::Owned(message.clone()),
                };
                thread.handoff.remember(&message.id, ts);
                thread.note_time(message.created_at.as_ref());
                thread.outbox.update(recovered);
                ControlFlow::Break(TurnEnd::Recovered)
            }
            Look::Unconfirmed(message) => {
                recovery.unconfirmed = Some(message.id.clone());
                ControlFlow::Continue(())
            }
            // The service failed, and has neither the message nor a reply.
            Look::Nothing if matches!(recovery.error, Failure::Refused(_)) => {
                ControlFlow::Break(TurnEnd::Failed(recovery.error.clone()))
            }
            Look::Nothing | Look::NotYet => ControlFlow::Continue(()),
            Look::NotTheBot => ControlFlow::Break(TurnEnd::Failed(recovery.error.clone())),
        };
        let ts = page.ts.as_ref();
        let mut clocks = Clocks::new(&self.config, &mut self.jitter, now);
        thread.set_state(page.state.as_ref(), ts, Source::Search, &mut clocks);
        flow
    }
}
