//! Names and addresses of this machine.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use highchat_proto::{Credentials, Endpoint, Event};
use highchat_ureq::Client;

use crate::support::*;

/// Answers one request in a new thread, which returns that request.
fn serve(listener: TcpListener) -> JoinHandle<String> {
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        while !request.ends_with(b"}") {
            let len = stream.read(&mut buffer).unwrap();
            assert_ne!(len, 0, "the request ends");
            request.extend_from_slice(&buffer[..len]);
        }
        stream
            .write_all([HEAD, META, DONE].concat().as_bytes())
            .unwrap();
        String::from_utf8(request).unwrap()
    })
}

#[test]
fn a_service_on_this_machine_is_reached_by_each_of_its_names() {
    for (bound, host) in [
        ("127.0.0.1:0", "127.0.0.1"),
        ("127.0.0.1:0", "localhost"),
        ("127.0.0.1:0", "LocalHost"),
        ("127.1.2.3:0", "127.1.2.3"),
        ("[::1]:0", "[::1]"),
    ] {
        let listener = match TcpListener::bind(bound) {
            Ok(listener) => listener,
            // A machine may have no IPv6, or only one loopback address.
            Err(error) if bound != "127.0.0.1:0" => {
                eprintln!("not tried: {bound}: {error}");
                continue;
            }
            Err(error) => panic!("{error}"),
        };
        let port = listener.local_addr().unwrap().port();
        let service = serve(listener);
        // Plain HTTP is allowed, because each host is this machine.
        let credentials = Credentials::key(KEY).unwrap();
        let endpoint = Endpoint::new(&format!("http://{host}:{port}"), credentials).unwrap();
        let client = Client::with_config(endpoint, patient());
        let mut reply = client
            .chat(&chat())
            .unwrap_or_else(|e| panic!("{host}: {e}"));
        let (_, ended) = read(&mut reply);
        assert!(matches!(ended, Ok(Event::Done { .. })), "{host}: {ended:?}");
        let request = service.join().unwrap().to_ascii_lowercase();
        let header = format!("\r\nhost: {host}:{port}\r\n").to_ascii_lowercase();
        assert!(request.contains(&header), "{request}");
    }
}
