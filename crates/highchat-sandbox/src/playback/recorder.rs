//! The state that the threads of a playback share: the requests, and whether to stop.

use core::time::Duration;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

/// The state that the threads of a playback share: the requests, the connections, and whether to
/// stop.
#[derive(Default)]
pub(crate) struct Recorder {
    recording: Mutex<Recording>,
    changed: Condvar,
}

#[derive(Default)]
struct Recording {
    stopped: bool,
    requests: Vec<Vec<u8>>,
    connections: Vec<Connection>,
}

#[derive(Default)]
struct Connection {
    /// The number of whole requests.
    requests: usize,
    side: Side,
    /// The socket, to shut it down when the playback stops. A weak reference, so that it does
    /// not keep the socket open after the script.
    stream: Weak<TcpStream>,
}

/// The side that ended a connection.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Side {
    #[default]
    Nobody,
    Client,
    Script,
}

impl Recorder {
    pub(crate) fn requests(&self) -> Vec<Vec<u8>> {
        self.lock().requests.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.lock().connections.len()
    }

    /// Adds a connection. Returns its number.
    pub(crate) fn accepted(&self) -> usize {
        let mut recording = self.lock();
        recording.connections.push(Connection::default());
        self.changed.notify_all();
        recording.connections.len() - 1
    }

    pub(crate) fn opened(&self, connection: usize, stream: &Arc<TcpStream>) {
        let mut recording = self.lock();
        recording.connections[connection].stream = Arc::downgrade(stream);
        if recording.stopped {
            // The playback was dropped since the connection was accepted.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    pub(crate) fn received(&self, connection: usize, request: Vec<u8>) {
        let mut recording = self.lock();
        recording.requests.push(request);
        recording.connections[connection].requests += 1;
        self.changed.notify_all();
    }

    /// Records that the client has closed its side of a connection.
    pub(crate) fn ended(&self, connection: usize) {
        self.end(connection, Side::Client);
    }

    /// Records that the script of a connection is over. A later end is not the client's.
    pub(crate) fn closing(&self, connection: usize) {
        self.end(connection, Side::Script);
    }

    pub(crate) fn stop(&self) {
        let mut recording = self.lock();
        recording.stopped = true;
        for connection in &recording.connections {
            if let Some(stream) = connection.stream.upgrade() {
                // It fails if the connection is closed already.
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
        self.changed.notify_all();
    }

    pub(crate) fn stopped(&self) -> bool {
        self.lock().stopped
    }

    /// Waits for a duration. Returns whether the script goes on.
    pub(crate) fn pause(&self, duration: Duration) -> bool {
        !self.wait(duration, |recording| recording.stopped)
    }

    /// Waits for `count` requests on a connection. Returns whether they arrived.
    pub(crate) fn await_request(&self, connection: usize, count: usize) -> bool {
        self.wait(Duration::MAX, |recording| {
            let connection = &recording.connections[connection];
            recording.stopped || connection.requests >= count || connection.side != Side::Nobody
        });
        let recording = self.lock();
        !recording.stopped && recording.connections[connection].requests >= count
    }

    /// Waits until the client closes its side of a connection.
    pub(crate) fn hold(&self, connection: usize) {
        self.wait(Duration::MAX, |recording| {
            recording.stopped || recording.connections[connection].side != Side::Nobody
        });
    }

    pub(crate) fn wait_for_requests(&self, count: usize, timeout: Duration) -> bool {
        self.wait(timeout, |recording| recording.requests.len() >= count)
    }

    pub(crate) fn wait_for_close(&self, connection: usize, timeout: Duration) -> bool {
        self.wait(timeout, |recording| {
            recording
                .connections
                .get(connection)
                .is_some_and(|connection| connection.side == Side::Client)
        })
    }

    /// Records who ended a connection. Only the first call has an effect.
    fn end(&self, connection: usize, side: Side) {
        let mut recording = self.lock();
        let connection = &mut recording.connections[connection];
        if connection.side == Side::Nobody {
            connection.side = side;
        }
        self.changed.notify_all();
    }

    /// Waits until `condition` is true, at most for `timeout`. Returns whether it is true.
    fn wait(&self, timeout: Duration, condition: impl Fn(&Recording) -> bool) -> bool {
        // No deadline if the clock cannot represent it.
        let deadline = Instant::now().checked_add(timeout);
        let mut recording = self.lock();
        while !condition(&recording) {
            let left = match deadline {
                Some(deadline) => deadline.saturating_duration_since(Instant::now()),
                None => Duration::from_secs(3600),
            };
            if left.is_zero() {
                return false;
            }
            recording = self
                .changed
                .wait_timeout(recording, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        true
    }

    /// Locks the state. It ignores a poisoned lock, so that a panic in one thread does not hide the
    /// records of the others.
    fn lock(&self) -> MutexGuard<'_, Recording> {
        self.recording
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
