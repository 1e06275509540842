//! Accepts connections and speaks HTTP/1.1 on each.

use core::time::Duration;
use std::io;
use std::net::TcpListener;
use std::sync::{Arc, mpsc};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::runtime::{self, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::fault::{Transport, Wire};
use crate::net::refusal;
use crate::service::Service;

/// How many connections are served at once; the next wait to be accepted.
const MAX_CONNECTIONS: usize = 4096;

/// How many connections may wait to be accepted.
const MAX_WAITING: i32 = 4096;

/// What may wait in memory for one client to read, here and in the system each.
const MAX_BUFFER: usize = 64 * 1024;

/// Serves until `stop` is sent, or its sender dropped.
pub(crate) fn run(
    listener: TcpListener,
    service: Arc<Service>,
    ready: &mpsc::Sender<io::Result<()>>,
    stop: oneshot::Receiver<()>,
) {
    let (runtime, listener) = match prepare(listener) {
        Ok(prepared) => prepared,
        Err(error) => {
            // The receiver is gone only if the starting thread is.
            let _ = ready.send(Err(error));
            return;
        }
    };
    let _ = ready.send(Ok(()));
    runtime.spawn(accept(listener, service));
    // Either way of ending means the same.
    let _ = runtime.block_on(stop);
    // Dropping the runtime drops every connection's task, and so its socket.
}

fn prepare(listener: TcpListener) -> io::Result<(Runtime, tokio::net::TcpListener)> {
    listener.set_nonblocking(true)?;
    // std's 128 would make clients that come all at once wait a second to be heard. What
    // refuses it listens as before.
    let _ = SockRef::from(&listener).listen(MAX_WAITING);
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let entered = runtime.enter();
    let listener = tokio::net::TcpListener::from_std(listener)?;
    drop(entered);
    Ok((runtime, listener))
}

async fn accept(listener: tokio::net::TcpListener, service: Arc<Service>) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    for connection in 0.. {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve(stream, connection, Arc::clone(&service), slot));
            }
            // Out of descriptors, mostly: trying again at once would only burn time.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn serve(stream: TcpStream, number: u64, service: Arc<Service>, slot: OwnedSemaphorePermit) {
    // Each event is to arrive when it is written. A socket that refuses either
    // setting works all the same.
    let _ = stream.set_nodelay(true);
    // A client that stops reading is noticed when this is full.
    let _ = SockRef::from(&stream).set_send_buffer_size(MAX_BUFFER);
    let pace = service.endpoints().pace();
    let patience = pace.patience;
    let wire = Wire::new(pace.scale);
    let stream = TokioIo::new(Transport::new(stream, patience, wire.clone()));
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_buf_size(MAX_BUFFER)
        .serve_connection(
            stream,
            service_fn(move |request| {
                let (service, wire) = (Arc::clone(&service), wire.clone());
                async move { service.answer(request, number, &wire).await }
            }),
        );
    // Any other error is a client that left, stalled or spoke no HTTP, and needs no
    // answer.
    if let Err(error) = (&mut connection).await {
        let parts = connection.into_parts();
        // A connection on which nothing was asked has nothing to be answered.
        if error.is_timeout() && !parts.read_buf.is_empty() {
            let mut stream = parts.io.into_inner();
            let refusal = refusal::slow_head();
            // The answer is small enough for the buffers of a connection that is idle.
            let _ = stream.write_all(refusal.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    }
    drop(slot);
}
