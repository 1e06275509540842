//! Cancels or wakes a session from another thread.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use highchat_connect::blocking::Closer;
use highchat_proto::RequestId;

/// Cancels or wakes a [`Session`](crate::Session) from another thread, at any time. Clones act
/// on the same session.
#[derive(Clone, Debug)]
pub struct Canceller(pub(crate) Wishes);

impl Canceller {
    /// Cancels the current turn. It wakes a blocked [`Session::next`](crate::Session::next) at
    /// once, except during a name lookup or a TCP connection attempt, which end at their own
    /// timeout. If there is no current turn, this is the same as [`wake`](Self::wake).
    pub fn cancel(&self) {
        self.0.interrupt(true);
    }

    /// Makes a waiting [`Session::next`](crate::Session::next) return
    /// [`Next::Woken`](crate::Next::Woken), so that its caller can do something else.
    ///
    /// It returns at once if it waits for time to pass, as between polls. It also returns at
    /// once if it waits for the answer to a poll or a rating; that request is given up, and
    /// repeated by a later call. It does not interrupt a turn: while a reply is awaited,
    /// `Woken` comes after the next piece of the reply.
    pub fn wake(&self) {
        self.0.interrupt(false);
    }
}

/// The requests of other threads to a session. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wishes(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    wish: Mutex<Wish>,
    changed: Condvar,
    /// Whether a request may be pending, so that the session takes no lock for each event.
    is_pending: AtomicBool,
}

#[derive(Debug, Default)]
struct Wish {
    cancel: bool,
    wake: bool,
    live: Vec<Live>,
}

/// A running exchange, and the handle that closes its connection.
#[derive(Debug)]
struct Live {
    id: RequestId,
    is_of_turn: bool,
    closer: Closer,
}

impl Wish {
    /// Closes the connections of the exchanges that the requests interrupt.
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
        self.0.wish.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn interrupt(&self, cancel: bool) {
        let mut wish = self.lock();
        (wish.cancel, wish.wake) = (wish.cancel || cancel, true);
        self.0.is_pending.store(true, Ordering::Release);
        wish.interrupt();
        self.0.changed.notify_all();
    }

    /// Locks the requests if one is pending.
    fn pending(&self) -> Option<MutexGuard<'_, Wish>> {
        let is_pending = self.0.is_pending.load(Ordering::Acquire);
        is_pending.then(|| self.lock())
    }

    /// Registers an exchange, and returns the handle that closes its connection. If a request
    /// already interrupts it, its connection is closed at once.
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

    /// Removes an exchange. `false` means that another thread has already ended it.
    pub(crate) fn leave(&self, id: RequestId) -> bool {
        let live = &mut self.lock().live;
        let found = live.iter().position(|live| live.id == id);
        found.map(|at| live.swap_remove(at)).is_some()
    }

    /// Drops an earlier request to cancel: it does not apply to the next turn.
    pub(crate) fn forget_cancel(&self) {
        self.lock().cancel = false;
    }

    /// Takes a request to cancel, and returns whether there is a turn to cancel. Without a
    /// turn, the request remains as one to wake.
    pub(crate) fn take_cancel(&self, is_turning: bool) -> bool {
        let Some(mut wish) = self.pending() else {
            return false;
        };
        let is_taken = core::mem::take(&mut wish.cancel) && is_turning;
        wish.wake &= !is_taken;
        self.0.is_pending.store(wish.wake, Ordering::Release);
        is_taken
    }

    /// Takes a request to wake. A pending request to cancel must be handled first.
    pub(crate) fn take_wake(&self) -> bool {
        let Some(mut wish) = self.pending() else {
            return false;
        };
        let is_taken = !wish.cancel && core::mem::take(&mut wish.wake);
        self.0.is_pending.store(wish.cancel, Ordering::Release);
        is_taken
    }

    /// Waits for `time` to pass, or for a request of another thread.
    pub(crate) fn wait(&self, time: Duration) {
        let is_idle = |wish: &mut Wish| !wish.wake;
        drop(
            self.0
                .changed
                .wait_timeout_while(self.lock(), time, is_idle),
        );
    }
}
