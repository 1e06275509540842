//! A complete server for the proxy, on its own thread.

mod accept;
mod floor;
mod listening;
mod transport;

use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;
use std::io;
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use tokio::runtime::{self, Runtime, RuntimeMetrics};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::limits::slots::Slots;
use crate::proxy::Proxy;

/// A running proxy. Dropping it stops it at once. To let streams finish, call
/// [`drain`](Self::drain) and then [`wait`](Self::wait).
///
/// It uses one thread, because a proxy mostly waits. To use more cores, run several proxies
/// and a load balancer in front of them.
pub struct Server {
    addr: SocketAddr,
    metrics_addr: Option<SocketAddr>,
    proxy: Proxy,
    tasks: RuntimeMetrics,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

/// The longest time for the last bytes to be sent after all streams were cut.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

impl Server {
    /// Starts a server on the address `listen`, and serves the counters on the address
    /// `metrics` if there is one. It accepts connections when this returns.
    ///
    /// # Errors
    ///
    /// An address cannot be bound, or the thread cannot be started.
    pub fn start(
        proxy: Proxy,
        listen: SocketAddr,
        metrics: Option<SocketAddr>,
    ) -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let listener = bind(&runtime, listen)?;
        let metrics = metrics.map(|addr| bind(&runtime, addr)).transpose()?;
        let addr = listener.local_addr()?;
        let metrics_addr = metrics.as_ref().map(|listener| listener.local_addr());
        let metrics_addr = metrics_addr.transpose()?;
        let tasks = runtime.metrics();
        let stop = CancellationToken::new();
        let serving = (proxy.clone(), stop.clone());
        let thread = thread::Builder::new()
            .name("highchat-proxy".to_owned())
            .spawn(move || {
                let (proxy, stop) = serving;
                runtime.block_on(run(&proxy, listener, metrics, &stop));
                // A name lookup cannot be cancelled, and nothing needs its result.
                runtime.shutdown_background();
            })?;
        Ok(Self {
            addr,
            metrics_addr,
            proxy,
            tasks,
            stop,
            thread: Some(thread),
        })
    }

    /// The address on which it listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The address on which it serves its counters.
    #[must_use]
    pub const fn metrics_addr(&self) -> Option<SocketAddr> {
        self.metrics_addr
    }

    /// The proxy that it serves.
    #[must_use]
    pub const fn proxy(&self) -> &Proxy {
        &self.proxy
    }

    /// How many tasks it runs now: one for each connection, and one for each address on which it
    /// listens. A number that grows without visitors would be a leak.
    #[must_use]
    pub fn tasks(&self) -> usize {
        self.tasks.num_alive_tasks()
    }

    /// Begins to stop, and returns at once; use [`wait`](Self::wait) to wait for the end.
    ///
    /// After 50 ms the server no longer listens, so that new connections are refused. The first
    /// request of each connection that was opened before is still served; later requests and
    /// `/readyz` are answered with 503. Streams may go on for
    /// [`Config::drain_timeout`](crate::Config::drain_timeout), then they end with an `error`
    /// event.
    pub fn drain(&self) {
        self.proxy.drain();
    }

    /// Stops at once and cuts open streams.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Waits until it has stopped. Call [`drain`](Self::drain) or [`stop`](Self::stop) first,
    /// or this waits for ever.
    pub fn wait(mut self) {
        self.join();
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // The thread has reported its own panic. A second panic in `drop` would abort.
            let _ = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        self.join();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("addr", &self.addr)
            .finish_non_exhaustive()
    }
}

fn bind(runtime: &Runtime, addr: SocketAddr) -> io::Result<tokio::net::TcpListener> {
    let listener = TcpListener::bind(addr)?;
    listener.set_nonblocking(true)?;
    let _entered = runtime.enter();
    tokio::net::TcpListener::from_std(listener)
}

/// Serves until it is stopped or drained.
async fn run(
    proxy: &Proxy,
    listener: tokio::net::TcpListener,
    metrics: Option<tokio::net::TcpListener>,
    stop: &CancellationToken,
) {
    if let Some(listener) = metrics {
        tokio::spawn(accept::metrics(listener, proxy.clone()));
    }
    let connections = Slots::new(
        proxy.handler().config.connections,
        proxy.handler().config.connections_a_visitor,
    );
    proxy.handler().store.start();
    let open = TaskTracker::new();
    let accepting = accept::visitors(listener, proxy.clone(), connections, open.clone());
    let accepting = tokio::spawn(accepting);
    let drained = async {
        let handler = proxy.handler();
        handler.drain.begun().await;
        // Each connection ends when its last answer is sent.
        let mut ended = Box::pin(async {
            // It has reported its own panic.
            let _ = accepting.await;
            open.close();
            open.wait().await;
        });
        if timeout(handler.config.drain_timeout, &mut ended)
            .await
            .is_err()
        {
            handler.drain.cut();
            let _ = timeout(FLUSH_TIMEOUT, ended).await;
        }
    };
    tokio::select! {
        () = drained => {}
        () = stop.cancelled() => {}
    }
    proxy.handler().store.leave().await;
}
