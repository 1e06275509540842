//! What hyper wants run beside an exchange, polled together with it instead of spawned.

use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::task::Context;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use hyper::rt::Executor;

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The tasks of one exchange: its connection, and for HTTP/2 what hyper spawns.
#[derive(Default)]
pub(crate) struct Tasks {
    running: Vec<Task>,
    spawned: Arc<Mutex<Vec<Task>>>,
}

/// Where hyper spawns.
///
/// It does not keep the tasks: it is a part of some of them, and a circle would keep
/// their connection open for ever.
#[derive(Clone)]
pub(crate) struct Spawner(Weak<Mutex<Vec<Task>>>);

impl Tasks {
    pub(crate) fn spawner(&self) -> Spawner {
        Spawner(Arc::downgrade(&self.spawned))
    }

    /// Polls every task, those as well that come up meanwhile.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) {
        let mut polled = 0;
        loop {
            self.running.append(&mut lock(&self.spawned));
            if polled == self.running.len() {
                return;
            }
            let mut index = 0;
            self.running.retain_mut(|task| {
                let is_new = index >= polled;
                index += 1;
                !is_new || task.as_mut().poll(cx).is_pending()
            });
            polled = self.running.len();
        }
    }

    /// Waits for a future that makes progress by the tasks.
    pub(crate) async fn drive<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|cx| {
            self.poll(cx);
            future.as_mut().poll(cx)
        })
        .await
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Spawner {
    fn execute(&self, task: F) {
        if let Some(spawned) = self.0.upgrade() {
            lock(&spawned).push(Box::pin(task));
        }
    }
}

/// Never held while a task runs, so that a task may spawn.
fn lock(tasks: &Mutex<Vec<Task>>) -> MutexGuard<'_, Vec<Task>> {
    tasks.lock().unwrap_or_else(PoisonError::into_inner)
}
