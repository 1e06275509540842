//! What hyper wants run beside an exchange, polled together with it instead of spawned.

use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use hyper::rt::Executor;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The tasks of one exchange: its connection, and for HTTP/2 what hyper spawns, which is
/// as many as there are streams, and so a few.
pub(crate) struct Tasks {
    running: FuturesUnordered<Task>,
    spawned: UnboundedReceiver<Task>,
}

/// Where hyper spawns.
///
/// It does not keep the tasks: it is a part of some of them, and a circle would keep
/// their connection open for ever.
#[derive(Clone)]
pub(crate) struct Spawner(UnboundedSender<Task>);

pub(crate) fn tasks() -> (Spawner, Tasks) {
    let (spawner, spawned) = unbounded_channel();
    let running = FuturesUnordered::new();
    (Spawner(spawner), Tasks { running, spawned })
}

impl Tasks {
    /// Polls every task that can go on; those that come up meanwhile have this polled again.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(Some(task)) = self.spawned.poll_recv(cx) {
            self.running.push(task);
        }
        while let Poll::Ready(Some(())) = self.running.poll_next_unpin(cx) {}
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
        // Where the exchange is gone, so is what was to run beside it.
        let _ = self.0.send(Box::pin(task));
    }
}
