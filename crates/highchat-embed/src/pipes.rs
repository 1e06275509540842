//! The pipes, and the exchange on each of them.
//!
//! ```text
//!             Opening ── opened ──▶ Busy ── over, reusable ──▶ Kept
//!                ▲                                             │ ▲
//!                │                                       begin │ │ over, reusable
//!                │                                             ▼ │
//!                └──── on a new pipe: lost or silent ────────  Reused
//!                      before the head
//! ```
//!
//! Each pipe ends when it is lost or its exchange is aborted. A kept pipe also ends when no
//! request will need it, or after `keep_alive`.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

use highchat_proto::time::Instant;
use highchat_proto::{Config, Request, RequestId};

use crate::exchange::Exchange;
use crate::pipe::PipeId;
use crate::shared::Arc;

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
    /// The first exchange of the pipe.
    Busy(Box<Exchange>),
    /// A later exchange. The pipe may be stale, so the head of the answer must come by this
    /// time.
    Reused(Box<Exchange>, Instant),
    /// The time since when the pipe has no exchange.
    Kept(Instant),
}

/// An exchange that ended without an answer, or with an incomplete one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lost {
    pub(crate) id: RequestId,
    /// Whether a part of the request may have reached the service.
    pub(crate) may_have_left: bool,
}

pub(crate) struct Pipes {
    config: Arc<Config>,
    /// The size limit of an answer's head, in bytes.
    head_limit: usize,
    has_one: bool,
    next: PipeId,
    pipes: Vec<(PipeId, Stage)>,
    /// Exchanges that wait until the only pipe is free, each with its deadline for an open pipe.
    waiting: VecDeque<(Box<Exchange>, Instant)>,
    orders: VecDeque<Order>,
}

impl Pipes {
    pub(crate) const fn new(config: Arc<Config>) -> Self {
        Self {
            config,
            head_limit: Config::HEAD_LIMIT,
            has_one: false,
            next: PipeId::FIRST,
            pipes: Vec::new(),
            waiting: VecDeque::new(),
            orders: VecDeque::new(),
        }
    }

    pub(crate) const fn limit_to_one(&mut self) {
        self.has_one = true;
    }

    pub(crate) const fn limit_heads(&mut self, limit: usize) {
        self.head_limit = limit;
    }

    // ---- exchanges ----

    /// Begins an exchange: on the kept pipe if the request may reuse it, otherwise on a new one.
    pub(crate) fn begin(&mut self, id: RequestId, request: &Request, now: Instant) {
        // An exchange that waits gets the pipe as soon as it is free.
        let idle = self.kept().map_or(Duration::ZERO, |(_, since)| {
            now.saturating_duration_since(since)
        });
        let may_reuse = request.may_reuse_connection(idle, &self.config);
        let exchange = Box::new(Exchange::new(id, request, self.head_limit, may_reuse));
        let open_by = now + self.config.connect_timeout();
        if self.has_one && self.is_busy() {
            self.waiting.push_back((exchange, open_by));
        } else {
            self.start(exchange, open_by, now);
        }
    }

    fn start(&mut self, exchange: Box<Exchange>, open_by: Instant, now: Instant) {
        if let Some((at, _)) = self.kept() {
            if exchange.may_reuse() {
                let (id, stage) = &mut self.pipes[at];
                *stage = Stage::Reused(exchange, now + Config::REUSE_TIMEOUT);
                self.orders.push_back(Order::Write(*id));
                return;
            }
            if self.has_one {
                self.close(at);
            }
        }
        self.open(exchange, open_by);
    }

    fn open(&mut self, exchange: Box<Exchange>, open_by: Instant) {
        let id = self.next;
        self.next = id.next();
        self.pipes.push((id, Stage::Opening(exchange, open_by)));
        self.orders.push_back(Order::Open(id));
    }

    /// Drops an exchange and closes its pipe.
    pub(crate) fn abort(&mut self, id: RequestId, now: Instant) {
        self.waiting.retain(|(exchange, _)| exchange.id() != id);
        let is_of_id = |exchange: &Exchange| exchange.id() == id;
        let mut stages = self.pipes.iter().map(|(_, stage)| stage);
        if let Some(at) = stages.position(|stage| stage.exchange().is_some_and(is_of_id)) {
            self.close(at);
            self.start_waiting(now);
        }
    }

    /// Keeps or closes a pipe whose exchange is over. One pipe is kept, the last one that was
    /// used.
    pub(crate) fn release(&mut self, pipe: PipeId, is_reusable: bool, now: Instant) {
        let Some(at) = self.position(pipe) else {
            return;
        };
        if is_reusable {
            let kept = self.kept();
            self.pipes[at].1 = Stage::Kept(now);
            if let Some((at, _)) = kept {
                self.close(at);
            }
        } else {
            self.close(at);
        }
        self.start_waiting(now);
    }

    /// The exchange on an open pipe.
    pub(crate) fn exchange(&mut self, pipe: PipeId) -> Option<&mut Exchange> {
        let at = self.position(pipe)?;
        match &mut self.pipes[at].1 {
            Stage::Busy(exchange) | Stage::Reused(exchange, _) => Some(exchange),
            Stage::Opening(..) | Stage::Kept(_) => None,
        }
    }

    /// The bytes that must be written to a pipe.
    pub(crate) fn unwritten(&self, pipe: PipeId) -> &[u8] {
        match self.position(pipe).map(|at| &self.pipes[at].1) {
            Some(Stage::Busy(exchange) | Stage::Reused(exchange, _)) => exchange.unwritten(),
            Some(Stage::Opening(..) | Stage::Kept(_)) | None => &[],
        }
    }

    // ---- inputs ----

    pub(crate) fn handle_opened(&mut self, pipe: PipeId, now: Instant) {
        let Some(at) = self.position(pipe) else {
            return;
        };
        let stage = &mut self.pipes[at].1;
        *stage = match mem::replace(stage, Stage::Kept(now)) {
            Stage::Opening(exchange, _) => {
                self.orders.push_back(Order::Write(pipe));
                Stage::Busy(exchange)
            }
            stage @ (Stage::Busy(_) | Stage::Reused(..) | Stage::Kept(_)) => stage,
        };
    }

    pub(crate) fn handle_written(&mut self, pipe: PipeId, len: usize) {
        let Some(at) = self.position(pipe) else {
            return;
        };
        let (exchange, may_restart) = match &mut self.pipes[at].1 {
            Stage::Busy(exchange) => (exchange, false),
            Stage::Reused(exchange, _) => {
                let may_restart = !exchange.has_head();
                (exchange, may_restart)
            }
            Stage::Opening(..) | Stage::Kept(_) => return,
        };
        // Bytes that were not released cannot have been written.
        if len == 0 || exchange.unwritten().is_empty() {
            return;
        }
        if exchange.handle_written(len) {
            let order = Order::Write(pipe);
            if !self.orders.contains(&order) {
                // At the front, so that requests go out one after the other, even if a write is
                // partial.
                self.orders.push_front(order);
            }
        } else if !may_restart {
            exchange.free_request();
        }
    }

    /// Removes a pipe that is gone. Returns its exchange, unless it begins again on a new pipe.
    pub(crate) fn handle_lost(&mut self, pipe: PipeId, now: Instant) -> Option<Lost> {
        let at = self.position(pipe)?;
        self.drop_orders(pipe);
        let (_, stage) = self.pipes.remove(at);
        self.handle_gone(stage, now)
    }

    /// Closes a pipe. Returns the same as [`handle_lost`](Self::handle_lost).
    pub(crate) fn close_pipe(&mut self, pipe: PipeId, now: Instant) -> Option<Lost> {
        let at = self.position(pipe)?;
        let stage = self.close(at);
        self.handle_gone(stage, now)
    }

    fn handle_gone(&mut self, stage: Stage, now: Instant) -> Option<Lost> {
        let lost = match stage {
            Stage::Kept(_) => None,
            Stage::Opening(exchange, _) => Some(Lost {
                id: exchange.id(),
                may_have_left: false,
            }),
            // The kept pipe was stale. It carries only requests that may be sent again.
            Stage::Reused(mut exchange, _) if !exchange.has_head() => {
                exchange.restart();
                self.open(exchange, now + self.config.connect_timeout());
                None
            }
            Stage::Busy(exchange) | Stage::Reused(exchange, _) => Some(Lost {
                id: exchange.id(),
                may_have_left: exchange.may_have_left(),
            }),
        };
        self.start_waiting(now);
        lost
    }

    // ---- time ----

    /// Handles one deadline that has passed. Returns an exchange whose pipe did not open in time.
    /// Call it until it returns `None`.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<Lost> {
        let mut waiting = self.waiting.iter();
        if let Some(at) = waiting.position(|(_, open_by)| *open_by <= now) {
            let (exchange, _) = self.waiting.remove(at)?;
            return Some(Lost {
                id: exchange.id(),
                may_have_left: false,
            });
        }
        let is_late = |stage: &Stage| stage.exchange_deadline().is_some_and(|due| due <= now);
        while let Some(at) = self.pipes.iter().position(|(_, stage)| is_late(stage)) {
            let stage = self.close(at);
            let lost = self.handle_gone(stage, now);
            if lost.is_some() {
                return lost;
            }
        }
        None
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        let waiting = self.waiting.iter().map(|(_, open_by)| *open_by);
        let stages = self.pipes.iter().map(|(_, stage)| stage);
        let exchanges = stages.filter_map(Stage::exchange_deadline);
        let kept = self.kept().map(|(_, since)| since + self.config.keep_alive);
        waiting.chain(exchanges).chain(kept).min()
    }

    /// The time by which the next pipe that is opening must be open.
    #[cfg(feature = "embedded-io")]
    pub(crate) fn open_until(&self) -> Option<Instant> {
        let opening = self.pipes.iter().filter_map(|(_, stage)| match stage {
            Stage::Opening(_, open_by) => Some(*open_by),
            Stage::Busy(_) | Stage::Reused(..) | Stage::Kept(_) => None,
        });
        opening.min()
    }

    /// How long a pipe may take to open.
    #[cfg(feature = "embedded-io-async")]
    pub(crate) fn open_timeout(&self) -> Duration {
        self.config.connect_timeout()
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

    /// Closes the kept pipe, if no request will need it or its time is over. Call it after every
    /// request that is due has begun.
    pub(crate) fn close_kept(&mut self, is_needed: bool, now: Instant) {
        if let Some((at, since)) = self.kept() {
            if !is_needed || since + self.config.keep_alive <= now {
                self.close(at);
            }
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

    /// Starts the next waiting exchange if the only pipe is free.
    fn start_waiting(&mut self, now: Instant) {
        if !self.is_busy() {
            if let Some((exchange, open_by)) = self.waiting.pop_front() {
                self.start(exchange, open_by, now);
            }
        }
    }

    fn is_busy(&self) -> bool {
        let mut stages = self.pipes.iter().map(|(_, stage)| stage);
        stages.any(|stage| stage.exchange().is_some())
    }

    /// The place of the kept pipe, and the time since when it has no exchange.
    fn kept(&self) -> Option<(usize, Instant)> {
        let mut stages = self.pipes.iter().map(|(_, stage)| stage).enumerate();
        stages.find_map(|(at, stage)| match stage {
            Stage::Kept(since) => Some((at, *since)),
            Stage::Opening(..) | Stage::Busy(_) | Stage::Reused(..) => None,
        })
    }

    fn position(&self, pipe: PipeId) -> Option<usize> {
        self.pipes.iter().position(|(id, _)| *id == pipe)
    }
}

impl Stage {
    fn exchange(&self) -> Option<&Exchange> {
        match self {
            Self::Opening(exchange, _) | Self::Busy(exchange) | Self::Reused(exchange, _) => {
                Some(exchange)
            }
            Self::Kept(_) => None,
        }
    }

    /// The time at which the exchange must have more than it has now.
    fn exchange_deadline(&self) -> Option<Instant> {
        match self {
            Self::Opening(_, open_by) => Some(*open_by),
            Self::Reused(exchange, head_by) => (!exchange.has_head()).then_some(*head_by),
            Self::Busy(_) | Self::Kept(_) => None,
        }
    }
}
