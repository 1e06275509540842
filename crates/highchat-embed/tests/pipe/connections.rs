//! The connections of a handoff over TLS: blocking sockets, one at a time.

use core::time::Duration;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Instant as Moment;

use highchat_embed::{Embed, Output, PipeId};
use highchat_proto::failure::Cause;
use highchat_proto::http::Roots;
use highchat_proto::time::Instant;
use highchat_proto::{Config, Endpoint, Message, Rating, Update};
use highchat_testing::trials::hold_connections;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::support::endpoint;

/// A time limit that is long enough for the slowest machine.
const BOUND: Duration = Duration::from_secs(30);

type TlsStream = StreamOwned<ClientConnection, TcpStream>;

/// A conversation and its socket.
struct Session {
    embed: Embed,
    tls: Arc<ClientConfig>,
    start: Moment,
    live: Option<(PipeId, TlsStream)>,
}

impl Session {
    fn new(url: &str, roots: &Roots, config: Config) -> Self {
        let Roots::Pem(pem) = roots else {
            panic!("certificates: {roots:?}")
        };
        let mut store = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            store.add(certificate.unwrap()).unwrap();
        }
        let tls = ClientConfig::builder().with_root_certificates(store);
        Self {
            embed: Embed::new(endpoint(url), config).with_one_pipe(),
            tls: Arc::new(tls.with_no_client_auth()),
            start: Moment::now(),
            live: None,
        }
    }

    fn now(&self) -> Instant {
        Instant::from_origin(self.start.elapsed())
    }

    /// Waits for the next update. Returns `false` if there will be none.
    fn next(&mut self) -> bool {
        loop {
            match self.embed.poll_output() {
                Output::Open(pipe) => {
                    assert!(self.live.is_none(), "one at a time");
                    let stream = connect(self.embed.endpoint(), &self.tls).unwrap();
                    self.live = Some((pipe, stream));
                    self.embed.handle_opened(pipe, self.now());
                }
                Output::Write(pipe) => {
                    let (_, stream) = self.live.as_mut().expect("it is open");
                    match stream.write(self.embed.bytes(pipe)) {
                        Ok(len) => self.embed.handle_written(pipe, len, self.now()),
                        Err(error) => self.lose(Err(error)),
                    }
                }
                Output::Close(_) => self.live = None,
                Output::Update => return true,
                Output::Wait(None) => return false,
                Output::Wait(Some(when)) => self.wait(when),
            }
        }
    }

    fn wait(&mut self, when: Instant) {
        let wait = when.saturating_duration_since(self.now());
        let wait = wait.max(Duration::from_millis(1));
        let mut buffer = [0; 4096];
        match &mut self.live {
            None => sleep(wait),
            Some((pipe, stream)) => {
                stream.sock.set_read_timeout(Some(wait)).unwrap();
                match stream.read(&mut buffer) {
                    Ok(len @ 1..) => {
                        let (pipe, now) = (*pipe, self.now());
                        self.embed.handle_read(pipe, &buffer[..len], now);
                    }
                    Err(error)
                        if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                    lost => self.lose(lost),
                }
            }
        }
        self.embed.handle_timeout(self.now());
    }

    fn lose(&mut self, lost: io::Result<usize>) {
        let (pipe, _) = self.live.take().expect("it was used");
        match lost {
            Ok(_) => self.embed.handle_end(pipe, self.now()),
            Err(error) => self
                .embed
                .handle_failure(pipe, Cause::of(&error), self.now()),
        }
    }
}

fn connect(endpoint: &Endpoint, tls: &Arc<ClientConfig>) -> io::Result<TlsStream> {
    let name = ServerName::try_from(endpoint.host().to_owned()).map_err(io::Error::other)?;
    let tls = ClientConnection::new(Arc::clone(tls), name).map_err(io::Error::other)?;
    let stream = TcpStream::connect((endpoint.host(), endpoint.port()))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(BOUND))?;
    stream.set_write_timeout(Some(BOUND))?;
    let mut stream = StreamOwned::new(tls, stream);
    stream.conn.complete_io(&mut stream.sock)?;
    Ok(stream)
}

#[test]
fn a_handoff_needs_as_few_connections_as_the_service_allows() {
    hold_connections(|url, roots, config, rates| {
        let mut session = Session::new(url, &roots, config);
        let message = Message::new("Մարդ կա՞ 🙋").unwrap();
        session.embed.send(message, session.now()).unwrap();
        let (mut texts, mut is_rated) = (Vec::new(), !rates);
        while session.next() {
            if let Some(Update::Message(message)) = session.embed.update() {
                texts.push(message.content.to_string());
            }
            if !texts.is_empty() && !is_rated {
                is_rated = true;
                let now = session.now();
                session.embed.commands(now).rate(Rating::Up, None).unwrap();
            }
        }
        assert!(session.live.is_none(), "nothing needs it now");
        texts
    });
}
