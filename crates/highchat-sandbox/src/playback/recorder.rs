//! What the threads of a playback share: the requests that came, and whether to stop.

use core::time::Duration;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

/// What a playback's threads know together: what came in on which connection, and
/// whether to stop.
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
    /// How many whole requests came in.
    requests: usize,
    side: Side,
    /// What to shut down so that no thread stays blocked on it. It must not keep the
    /// socket open once its script is over.
    stream: Weak<TcpStream>,
}

/// Who ended a connection.
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

    /// Notes a new connection and numbers it.
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
            // Dropped between the accepting and now.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    pub(crate) fn received(&self, connection: usize, request: Vec<u8>) {
        let mut recording = self.lock();
        recording.requests.push(request);
        recording.connections[connection].requests += 1;
        self.changed.notify_all();
    }

    /// Nothing more will be read from a connection.
    pub(crate) fn ended(&self, connection: usize) {
        self.end(connection, Side::Client);
    }

    /// The script of a connection is over; what ends it from now on is not the client.
    pub(crate) fn closing(&self, connection: usize) {
        self.end(connection, Side::Script);
    }

    pub(crate) fn stop(&self) {
        let mut recording = self.lock();
        recording.stopped = true;
        for connection in &recording.connections {
            if let Some(stream) = connection.stream.upgrade() {
                // One that is closed already needs no waking.
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
        self.changed.notify_all();
    }

    pub(crate) fn stopped(&self) -> bool {
        self.lock().stopped
    }

    /// Waits for a duration; whether the script is to go on.
    pub(crate) fn pause(&self, duration: Duration) -> bool {
        !self.wait(duration, |recording| recording.stopped)
    }

    /// Waits until `count` requests came in on a connection; whether they did.
    pub(crate) fn await_request(&self, connection: usize, count: usize) -> bool {
        self.wait(Duration::MAX, |recording| {
            let connection = &recording.connections[connection];
            recording.stopped || connection.requests >= count || connection.side != Side::Nobody
        });
        let recording = self.lock();
        !recording.stopped && recording.connections[connection].requests >= count
    }

    /// Waits until a connection ends from the other side.
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

    /// Only the first to end a connection did it.
    fn end(&self, connection: usize, side: Side) {
        let mut recording = self.lock();
        let connection = &mut recording.connections[connection];
        if connection.side == Side::Nobody {
            connection.side = side;
        }
        self.changed.notify_all();
    }

    /// Waits until `holds` does, at most for `timeout`; whether it does.
    fn wait(&self, timeout: Duration, holds: impl Fn(&Recording) -> bool) -> bool {
        // Without a deadline if the clock cannot represent it.
        let deadline = Instant::now().checked_add(timeout);
        let mut recording = self.lock();
        while !holds(&recording) {
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

    /// A panic in one thread must not hide from a test what the others recorded.
    fn lock(&self) -> MutexGuard<'_, Recording> {
        self.recording
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
