//! A server that answers with exactly the bytes it was given.

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

/// One thing a [`Playback`] does on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Writes these bytes.
    Send(Vec<u8>),
    /// Writes nothing for so long.
    Pause(Duration),
    /// Waits for one more whole request on the same connection.
    AwaitRequest,
    /// Says nothing until the client closes its side or the playback is dropped.
    Hold,
    /// Ends the connection with a FIN, as the end of a script does too.
    Close,
    /// Ends the connection with a RST.
    ///
    /// What was sent but had not left this machine is lost with it: put a
    /// [`Step::Pause`] or an awaited request before it where that matters.
    Reset,
}

impl Step {
    /// [`Step::Send`] of what is easier to write as a string or an array.
    #[must_use]
    pub fn send(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Send(bytes.into())
    }
}

/// A server on a port of 127.0.0.1 that answers with exactly the bytes it was given.
///
/// The first script is played on the first connection that is accepted, the second
/// on the second, and so on; each begins once a whole request (a head, and as much
/// body as its `content-length` says) has arrived. Connections beyond the scripts are
/// accepted, counted and closed at once. A script ends early where a write fails.
///
/// Requests are recorded as they arrive, whether the script awaits them or not, so a
/// test can see that none came. One of more than 1 MiB is not recorded. It runs on threads of its own; dropping it ends every connection and waits for
/// them.
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
    /// Starts to play `scripts`, one a connection; it accepts connections when this
    /// returns.
    ///
    /// # Errors
    ///
    /// When no port can be had or no thread be started.
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

    /// Where it listens, as a client wants it: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Every whole request received on any connection, byte for byte, in the order in
    /// which they were complete. Keys are not redacted here.
    #[must_use]
    pub fn requests(&self) -> Vec<Vec<u8>> {
        self.recorder.requests()
    }

    /// How many connections were accepted.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.recorder.connections()
    }

    /// Waits until at least `count` requests were received; `false` if they were not
    /// within `timeout`.
    #[must_use]
    pub fn wait_for_requests(&self, count: usize, timeout: Duration) -> bool {
        self.recorder.wait_for_requests(count, timeout)
    }

    /// Waits until the client closed its side of a connection, the first being 0;
    /// `false` if it did not within `timeout`.
    ///
    /// A connection that the script closed first never counts: give it a
    /// [`Step::Hold`] where the client is to close.
    #[must_use]
    pub fn wait_for_close(&self, connection: usize, timeout: Duration) -> bool {
        self.recorder.wait_for_close(connection, timeout)
    }
}

impl Drop for Playback {
    fn drop(&mut self) {
        self.recorder.stop();
        // The acceptor looks whether to stop after each connection.
        let _ = TcpStream::connect(self.addr);
        if let Some(acceptor) = self.acceptor.take() {
            // A panic over there was reported there; a second one here would abort.
            let _ = acceptor.join();
        }
    }
}

impl fmt::Debug for Playback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What was received stays out: it may hold a key.
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
            // Out of descriptors, mostly: trying again at once would only burn time.
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
        // A panic over there was reported there.
        let _ = player.join();
    }
}

fn play(stream: TcpStream, connection: usize, script: Vec<Step>, recorder: &Arc<Recorder>) {
    // Each step is to arrive as one was written; a socket that refuses works as well.
    let _ = stream.set_nodelay(true);
    let stream = Arc::new(stream);
    let reader = thread::spawn({
        let (stream, recorder) = (Arc::clone(&stream), Arc::clone(recorder));
        move || read(&stream, connection, &recorder)
    });
    recorder.opened(connection, &stream);
    let reset = perform(&stream, connection, script, recorder);
    recorder.closing(connection);
    if reset {
        // Only the receiving side, which wakes the reader: a FIN would go out before
        // the RST otherwise.
        let _ = SockRef::from(&*stream).set_linger(Some(Duration::ZERO));
        let _ = stream.shutdown(Shutdown::Read);
    } else {
        let _ = stream.shutdown(Shutdown::Both);
    }
    // The socket closes with its last handle, and the reader has one.
    let _ = reader.join();
}

/// Plays a script; whether it ended with a reset.
fn perform(stream: &TcpStream, connection: usize, script: Vec<Step>, recorder: &Recorder) -> bool {
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

/// Records what a client sends until it closes its side or the script is over.
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
            // Reading goes on, or the client could neither finish nor be seen to leave.
            received.clear();
        }
    }
    recorder.ended(connection);
}

/// What is kept of a request that is not whole yet.
const MAX_REQUEST: usize = 1024 * 1024;

/// The length of the request at the beginning of `received`, once it is whole. Not by an HTTP
/// parser: a test may send what no parser takes, and wants to see it recorded.
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
