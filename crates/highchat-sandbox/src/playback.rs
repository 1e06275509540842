//! A server that sends exactly the bytes that it was given.

mod recorder;

use core::fmt;
use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use socket2::SockRef;

use recorder::Recorder;

/// An action of a [`Playback`] on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Writes these bytes.
    Send(Vec<u8>),
    /// Writes nothing for this time.
    Pause(Duration),
    /// Waits for one more whole request on the same connection.
    AwaitRequest,
    /// Writes nothing until the client closes its side or the playback is dropped.
    Hold,
    /// Ends the connection with a FIN. The end of a script does the same.
    Close,
    /// Ends the connection with a RST.
    ///
    /// Bytes that have not left this machine are lost. If they matter, put a [`Step::Pause`] or
    /// a [`Step::AwaitRequest`] before it.
    Reset,
}

impl Step {
    /// Creates a [`Step::Send`] from a string or an array.
    #[must_use]
    pub fn send(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Send(bytes.into())
    }
}

/// A server on a port of 127.0.0.1 that sends exactly the bytes that it was given.
///
/// It plays the first script on the first connection, the second script on the second connection,
/// and so on. A script begins when a whole request (the head, and as much body as its
/// `content-length` says) has arrived. It ends early if a write fails. When there are no more
/// scripts, connections are accepted, counted and closed at once.
///
/// All requests are recorded, even if no script waits for them. Requests of more than 1 MiB are not
/// recorded. The playback runs on its own threads. Dropping it closes all connections and waits
/// for the threads.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use std::io::{Read as _, Write as _};
/// use highchat_sandbox::{Playback, Step};
///
/// let playback = Playback::start([vec![Step::send("HTTP/1.1 204 No Content\r\n\r\n")]])?;
///
/// let mut stream = std::net::TcpStream::connect(playback.addr())?;
/// stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")?;
/// let mut answer = String::new();
/// stream.read_to_string(&mut answer)?;
///
/// assert_eq!(answer, "HTTP/1.1 204 No Content\r\n\r\n");
/// assert_eq!(playback.requests(), [b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"]);
/// # Ok(())
/// # }
/// ```
pub struct Playback {
    addr: SocketAddr,
    base_url: String,
    recorder: Arc<Recorder>,
    acceptor: Option<JoinHandle<()>>,
}

impl Playback {
    /// Starts a server that plays one of `scripts` on each connection. It accepts connections
    /// when this returns.
    ///
    /// # Errors
    ///
    /// No port is free, or the thread cannot be started.
    pub fn start(scripts: impl IntoIterator<Item = Vec<Step>>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let addr = listener.local_addr()?;
        let scripts: Vec<Vec<Step>> = scripts.into_iter().collect();
        let recorder = Arc::new(Recorder::default());
        let acceptor = thread::Builder::new()
            .name("highchat-playback".to_owned())
            .spawn({
                let recorder = Arc::clone(&recorder);
                move || accept(&listener, scripts, &recorder)
            })?;
        Ok(Self {
            addr,
            base_url: format!("http://{addr}"),
            recorder,
            acceptor: Some(acceptor),
        })
    }

    /// The base URL for clients: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The address on which it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// All whole requests on all connections, byte for byte, in the order in which they were
    /// complete. Keys are not redacted.
    #[must_use]
    pub fn requests(&self) -> Vec<Vec<u8>> {
        self.recorder.requests()
    }

    /// The number of accepted connections.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.recorder.connections()
    }

    /// Waits until at least `count` requests were received. Returns `false` if that takes longer
    /// than `timeout`.
    #[must_use]
    pub fn wait_for_requests(&self, count: usize, timeout: Duration) -> bool {
        self.recorder.wait_for_requests(count, timeout)
    }

    /// Waits until the client closes its side of a connection. Connections are numbered from 0.
    /// Returns `false` if that takes longer than `timeout`.
    ///
    /// A connection that the script closed first does not count. If the client should close it,
    /// end the script with a [`Step::Hold`].
    #[must_use]
    pub fn wait_for_close(&self, connection: usize, timeout: Duration) -> bool {
        self.recorder.wait_for_close(connection, timeout)
    }
}

impl Drop for Playback {
    fn drop(&mut self) {
        self.recorder.stop();
        // The acceptor checks after each connection whether to stop.
        let _ = TcpStream::connect(self.addr);
        if let Some(acceptor) = self.acceptor.take() {
            // The thread has reported its own panic. A second panic in `drop` would abort.
            let _ = acceptor.join();
        }
    }
}

impl fmt::Debug for Playback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the requests, because they may contain a key.
        f.debug_struct("Playback")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

fn accept(listener: &TcpListener, scripts: Vec<Vec<Step>>, recorder: &Arc<Recorder>) {
    let mut scripts = scripts.into_iter();
    let mut players = Vec::new();
    loop {
        let accepted = listener.accept();
        if recorder.stopped() {
            break;
        }
        let Ok((stream, _)) = accepted else {
            // Usually the process has no free file descriptor, so an immediate retry would only
            // use CPU time.
            recorder.pause(Duration::from_millis(20));
            continue;
        };
        let connection = recorder.accepted();
        let Some(script) = scripts.next() else {
            continue;
        };
        let recorder = Arc::clone(recorder);
        players.push(thread::spawn(move || {
            play(stream, connection, script, &recorder)
        }));
    }
    for player in players {
        // The thread has reported its own panic.
        let _ = player.join();
    }
}

fn play(stream: TcpStream, connection: usize, script: Vec<Step>, recorder: &Arc<Recorder>) {
    // Bytes must be sent without delay. The connection also works if the setting fails.
    let _ = stream.set_nodelay(true);
    let stream = Arc::new(stream);
    let reader = thread::spawn({
        let (stream, recorder) = (Arc::clone(&stream), Arc::clone(recorder));
        move || read(&stream, connection, &recorder)
    });
    recorder.opened(connection, &stream);
    let reset = play_script(&stream, connection, script, recorder);
    recorder.closing(connection);
    if reset {
        // Shut down only the receiving side, which wakes the reader. Otherwise a FIN would be sent
        // before the RST.
        let _ = SockRef::from(&*stream).set_linger(Some(Duration::ZERO));
        let _ = stream.shutdown(Shutdown::Read);
    } else {
        let _ = stream.shutdown(Shutdown::Both);
    }
    // The reader has the last other handle; the socket closes when all handles are dropped.
    let _ = reader.join();
}

/// Plays a script. Returns whether it ended with a reset.
fn play_script(
    stream: &TcpStream,
    connection: usize,
    script: Vec<Step>,
    recorder: &Recorder,
) -> bool {
    let mut awaited = 1;
    if !recorder.await_request(connection, awaited) {
        return false;
    }
    for step in script {
        let goes_on = match step {
            Step::Send(bytes) => {
                let mut stream = stream;
                stream.write_all(&bytes).is_ok()
            }
            Step::Pause(duration) => recorder.pause(duration),
            Step::AwaitRequest => {
                awaited += 1;
                recorder.await_request(connection, awaited)
            }
            Step::Hold => {
                recorder.hold(connection);
                false
            }
            Step::Close => false,
            Step::Reset => return true,
        };
        if !goes_on {
            break;
        }
    }
    false
}

/// Records the requests of a client until it closes its side or the script ends.
fn read(stream: &TcpStream, connection: usize, recorder: &Recorder) {
    let mut stream = stream;
    let mut received = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => received.extend_from_slice(&chunk[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
        while let Some(length) = whole_request(&received) {
            let rest = received.split_off(length);
            recorder.received(connection, core::mem::replace(&mut received, rest));
        }
        if received.len() > MAX_REQUEST {
            // Reading must go on, so that the client can finish and its leaving is noticed.
            received.clear();
        }
    }
    recorder.ended(connection);
}

/// The largest request that is recorded, in bytes.
const MAX_REQUEST: usize = 1024 * 1024;

/// Returns the length of the request at the beginning of `received`, if it is complete. It uses no
/// HTTP parser, because a test may send invalid requests that must be recorded too.
fn whole_request(received: &[u8]) -> Option<usize> {
    let head = received.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
    let body = received[..head]
        .split(|&byte| byte == b'\n')
        .find_map(content_length)
        .unwrap_or(0);
    let whole = head.checked_add(body)?;
    (received.len() >= whole).then_some(whole)
}

fn content_length(line: &[u8]) -> Option<usize> {
    let (name, value) = line.split_at_checked("content-length:".len())?;
    if !name.eq_ignore_ascii_case(b"content-length:") {
        return None;
    }
    core::str::from_utf8(value).ok()?.trim().parse().ok()
}
