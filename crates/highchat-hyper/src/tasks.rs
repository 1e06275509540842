//! The background tasks of an exchange, polled together with it instead of spawned.

use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use hyper::rt::Executor;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The background tasks of one exchange: its connection, and for HTTP/2 the tasks that hyper
/// spawns. These are few: one for each stream.
pub(crate) struct Tasks {
    running: FuturesUnordered<Task>,
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
    let running = FuturesUnordered::new();
    (Spawner(spawner), Tasks { running, spawned })
}

impl Tasks {
    /// Polls every task that is ready. A task that is spawned meanwhile wakes the caller to
    /// poll again.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(Some(task)) = self.spawned.poll_recv(cx) {
            self.running.push(task);
        }
        while let Poll::Ready(Some(())) = self.running.poll_next_unpin(cx) {}
    }

    /// Waits for a future that needs the tasks for its progress.
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
        // If the exchange was dropped, its tasks are not needed either.
        let _ = self.0.send(Box::pin(task));
    }
}
