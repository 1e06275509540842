//! What a conversation has to say, in order.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;

use super::exchanges::RequestId;
use super::update::Update;
use crate::http::Request;
use crate::time::Instant;

/// What a driver is to do next.
#[derive(Debug)]
pub enum Output {
    /// Send this request, and bring what comes of it under this id.
    Transmit(RequestId, Request),
    /// Nothing more is wanted from that exchange: drop it, with its connection where
    /// its body did not end. Inputs that still come for it are ignored.
    Abort(RequestId),
    /// Something happened: look with
    /// [`Conversation::update`](crate::Conversation::update).
    Update,
    /// Nothing more to do until an input or a command comes, or this moment, at which
    /// [`Conversation::handle_timeout`](crate::Conversation::handle_timeout) is to be called.
    /// `None`: nothing is waited for.
    Wait(Option<Instant>),
}

/// An output that waits; small, as every conversation has room for some.
#[derive(Debug)]
enum Item {
    Transmit(Box<(RequestId, Request)>),
    Abort(RequestId),
    /// A piece of the reply: so many bytes of the outbox's text.
    Delta(usize),
    /// Any other update; they come seldom.
    Update(Box<Update<'static>>),
}

/// A queue of outputs; the texts of all deltas stand in one buffer, which is used again
/// once they were taken.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    items: VecDeque<Item>,
    text: String,
    /// Where the text of the first delta begins.
    start: usize,
    /// The first item is an update that was handed out and can be looked at.
    is_shown: bool,
}

impl Outbox {
    pub(crate) fn transmit(&mut self, id: RequestId, request: Request) {
        // A conversation that waits for the next delta has one item at a time.
        self.items.reserve_exact(1);
        self.items
            .push_back(Item::Transmit(Box::new((id, request))));
    }

    pub(crate) fn abort(&mut self, id: RequestId) {
        // A request that was not handed out yet needs no abort: it never was.
        let waiting = |item: &Item| match item {
            Item::Transmit(sent) => {
                let (found, _) = &**sent;
                *found == id
            }
            Item::Abort(_) | Item::Delta(_) | Item::Update(_) => false,
        };
        if let Some(at) = self.items.iter().position(waiting) {
            self.items.remove(at);
        } else {
            self.items.push_back(Item::Abort(id));
        }
    }

    pub(crate) fn update(&mut self, update: Update<'static>) {
        self.items.push_back(Item::Update(Box::new(update)));
    }

    /// Tells a piece of the reply, if it is not empty.
    pub(crate) fn delta(&mut self, text: &str) {
        if !text.is_empty() {
            self.text.push_str(text);
            self.items.push_back(Item::Delta(text.len()));
        }
    }

    /// The next output; an update can be looked at until the next call. `deadline` is what is
    /// waited for if there is none.
    #[inline]
    pub(crate) fn poll(&mut self, deadline: impl FnOnce() -> Option<Instant>) -> Output {
        if core::mem::take(&mut self.is_shown) {
            if let Some(Item::Delta(len)) = self.items.pop_front() {
                self.start += len;
            }
        }
        if let Some(Item::Delta(_) | Item::Update(_)) = self.items.front() {
            self.is_shown = true;
            return Output::Update;
        }
        match self.items.pop_front() {
            Some(Item::Transmit(sent)) => {
                let (id, request) = *sent;
                Output::Transmit(id, request)
            }
            Some(Item::Abort(id)) => Output::Abort(id),
            Some(Item::Delta(_) | Item::Update(_)) | None => {
                self.text.clear();
                self.start = 0;
                Output::Wait(deadline())
            }
        }
    }

    /// The update that was handed out last.
    #[inline]
    pub(crate) fn shown(&self) -> Option<Update<'_>> {
        match self.items.front() {
            Some(Item::Delta(len)) if self.is_shown => {
                let text = self.text.get(self.start..self.start + len);
                Some(Update::Delta {
                    text: text.unwrap_or_default().into(),
                })
            }
            Some(Item::Update(update)) if self.is_shown => Some(update.reborrow()),
            Some(Item::Delta(_) | Item::Update(_) | Item::Transmit(_) | Item::Abort(_)) | None => {
                None
            }
        }
    }
}
