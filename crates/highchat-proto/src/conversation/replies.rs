//! The turn, and the search for a reply that was cut.

use std::boxed::Box;

use super::Conversation;
use crate::backoff::{self, DelayReason};
use crate::event::Event;
use crate::exchange::{Exchange, Outcome, RequestId, Trouble, due};
use crate::outbox::{Delayed, Kept};
use crate::recovery::{self, Recovery};
use crate::request::MessagesRequest;
use crate::time::Instant;
use crate::turn::{Pending, Phase, TurnEnd, TurnError};

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
                    return self.fail_turn(TurnError::Cut(cut), now);
                }
            };
            if is_over && !matches!(event, Event::Done { .. }) {
                continue;
            }
            let thread = &mut self.thread;
            let end = thread.handle_event(&event, &self.config, &mut self.jitter, now);
            if let Some(end) = end {
                self.settle(end, now);
            }
        }
    }

    pub(super) fn handle_stream_end(&mut self, now: Instant) {
        loop {
            match self.turn.finish(&self.config) {
                Ok(Some(event)) => {
                    let end = self
                        .thread
                        .handle_event(&event, &self.config, &mut self.jitter, now);
                    if let Some(end) = end {
                        self.settle(end, now);
                    }
                }
                Ok(None) => break,
                Err(cut) => return self.fail_turn(TurnError::Cut(cut), now),
            }
        }
        self.turn.phase = Phase::Idle;
    }

    /// The reply is over: the turn ends for the user, and its body goes on for a while.
    pub(super) fn settle(&mut self, end: TurnEnd, now: Instant) {
        if self.turn.is_in_progress() {
            let may_be_refined = end == TurnEnd::Human;
            self.turn.settle(may_be_refined, &self.config, now);
            self.tell_end(end);
        } else {
            self.turn.refined();
        }
    }

    pub(super) fn tell_end(&mut self, end: TurnEnd) {
        let ended = Kept::TurnEnded(self.turn.name, Box::new(end));
        self.thread.outbox.update(ended);
    }

    pub(super) fn end_turn(&mut self, end: TurnEnd) {
        self.turn.phase = Phase::Idle;
        self.recovery = None;
        self.tell_end(end);
    }

    /// Drops whatever exchange the turn has.
    pub(super) fn abort_turn(&mut self) {
        let recovery = self.recovery.take();
        let exchange = self.turn.exchange();
        let exchange = exchange.or_else(|| recovery.and_then(|recovery| recovery.exchange()));
        if let Some(id) = exchange {
            self.thread.outbox.abort(id);
        }
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
                    self.fail_turn(TurnError::Cut(cut), now);
                }
            }
            Phase::Settled(id, _, _) => self.thread.outbox.abort(id),
            phase @ (Phase::Idle | Phase::Recovering) => self.turn.phase = phase,
        }
    }

    /// The message was not answered by a reply stream.
    pub(super) fn handle_trouble(&mut self, trouble: Trouble, pending: Box<Pending>, now: Instant) {
        let attempts = pending.attempts;
        let delay = backoff::before_message(&trouble, attempts, &self.config, &mut self.jitter);
        match delay {
            Some(delay) => {
                self.turn.phase = Phase::Delayed(due(now, delay), pending);
                let reason = DelayReason::of(&trouble);
                self.thread
                    .outbox
                    .update(Kept::Delayed(Delayed::Message, delay, reason));
            }
            None => self.fail_turn(trouble.into(), now),
        }
    }

    /// The turn failed: its reply is looked for where it may be there and could be told
    /// from an older one.
    pub(super) fn fail_turn(&mut self, error: TurnError, now: Instant) {
        let thread = &self.thread;
        let after = thread.newest_before_turn.clone();
        let can_be_told = match self.turn.so_far() {
            None => false,
            // A person's message would match as well.
            Some("") => after.is_some() && thread.handoff.is_off(),
            Some(_) => true,
        };
        if thread.id.is_none() || !can_be_told || !error.may_have_a_reply() {
            return self.end_turn(TurnEnd::Failed(error));
        }
        self.thread
            .outbox
            .update(Kept::Recovering(Box::new(error.clone())));
        self.turn.phase = Phase::Recovering;
        self.recovery = Some(Box::new(Recovery {
            phase: recovery::Phase::Due(due(now, self.config.recovery_delays[0])),
            error,
            after,
            tries: 0,
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
        request.after.clone_from(&recovery.after);
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
        let page = outcome.and_then(|answer| answer.into_page().map_err(Trouble::Refused));
        let is_final = page.as_ref().is_err_and(Trouble::is_final);
        if let Ok(page) = &page {
            let so_far = self.turn.so_far().unwrap_or_default();
            let found = recovery::find(page, so_far, &self.thread.handoff).cloned();
            if let Some(message) = found {
                let known = so_far.len();
                let thread = &mut self.thread;
                thread
                    .handoff
                    .remember(&message.id, message.created_at.clone());
                thread.note_time(message.created_at.as_ref());
                let ts = message.created_at.clone();
                thread
                    .outbox
                    .update(Kept::Recovered(Box::new(message), known));
                let (config, jitter) = (&self.config, &mut self.jitter);
                thread.set_state(&page.state, ts.as_ref(), config, jitter, now);
                return self.end_turn(TurnEnd::Recovered);
            }
        }
        match self.config.recovery_delays.get(recovery.tries) {
            Some(delay) if !is_final => {
                recovery.phase = recovery::Phase::Due(due(now, *delay));
                self.recovery = Some(recovery);
            }
            _ => self.end_turn(TurnEnd::Failed(recovery.error)),
        }
    }
}
