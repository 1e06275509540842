//! A service that answers whatever it is asked with one long reply.

use core::net::Ipv4Addr;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use highchat_benches::workload::{Kind, LEN, Workload};

use crate::Failure;

/// What is written at a time, each as a chunk of the encoding: 1400 bytes.
const PIECE: usize = 1400;

/// Prints its address, and serves one connection after the other until it is ended.
pub(crate) fn serve() -> Result<(), Failure> {
    let workload = Workload::new(Kind::Ascii, LEN);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("{}", listener.local_addr()?);
    for stream in listener.incoming() {
        // A client that goes away is its own business: its process says so.
        let _ = answer(stream?, workload.bytes);
    }
    Ok(())
}

fn answer(mut stream: TcpStream, body: &[u8]) -> Result<(), Failure> {
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
    let mut chunk = Vec::with_capacity(PIECE + 16);
    for piece in body.chunks(PIECE) {
        chunk.clear();
        write!(chunk, "{:x}\r\n", piece.len())?;
        chunk.extend_from_slice(piece);
        chunk.extend_from_slice(b"\r\n");
        stream.write_all(&chunk)?;
    }
    stream.write_all(b"0\r\n\r\n")?;
    Ok(())
}
