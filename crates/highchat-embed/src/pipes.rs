//! The pipes, and the exchange on each of them.
//!
//! ```text
//!   Opening ── opened ──▶ Busy ── over, HTTP allows it ──▶ Idle
//!      │                   │ ▲──── the next GET, while it is fresh ─┘
//!      ▼ late, lost        ▼ over, lost, aborted              │ end, stale, not wanted
//!     gone                gone                               gone
//! ```

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

use highchat_proto::RequestId;
use highchat_proto::time::Instant;

use crate::exchange::Exchange;
use crate::pipe::PipeId;

/// How long an idle pipe counts as fresh: two poll intervals (our decision). A stale pipe does
/// no harm. But if the service vanished without closing it, a request on it would get no answer.
const FRESH: Duration = Duration::from_secs(10);

/// An order to the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Open(PipeId),
    Write(PipeId),
    Close(PipeId),
}

enum Stage {
    /// The exchange that waits for the pipe, and the time by which the pipe must be open.
    Opening(Box<Exchange>, Instant),
    Busy {
        exchange: Box<Exchange>,
        /// Whether the pipe carried another exchange before, and so may be stale.
        was_kept: bool,
    },
    /// The time since when the pipe is idle.
    Idle(Instant),
}

/// An exchange that ended without an answer, or with an incomplete one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lost {
    pub(crate) id: RequestId,
    /// Whether a part of the request may have reached the service.
    pub(crate) may_have_left: bool,
}

pub(crate) struct Pipes {
    /// How long an exchange waits for its pipe to open.
    open_timeout: Duration,
    has_one: bool,
    next: PipeId,
    pipes: Vec<(PipeId, Stage)>,
    /// Exchanges that wait until the only pipe is free, each with its deadline for an open pipe.
    waiting: VecDeque<(Box<Exchange>, Instant)>,
    orders: VecDeque<Order>,
}

impl Pipes {
    pub(crate) const fn new(open_timeout: Duration) -> Self {
        Self {
            open_timeout,
            has_one: false,
            next: PipeId::FIRST,
            pipes: Vec::new(),
            waiting: VecDeque::new(),
            orders: VecDeque::new(),
        }
    }

    pub(crate) const fn use_one(&mut self) {
        self.has_one = true;
    }

    // ---- exchanges ----

    /// Begins an exchange: on the kept pipe if that is safe, otherwise on a new one.
    pub(crate) fn begin(&mut self, exchange: Box<Exchange>, now: Instant) {
        let due = now + self.open_timeout;
        if self.has_one && self.is_busy() {
            self.waiting.push_back((exchange, due));
        } else {
            self.assign(exchange, due, now);
        }
    }

    fn assign(&mut self, exchange: Box<Exchange>, due: Instant, now: Instant) {
        if let Some(at) = self.idle() {
            let (id, stage) = &mut self.pipes[at];
            if exchange.is_repeatable() && stage.is_fresh(now) {
                let was_kept = true;
                *stage = Stage::Busy { exchange, was_kept };
                self.orders.push_back(Order::Write(*id));
                return;
            }
            if exchange.is_repeatable() || self.has_one {
                self.close(at);
            }
        }
        self.open(exchange, due);
    }

    fn open(&mut self, exchange: Box<Exchange>, due: Instant) {
        let id = self.next;
        self.next = id.next();
        self.pipes.push((id, Stage::Opening(exchange, due)));
        self.orders.push_back(Order::Open(id));
    }

    /// Drops an exchange and closes its pipe.
    pub(crate) fn abort(&mut self, id: RequestId, now: Instant) {
        self.waiting.retain(|(exchange, _)| exchange.id() != id);
        let is_of_id = |exchange: &Exchange| exchange.id() == id;
        let mut stages = self.pipes.iter().map(|(_, stage)| stage);
        if let Some(at) = stages.position(|stage| stage.exchange().is_some_and(is_of_id)) {
            self.close(at);
            self.begin_waiting(now);
        }
    }

    /// Keeps or closes a pipe whose exchange is over.
    pub(crate) fn release(&mut self, pipe: PipeId, is_reusable: bool, now: Instant) {
        if let Some(at) = self.position(pipe) {
            if is_reusable && self.idle().is_none() {
                self.pipes[at].1 = Stage::Idle(now);
            } else {
                self.close(at);
            }
            self.begin_waiting(now);
        }
    }

    /// The exchange on an open pipe.
    pub(crate) fn exchange(&mut self, pipe: PipeId) -> Option<&mut Exchange> {
        let at = self.position(pipe)?;
        match &mut self.pipes[at].1 {
            Stage::Busy { exchange, .. } => Some(exchange),
            Stage::Opening(..) | Stage::Idle(_) => None,
        }
    }

    /// The bytes that must be written to a pipe.
    pub(crate) fn unwritten(&self, pipe: PipeId) -> &[u8] {
        match self.position(pipe).map(|at| &self.pipes[at].1) {
            Some(Stage::Busy { exchange, .. }) => exchange.unwritten(),
            Some(Stage::Opening(..) | Stage::Idle(_)) | None => &[],
        }
    }

    // ---- inputs ----

    pub(crate) fn handle_opened(&mut self, pipe: PipeId, now: Instant) {
        let Some(at) = self.position(pipe) else {
            return;
        };
        let stage = &mut self.pipes[at].1;
        *stage = match mem::replace(stage, Stage::Idle(now)) {
            Stage::Opening(exchange, _) => {
                self.orders.push_back(Order::Write(pipe));
                let was_kept = false;
                Stage::Busy { exchange, was_kept }
            }
            stage @ (Stage::Busy { .. } | Stage::Idle(_)) => stage,
        };
    }

    pub(crate) fn handle_written(&mut self, pipe: PipeId, len: usize) {
        let Some(at) = self.position(pipe) else {
            return;
        };
        if let Stage::Busy { exchange, was_kept } = &mut self.pipes[at].1 {
            // Bytes that were not released cannot have been written.
            if len == 0 || exchange.unwritten().is_empty() {
                return;
            }
            if exchange.handle_written(len) {
                let order = Order::Write(pipe);
                if !self.orders.contains(&order) {
                    // At the front, so that requests go out one after the other, even if a
                    // write is partial.
                    self.orders.push_front(order);
                }
            } else if !*was_kept {
                exchange.free_request();
            }
        }
    }

    /// Removes a pipe that is gone. Returns its exchange, unless it begins again on a new pipe.
    pub(crate) fn handle_lost(&mut self, pipe: PipeId, now: Instant) -> Option<Lost> {
        let at = self.position(pipe)?;
        self.drop_orders(pipe);
        let (_, stage) = self.pipes.remove(at);
        let lost = self.end(stage, now);
        self.begin_waiting(now);
        lost
    }

    /// Closes a pipe that is no longer needed. Returns the same as [`handle_lost`](Self::handle_lost).
    pub(crate) fn drop_pipe(&mut self, pipe: PipeId, now: Instant) -> Option<Lost> {
        let at = self.position(pipe)?;
        let stage = self.close(at);
        let lost = self.end(stage, now);
        self.begin_waiting(now);
        lost
    }

    fn end(&mut self, stage: Stage, now: Instant) -> Option<Lost> {
        match stage {
            Stage::Idle(_) => None,
            Stage::Opening(exchange, _) => Some(Lost {
                id: exchange.id(),
                may_have_left: false,
            }),
            // The kept pipe was stale. A kept pipe carries only requests that are safe to repeat.
            Stage::Busy {
                mut exchange,
                was_kept: true,
            } if exchange.is_unanswered() => {
                exchange.rewind();
                self.open(exchange, now + self.open_timeout);
                None
            }
            Stage::Busy { exchange, .. } => Some(Lost {
                id: exchange.id(),
                may_have_left: exchange.may_have_left(),
            }),
        }
    }

    // ---- time ----

    /// Removes an exchange whose pipe did not open in time.
    pub(crate) fn overdue(&mut self, now: Instant) -> Option<Lost> {
        let mut waiting = self.waiting.iter();
        if let Some(at) = waiting.position(|(_, due)| *due <= now) {
            let (exchange, _) = self.waiting.remove(at)?;
            return Some(Lost {
                id: exchange.id(),
                may_have_left: false,
            });
        }
        let is_late = |stage: &Stage| stage.due().is_some_and(|due| due <= now);
        let late = self.pipes.iter().find(|(_, stage)| is_late(stage));
        let pipe = late.map(|(id, _)| *id)?;
        self.drop_pipe(pipe, now)
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        let waiting = self.waiting.iter().map(|(_, due)| *due);
        waiting.chain(self.open_until()).min()
    }

    /// The time by which the next pipe that is opening must be open.
    pub(crate) fn open_until(&self) -> Option<Instant> {
        self.pipes.iter().filter_map(|(_, stage)| stage.due()).min()
    }

    /// How long a pipe may take to open.
    #[cfg(feature = "embedded-io-async")]
    pub(crate) const fn open_timeout(&self) -> Duration {
        self.open_timeout
    }

    // ---- orders ----

    /// The next order. Bytes count as sent as soon as their order is returned.
    pub(crate) fn next_order(&mut self) -> Option<Order> {
        loop {
            let order = self.orders.pop_front()?;
            if let Order::Write(pipe) = order {
                match self.exchange(pipe) {
                    Some(exchange) if !exchange.is_written() => exchange.release(),
                    // The driver has already written the rest.
                    _ => continue,
                }
            }
            return Some(order);
        }
    }

    /// Closes the kept pipe, because no request will need it.
    pub(crate) fn close_idle(&mut self) {
        if let Some(at) = self.idle() {
            self.close(at);
        }
    }

    fn close(&mut self, at: usize) -> Stage {
        let (pipe, stage) = self.pipes.remove(at);
        let is_unknown = self.orders.contains(&Order::Open(pipe));
        self.drop_orders(pipe);
        if !is_unknown {
            self.orders.push_back(Order::Close(pipe));
        }
        stage
    }

    fn drop_orders(&mut self, pipe: PipeId) {
        let is_other = |order: &Order| match order {
            Order::Open(id) | Order::Write(id) | Order::Close(id) => *id != pipe,
        };
        self.orders.retain(is_other);
    }

    /// Begins the next waiting exchange if the pipe is free.
    fn begin_waiting(&mut self, now: Instant) {
        if !self.is_busy() {
            if let Some((exchange, due)) = self.waiting.pop_front() {
                self.assign(exchange, due, now);
            }
        }
    }

    fn is_busy(&self) -> bool {
        self.pipes.iter().any(|(_, stage)| !stage.is_idle())
    }

    fn idle(&self) -> Option<usize> {
        self.pipes.iter().position(|(_, stage)| stage.is_idle())
    }

    fn position(&self, pipe: PipeId) -> Option<usize> {
        self.pipes.iter().position(|(id, _)| *id == pipe)
    }
}

impl Stage {
    const fn is_idle(&self) -> bool {
        matches!(self, Self::Idle(_))
    }

    fn is_fresh(&self, now: Instant) -> bool {
        match self {
            Self::Idle(since) => now.saturating_duration_since(*since) <= FRESH,
            Self::Opening(..) | Self::Busy { .. } => false,
        }
    }

    fn exchange(&self) -> Option<&Exchange> {
        match self {
            Self::Opening(exchange, _) | Self::Busy { exchange, .. } => Some(exchange),
            Self::Idle(_) => None,
        }
    }

    const fn due(&self) -> Option<Instant> {
        match self {
            Self::Opening(_, due) => Some(*due),
            Self::Busy { .. } | Self::Idle(_) => None,
        }
    }
}
