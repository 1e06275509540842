//! A relay between a proxy and a server, which a test holds, releases and cuts: so that an answer is
//! late until something has happened, and not for some time.

use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use crate::support::ANY_PORT;

/// A relay to one server. Its connections are cut when this is dropped.
pub(crate) struct Relay {
    addr: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    is_held: Mutex<bool>,
    released: Condvar,
    ends: Mutex<Vec<TcpStream>>,
    connections: AtomicUsize,
    is_over: AtomicBool,
}

impl Relay {
    pub(crate) fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind(ANY_PORT).expect("a free port");
        let addr = listener.local_addr().expect("an address");
        let state = Arc::<State>::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming() {
                if shared.is_over.load(SeqCst) {
                    return;
                }
                let server = TcpStream::connect(server).expect("a server");
                join(&shared, &client.expect("a connection"), &server);
            }
        });
        Self { addr, state }
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(SeqCst)
    }

    /// From now on bytes wait here, in both directions.
    pub(crate) fn hold(&self) {
        *self.state.is_held.lock().unwrap() = true;
    }

    pub(crate) fn release(&self) {
        *self.state.is_held.lock().unwrap() = false;
        self.state.released.notify_all();
    }

    /// Ends all connections.
    pub(crate) fn cut(&self) {
        for end in self.state.ends.lock().unwrap().drain(..) {
            // It has ended already if its other side is gone.
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.state.is_over.store(true, SeqCst);
        self.cut();
        self.release();
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.addr);
    }
}

fn join(state: &Arc<State>, client: &TcpStream, server: &TcpStream) {
    let clone = |stream: &TcpStream| stream.try_clone().expect("a descriptor");
    let ends = [clone(client), clone(server)];
    state.ends.lock().unwrap().extend(ends);
    state.connections.fetch_add(1, SeqCst);
    for (from, to) in [(client, server), (server, client)] {
        let (state, from, to) = (Arc::clone(state), clone(from), clone(to));
        thread::spawn(move || forward(&state, from, to));
    }
}

fn forward(state: &State, mut from: TcpStream, mut to: TcpStream) {
    let mut bytes = [0; 4096];
    while let Ok(len @ 1..) = from.read(&mut bytes) {
        let is_held = state.is_held.lock().unwrap();
        drop(state.released.wait_while(is_held, |is_held| *is_held));
        if to.write_all(&bytes[..len]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
