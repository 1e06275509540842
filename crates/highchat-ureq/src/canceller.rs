//! Reaching into a session from another thread.

use core::time::Duration;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use highchat_connect::blocking::Closer;
use highchat_proto::RequestId;

/// Reaches into a [`Session`](crate::Session) from another thread, at any time.
#[derive(Clone, Debug)]
pub struct Canceller(pub(crate) Wishes);

impl Canceller {
    /// Cancels the turn that is under way: a blocked
    /// [`Session::next`](crate::Session::next) is woken at once, but where it still
    /// connects, which ends with its own timeout. Where no turn is under way, this is no
    /// more than [`wake`](Self::wake).
    pub fn cancel(&self) {
        self.0.interrupt(true);
    }

    /// Makes [`Session::next`](crate::Session::next) return [`Next::Woken`](crate::Next::Woken)
    /// while it waits, so that its caller can do something else: at once if it waits for the
    /// time to pass, as between polls, or for the answer to a poll or a rating, which is given
    /// up then and done again with a later call. A turn goes on: while its reply is waited
    /// for, `Woken` comes after the next piece of it.
    pub fn wake(&self) {
        self.0.interrupt(false);
    }
}

/// What another thread wants of the session; clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wishes(Arc<(Mutex<Wish>, Condvar)>);

#[derive(Debug, Default)]
struct Wish {
    cancel: bool,
    wake: bool,
    live: Vec<Live>,
}

/// An exchange that is under way, and what shuts it down.
#[derive(Debug)]
struct Live {
    id: RequestId,
    is_of_turn: bool,
    closer: Closer,
}

impl Wish {
    /// Shuts down what is not to go on.
    fn interrupt(&mut self) {
        let (cancel, wake) = (self.cancel, self.wake);
        self.live.retain(|live| {
            let goes_on = !cancel && (live.is_of_turn || !wake);
            if !goes_on {
                live.closer.close();
            }
            goes_on
        });
    }
}

impl Wishes {
    fn lock(&self) -> MutexGuard<'_, Wish> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn interrupt(&self, cancel: bool) {
        let mut wish = self.lock();
        (wish.cancel, wish.wake) = (wish.cancel || cancel, true);
        wish.interrupt();
        self.0.1.notify_all();
    }

    /// Begins an exchange, and returns what is to close its connection. If it is not to go
    /// on, it ends at once.
    pub(crate) fn enter(&self, id: RequestId, is_of_turn: bool) -> Closer {
        let closer = Closer::default();
        let mut wish = self.lock();
        wish.live.push(Live {
            id,
            is_of_turn,
            closer: closer.clone(),
        });
        wish.interrupt();
        closer
    }

    /// Ends one; `false`: another thread did.
    pub(crate) fn leave(&self, id: RequestId) -> bool {
        let live = &mut self.lock().live;
        let found = live.iter().position(|live| live.id == id);
        found.map(|at| live.swap_remove(at)).is_some()
    }

    /// What was wished for before does not count for what comes.
    pub(crate) fn forget_cancel(&self) {
        self.lock().cancel = false;
    }

    /// Whether the turn, if there is one, is to be cancelled.
    pub(crate) fn take_cancel(&self, is_turning: bool) -> bool {
        let mut wish = self.lock();
        let is_taken = core::mem::take(&mut wish.cancel) && is_turning;
        wish.wake &= !is_taken;
        is_taken
    }

    /// Whether the session is to look up; a turn is cancelled first.
    pub(crate) fn take_wake(&self) -> bool {
        let mut wish = self.lock();
        !wish.cancel && core::mem::take(&mut wish.wake)
    }

    /// Waits that long, or for a wish.
    pub(crate) fn wait(&self, time: Duration) {
        let is_idle = |wish: &mut Wish| !wish.wake;
        drop(self.0.1.wait_timeout_while(self.lock(), time, is_idle));
    }
}
