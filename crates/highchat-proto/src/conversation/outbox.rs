//! The queue of a conversation's outputs.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::exchanges::RequestId;
use super::update::Update;
use crate::http::Request;
use crate::time::Instant;

/// What a driver must do next.
#[derive(Debug)]
pub enum Output {
    /// Send this request. Pass its response to the conversation under this id.
    Transmit(RequestId, Request),
    /// Drop this exchange, because its response is no longer needed. If the body has not ended,
    /// drop its connection too. Later inputs for it are ignored.
    Abort(RequestId),
    /// Something happened. [`Conversation::update`](crate::Conversation::update) returns it.
    Update,
    /// Wait for an input or a command, at most until this time. Then call
    /// [`Conversation::handle_timeout`](crate::Conversation::handle_timeout). With `None`, there
    /// is no timeout.
    Wait(Option<Instant>),
}

/// A queued output. It is small, because each conversation has room for some.
#[derive(Debug)]
enum Item {
    Transmit(Box<(RequestId, Request)>),
    Abort(RequestId),
    /// A part of the reply: this many bytes of [`Outbox::text`].
    Delta(usize),
    /// Any other update. It is boxed, because it is rare.
    Update(Box<Update<'static>>),
}

/// A queue of outputs. The texts of all deltas share one buffer, which is reused after they
/// were read.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    items: Vec<Item>,
    /// How many of the items were taken. The list is cleared when all of them were, as the text
    /// is.
    taken: usize,
    text: String,
    /// Where the text of the first delta begins in `text`.
    start: usize,
    /// The first item is an update that [`shown`](Self::shown) returns.
    is_shown: bool,
}

impl Outbox {
    pub(crate) fn transmit(&mut self, id: RequestId, request: Request) {
        // Exact, because a conversation usually has one item at a time.
        self.items.reserve_exact(1);
        self.items.push(Item::Transmit(Box::new((id, request))));
    }

    pub(crate) fn abort(&mut self, id: RequestId) {
        // A request that the driver has not seen needs no abort.
        let waiting = |item: &Item| match item {
            Item::Transmit(sent) => {
                let (found, _) = &**sent;
                *found == id
            }
            Item::Abort(_) | Item::Delta(_) | Item::Update(_) => false,
        };
        let left = self.items.iter().skip(self.taken);
        if let Some(at) = left.clone().position(waiting) {
            self.items.remove(self.taken + at);
        } else {
            self.items.push(Item::Abort(id));
        }
    }

    pub(crate) fn update(&mut self, update: Update<'static>) {
        self.items.push(Item::Update(Box::new(update)));
    }

    /// Queues a part of the reply, if it is not empty.
    pub(crate) fn delta(&mut self, text: &str) {
        if !text.is_empty() {
            self.text.push_str(text);
            self.items.push(Item::Delta(text.len()));
        }
    }

    /// The texts of the queued deltas, and of those that were read since the last wait.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Ends the update that was shown. Returns whether an update is next, which
    /// [`shown`](Self::shown) returns until the next call. If not, call [`poll`](Self::poll).
    #[inline]
    pub(crate) fn show_next(&mut self) -> bool {
        if core::mem::take(&mut self.is_shown) {
            if let Some(Item::Delta(len)) = self.items.get(self.taken) {
                self.start += len;
            }
            self.taken += 1;
        }
        let next = self.items.get(self.taken);
        self.is_shown = matches!(next, Some(Item::Delta(_) | Item::Update(_)));
        self.is_shown
    }

    /// Takes the next output, which is no update. `deadline` is the timeout if there is no output.
    pub(crate) fn poll(&mut self, deadline: Option<Instant>) -> Output {
        let next = self.items.get_mut(self.taken);
        match next.map(|item| core::mem::replace(item, Item::Delta(0))) {
            Some(Item::Transmit(sent)) => {
                self.taken += 1;
                let (id, request) = *sent;
                Output::Transmit(id, request)
            }
            Some(Item::Abort(id)) => {
                self.taken += 1;
                Output::Abort(id)
            }
            Some(Item::Delta(_) | Item::Update(_)) | None => {
                self.items.clear();
                self.taken = 0;
                self.text.clear();
                self.start = 0;
                Output::Wait(deadline)
            }
        }
    }

    /// The update that was announced last.
    #[inline]
    pub(crate) fn shown(&self) -> Option<Update<'_>> {
        match self.items.get(self.taken) {
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
