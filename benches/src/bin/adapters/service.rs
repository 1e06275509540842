//! A service that answers every request with one long reply.

use core::net::Ipv4Addr;
use core::str::FromStr;
use core::time::Duration;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use highchat_benches::workload::{Kind, LEN, Workload};

use crate::Failure;

/// The speed of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// 256 KiB, one event per packet, 50 µs apart.
    Events,
    /// 8 MiB without pauses, in pieces of 1400 bytes.
    Burst,
}

impl Pace {
    pub(crate) const ALL: [Self; 2] = [Self::Events, Self::Burst];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Burst => "burst",
        }
    }

    /// The reply to send.
    pub(crate) fn workload(self) -> Workload {
        match self {
            Self::Events => Workload::new(Kind::Ascii, 256 << 10),
            Self::Burst => Workload::new(Kind::Ascii, LEN),
        }
    }
}

impl FromStr for Pace {
    type Err = Failure;

    fn from_str(name: &str) -> Result<Self, Failure> {
        let found = Self::ALL.into_iter().find(|pace| pace.name() == name);
        found.ok_or_else(|| format!("no pace is called {name}").into())
    }
}

/// Prints its address and serves one connection after the other until the process is killed.
pub(crate) fn serve(pace: Pace) -> Result<(), Failure> {
    let workload = pace.workload();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("{}", listener.local_addr()?);
    for stream in listener.incoming() {
        // If the client left early, its own process reports the error.
        let _ = answer(stream?, pace, &workload);
    }
    Ok(())
}

fn answer(mut stream: TcpStream, pace: Pace, workload: &Workload) -> Result<(), Failure> {
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
    match pace {
        Pace::Burst => {
            for piece in workload.bytes.chunks(1400) {
                write(&mut stream, piece)?;
            }
        }
        Pace::Events => {
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
