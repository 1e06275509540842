//! What a conversation has to say, in order.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;
use core::ops::Range;

use super::exchange::RequestId;
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
    Transmit(RequestId, Box<Request>),
    Abort(RequestId),
    /// A piece of the reply, in the text of the outbox.
    Delta(Range<usize>),
    /// Any other update; they come seldom.
    Update(Box<Update<'static>>),
}

/// A queue of outputs; the texts of all deltas stand in one buffer, which is used again
/// once they were taken.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    items: VecDeque<Item>,
    text: String,
    /// The update that was handed out last.
    shown: Option<Item>,
}

impl Outbox {
    pub(crate) fn transmit(&mut self, id: RequestId, request: Request) {
        self.items.push_back(Item::Transmit(id, Box::new(request)));
    }

    pub(crate) fn abort(&mut self, id: RequestId) {
        // A request that was not handed out yet needs no abort: it never was.
        let waiting = |item: &Item| matches!(item, Item::Transmit(found, _) if *found == id);
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
            let start = self.text.len();
            self.text.push_str(text);
            self.items.push_back(Item::Delta(start..self.text.len()));
        }
    }

    /// The next output; an update can be looked at until the next call. `deadline` is what is
    /// waited for if there is none.
    #[inline]
    pub(crate) fn poll(&mut self, deadline: impl FnOnce() -> Option<Instant>) -> Output {
        self.shown = None;
        match self.items.pop_front() {
            Some(Item::Transmit(id, request)) => Output::Transmit(id, *request),
            Some(Item::Abort(id)) => Output::Abort(id),
            Some(update @ (Item::Delta(_) | Item::Update(_))) => {
                self.shown = Some(update);
                Output::Update
            }
            None => {
                self.text.clear();
                Output::Wait(deadline())
            }
        }
    }

    /// The update that was handed out last.
    #[inline]
    pub(crate) fn shown(&self) -> Option<Update<'_>> {
        match self.shown.as_ref()? {
            Item::Delta(range) => {
                let text = self.text.get(range.clone()).unwrap_or_default();
                Some(Update::Delta { text: text.into() })
            }
            Item::Update(update) => Some(update.reborrow()),
            Item::Transmit(..) | Item::Abort(_) => None,
        }
    }
}
