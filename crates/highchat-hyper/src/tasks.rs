//! The background tasks of a connection, polled together with its exchanges instead of
//! spawned.

use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use hyper::rt::Executor;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The background tasks of one HTTP/2 connection: its own, and a few that hyper spawns for each
/// stream. Clones share them; they are dropped with the last clone.
#[derive(Clone)]
pub(crate) struct Tasks(Arc<Mutex<Running>>);

struct Running {
    tasks: FuturesUnordered<Task>,
    spawned: UnboundedReceiver<Task>,
}

/// The executor on which hyper spawns tasks.
///
/// It only sends the tasks, and does not own them. Some tasks contain a spawner, so owning
/// them would be a reference cycle that keeps their connection open for ever.
#[derive(Clone)]
pub(crate) struct Spawner(UnboundedSender<Task>);

pub(crate) fn tasks() -> (Spawner, Tasks) {
    let (spawner, spawned) = unbounded_channel();
    let tasks = FuturesUnordered::new();
    let running = Running { tasks, spawned };
    (Spawner(spawner), Tasks(Arc::new(Mutex::new(running))))
}

impl Tasks {
    /// Polls every task that is ready. A task that is spawned meanwhile wakes the caller to
    /// poll again.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Running { tasks, spawned } = &mut *running;
        while let Poll::Ready(Some(task)) = spawned.poll_recv(cx) {
            tasks.push(task);
        }
        while let Poll::Ready(Some(())) = tasks.poll_next_unpin(cx) {}
    }

    /// Waits for a future that needs the tasks for its progress.
    pub(crate) async fn drive<F: Future>(&self, future: F) -> F::Output {
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
        // If the exchange was dropped, its tasks are not needed either.
        let _ = self.0.send(Box::pin(task));
    }
}
