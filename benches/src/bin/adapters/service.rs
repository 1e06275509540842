//! A service that answers every request with one long reply, or with a page of messages over TLS.

use core::fmt;
use core::net::{Ipv4Addr, SocketAddr};
use core::str::FromStr;
use core::time::Duration;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use highchat_benches::workload::{Kind, LEN, Workload};

use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::Failure;

/// The name of the service in its certificate.
pub(crate) const HOST: &str = "localhost";
/// The number of polls until the bot is back.
const POLLS: usize = 1000;

/// What a client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Reads a reply of 256 KiB, one event per packet, 50 µs apart.
    Events,
    /// Reads a reply of 8 MiB without pauses, in pieces of 1400 bytes.
    Burst,
    /// Polls over TLS until the bot is back.
    Polls,
}

impl Task {
    pub(crate) const ALL: [Self; 3] = [Self::Events, Self::Burst, Self::Polls];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Burst => "burst",
            Self::Polls => "polls",
        }
    }

    /// The reply to send, if the client reads one.
    pub(crate) fn workload(self) -> Option<Workload> {
        match self {
            Self::Events => Some(Workload::new(Kind::Ascii, 256 << 10)),
            Self::Burst => Some(Workload::new(Kind::Ascii, LEN)),
            Self::Polls => None,
        }
    }

    /// What a client does again and again, and how often.
    pub(crate) fn steps(self) -> (&'static str, usize) {
        match self.workload() {
            Some(workload) => ("event", workload.ends.len()),
            None => ("poll", POLLS),
        }
    }

    /// The ratios that must be reached, and that are aimed at.
    pub(crate) const fn limits(self) -> (f64, f64) {
        match self {
            Self::Events | Self::Burst => (1.15, 1.05),
            Self::Polls => (1.3, 1.1),
        }
    }
}

impl FromStr for Task {
    type Err = Failure;

    fn from_str(name: &str) -> Result<Self, Failure> {
        let found = Self::ALL.into_iter().find(|task| task.name() == name);
        found.ok_or_else(|| format!("no task is called {name}").into())
    }
}

/// Where a service listens, and which certificate it has for TLS. It is printed as one line.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) address: SocketAddr,
    /// PEM; empty without TLS.
    pub(crate) certificate: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{},{}",
            self.address,
            self.certificate.replace('\n', ",")
        )
    }
}

impl FromStr for Place {
    type Err = Failure;

    fn from_str(line: &str) -> Result<Self, Failure> {
        let (address, certificate) = line.trim().split_once(',').ok_or("no certificate")?;
        Ok(Self {
            address: address.parse()?,
            certificate: certificate.replace(',', "\n"),
        })
    }
}

/// Prints its place and serves one connection after the other until the process is killed.
pub(crate) fn serve(task: Task) -> Result<(), Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let Some(workload) = task.workload() else {
        return serve_polls(&listener, address);
    };
    let certificate = String::new();
    println!(
        "{}",
        Place {
            address,
            certificate
        }
    );
    for stream in listener.incoming() {
        // If the client left early, its own process reports the error.
        let _ = answer(stream?, task, &workload);
    }
    Ok(())
}

fn serve_polls(listener: &TcpListener, address: SocketAddr) -> Result<(), Failure> {
    let made = rcgen::generate_simple_self_signed([HOST.into()])?;
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)?;
    let config = Arc::new(config);
    let certificate = made.cert.pem();
    println!(
        "{}",
        Place {
            address,
            certificate
        }
    );
    for stream in listener.incoming() {
        let tls = ServerConnection::new(Arc::clone(&config))?;
        let stream = stream?;
        stream.set_nodelay(true)?;
        // If the client left early, its own process reports the error.
        let _ = answer_polls(StreamOwned::new(tls, stream));
    }
    Ok(())
}

/// Answers the polls of one connection.
fn answer_polls(stream: StreamOwned<ServerConnection, TcpStream>) -> Result<(), Failure> {
    let mut stream = BufReader::new(stream);
    let (mut line, mut polls) = (String::new(), 0);
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if line != "\r\n" {
            continue;
        }
        polls += 1;
        let state = if polls < POLLS { "human" } else { "bot" };
        let page = format!(r#"{{"state":"{state}","messages":[],"ts":"2026-06-14T10:00:59Z"}}"#);
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length";
        let answer = format!("{head}: {}\r\n\r\n{page}", page.len());
        stream.get_mut().write_all(answer.as_bytes())?;
        stream.get_mut().flush()?;
    }
}

fn answer(mut stream: TcpStream, task: Task, workload: &Workload) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    // The requests are small, and their bodies end with the brace of a JSON object.
    let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
    while !request.ends_with(b"}") {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            read => request.extend_from_slice(&buffer[..read]),
        }
    }
    stream.write_all(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
          transfer-encoding: chunked\r\nconnection: close\r\n\r\n",
    )?;
    match task {
        Task::Burst | Task::Polls => {
            for piece in workload.bytes.chunks(1400) {
                write(&mut stream, piece)?;
            }
        }
        Task::Events => {
            let mut start = 0;
            for &end in workload.ends {
                write(&mut stream, &workload.bytes[start..end])?;
                start = end;
                std::thread::sleep(Duration::from_micros(50));
            }
        }
    }
    stream.write_all(b"0\r\n\r\n")?;
    Ok(())
}

/// Writes a chunk of the chunked encoding with one call.
fn write(stream: &mut TcpStream, piece: &[u8]) -> Result<(), Failure> {
    let mut chunk = Vec::with_capacity(piece.len() + 16);
    write!(chunk, "{:x}\r\n", piece.len())?;
    chunk.extend_from_slice(piece);
    chunk.extend_from_slice(b"\r\n");
    stream.write_all(&chunk)?;
    Ok(())
}
