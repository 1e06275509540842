//! Accepts connections and serves HTTP/1.1 on them.

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

/// How many connections are served at once. Further connections wait to be accepted.
const MAX_CONNECTIONS: usize = 4096;

/// How many connections may wait to be accepted.
const MAX_WAITING: i32 = 4096;

/// The most output that is buffered for one client, in bytes: in this process and again in the
/// operating system.
const MAX_BUFFER: usize = 64 * 1024;

/// Serves until `stop` gets a value or its sender is dropped.
pub(crate) fn run(
    listener: TcpListener,
    service: Arc<Service>,
    ready: &mpsc::Sender<io::Result<()>>,
    stop: oneshot::Receiver<()>,
) {
    let (runtime, listener) = match prepare(listener) {
        Ok(prepared) => prepared,
        Err(error) => {
            // It fails only if the starting thread has ended.
            let _ = ready.send(Err(error));
            return;
        }
    };
    let _ = ready.send(Ok(()));
    runtime.spawn(accept(listener, service));
    // A value and a dropped sender both mean to stop.
    let _ = runtime.block_on(stop);
    // Dropping the runtime drops the tasks of all connections, which closes their sockets.
}

fn prepare(listener: TcpListener) -> io::Result<(Runtime, tokio::net::TcpListener)> {
    listener.set_nonblocking(true)?;
    // With the default of 128, many clients that connect at once would wait a second. If the
    // setting fails, the default stays.
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
            // Usually the process has no free file descriptor, so an immediate retry would only
            // use CPU time.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn serve(stream: TcpStream, number: u64, service: Arc<Service>, slot: OwnedSemaphorePermit) {
    // Events must be sent without delay. The connection also works if either setting fails.
    let _ = stream.set_nodelay(true);
    // When this buffer is full, the sandbox notices that the client has stopped reading.
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
    // Only a slow head gets an answer. Any other error means that the client has left, has
    // stalled, or did not send HTTP.
    if let Err(error) = (&mut connection).await {
        let parts = connection.into_parts();
        // If the client has sent nothing, there is nothing to answer.
        if error.is_timeout() && !parts.read_buf.is_empty() {
            let mut stream = parts.io.into_inner();
            let refusal = refusal::slow_head();
            // This does not block: the answer fits into the empty buffer of the connection.
            let _ = stream.write_all(refusal.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    }
    drop(slot);
}
