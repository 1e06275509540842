//! Checks which proxy a client uses, with one table of environment variables for all clients.
//!
//! The environment belongs to a process, so each client runs in its own process: the test
//! program is started again to run only one test.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::{env, thread};

use super::words::{DONE, HEAD, META, delta};

/// The variable with the base URL for a client that [`outcome`] starts.
pub const BASE_URL: &str = "HIGHCHAT_TEST_BASE_URL";

/// Longer than any operation here should take on a slow machine.
const BOUND: Duration = Duration::from_secs(30);

/// Runs one test of this program with other environment variables. Returns the text that it
/// printed between angle brackets.
///
/// # Panics
///
/// The test failed, or did not print such a text.
#[must_use]
pub fn outcome(test: &str, base_url: &str, variables: &[(&str, &str)]) -> String {
    let program = env::current_exe().expect("a program has a path");
    let mut command = Command::new(program);
    command.args([test, "--exact", "--nocapture"]);
    for name in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    for name in ["REQUEST_METHOD", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
        command.env_remove(name);
    }
    command.env(BASE_URL, base_url);
    command.envs(variables.iter().copied());
    let output = command.output().expect("it runs as this one does");
    let shown = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success(), "{shown}");
    let printed = shown.split_once('<');
    let printed = printed.and_then(|(_, rest)| rest.split_once('>'));
    printed.unwrap_or_else(|| panic!("{shown}")).0.to_owned()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    /// The proxy whose address replaces `PROXY`.
    Proxy,
    /// The proxy whose address replaces `OTHER`.
    Other,
    /// No proxy.
    Nothing,
    /// No connection. The client reports that the proxy of this variable cannot be used.
    Refusal(&'static str),
}
use Takes::{Nothing, Other, Proxy, Refusal};

/// The variables, the base URL of a service, and the proxy that the client must use.
type Row = (&'static [(&'static str, &'static str)], &'static str, Takes);

const HTTP: &str = "http://chat.invalid";
const HTTPS: &str = "https://chat.invalid";
/// Addresses that are not loopback addresses, but lead to this machine. Nothing listens there.
const V4: &str = "http://0.0.0.0:9";
const V6: &str = "http://[::]:9";

const WAYS: &[Row] = &[
    (&[], HTTP, Nothing),
    (&[("HTTP_PROXY", "PROXY")], HTTP, Proxy),
    (&[("http_proxy", "PROXY")], HTTP, Proxy),
    (&[("HTTPS_PROXY", "PROXY")], HTTPS, Proxy),
    (&[("https_proxy", "PROXY")], HTTPS, Proxy),
    (&[("ALL_PROXY", "PROXY")], HTTP, Proxy),
    (&[("all_proxy", "PROXY")], HTTPS, Proxy),
    (&[("HTTP_PROXY", "PROXY")], HTTPS, Nothing),
    (&[("HTTPS_PROXY", "PROXY")], HTTP, Nothing),
    // The variable of the scheme comes before `ALL_PROXY`.
    (
        &[("ALL_PROXY", "OTHER"), ("HTTP_PROXY", "PROXY")],
        HTTP,
        Proxy,
    ),
    (
        &[("ALL_PROXY", "OTHER"), ("https_proxy", "PROXY")],
        HTTPS,
        Proxy,
    ),
    (
        &[("ALL_PROXY", "OTHER"), ("HTTPS_PROXY", "PROXY")],
        HTTP,
        Other,
    ),
    (
        &[("ALL_PROXY", "socks5://OTHER"), ("HTTP_PROXY", "PROXY")],
        HTTP,
        Proxy,
    ),
    (&[("HTTP_PROXY", ""), ("ALL_PROXY", "PROXY")], HTTP, Proxy),
    (&[("HTTP_PROXY", "http://PROXY")], HTTP, Proxy),
    (&[("HTTP_PROXY", "socks5://PROXY")], HTTP, Proxy),
    (&[("ALL_PROXY", "socks5h://PROXY")], HTTPS, Proxy),
    // A client never connects directly if a proxy is named.
    (&[("ALL_PROXY", "ftp://PROXY")], HTTP, Refusal("ALL_PROXY")),
    (
        &[("ALL_PROXY", "socks4://PROXY")],
        HTTPS,
        Refusal("ALL_PROXY"),
    ),
    (
        &[("HTTPS_PROXY", "վստահված")],
        HTTPS,
        Refusal("HTTPS_PROXY"),
    ),
    (&[("http_proxy", "http://")], HTTP, Refusal("http_proxy")),
    (
        &[("HTTP_PROXY", "quic://OTHER"), ("ALL_PROXY", "PROXY")],
        HTTP,
        Refusal("HTTP_PROXY"),
    ),
    (&[("HTTP_PROXY", "quic://OTHER")], HTTPS, Nothing),
    (
        &[("ALL_PROXY", "quic://OTHER"), ("NO_PROXY", "*")],
        HTTP,
        Nothing,
    ),
    // Exceptions by name, by a domain above it, and for all hosts.
    (
        &[("ALL_PROXY", "PROXY"), ("NO_PROXY", "chat.invalid")],
        HTTP,
        Nothing,
    ),
    (
        &[("ALL_PROXY", "PROXY"), ("no_proxy", "CHAT.invalid")],
        HTTPS,
        Nothing,
    ),
    (
        &[
            ("ALL_PROXY", "PROXY"),
            ("NO_PROXY", "a.example, chat.invalid"),
        ],
        HTTP,
        Nothing,
    ),
    (
        &[
            ("ALL_PROXY", "PROXY"),
            ("NO_PROXY", "a.example , chat.invalid ,"),
        ],
        HTTP,
        Nothing,
    ),
    (
        &[("ALL_PROXY", "PROXY"), ("NO_PROXY", "invalid")],
        HTTP,
        Nothing,
    ),
    (
        &[("ALL_PROXY", "PROXY"), ("NO_PROXY", ".invalid")],
        HTTP,
        Nothing,
    ),
    (
        &[("ALL_PROXY", "PROXY"), ("NO_PROXY", ".chat.invalid")],
        HTTP,
        Nothing,
    ),
    (&[("ALL_PROXY", "PROXY"), ("NO_PROXY", "*")], HTTPS, Nothing),
    (
        &[("ALL_PROXY", "PROXY"), ("NO_PROXY", "a.example,*")],
        V4,
        Nothing,
    ),
    (
        &[("ALL_PROXY", "PROXY"), ("NO_PROXY", "at.invalid")],
        HTTP,
        Proxy,
    ),
    (
        &[("ALL_PROXY", "PROXY"), ("NO_PROXY", "my.chat.invalid")],
        HTTP,
        Proxy,
    ),
    (&[("ALL_PROXY", "PROXY"), ("NO_PROXY", "chat")], HTTP, Proxy),
    (&[("ALL_PROXY", "PROXY"), ("NO_PROXY", ", ,")], HTTP, Proxy),
    (&[("ALL_PROXY", "PROXY"), ("NO_PROXY", "")], HTTP, Proxy),
    (
        &[("ALL_PROXY", "PROXY"), ("NO_PROXY", "չատ.հայ")],
        HTTP,
        Proxy,
    ),
    // Exceptions by address and by network.
    (&[("ALL_PROXY", "PROXY")], V4, Proxy),
    (
        &[("ALL_PROXY", "PROXY"), ("NO_PROXY", "0.0.0.0")],
        V4,
        Nothing,
    ),
    (
        &[
            ("ALL_PROXY", "PROXY"),
            ("NO_PROXY", "10.0.0.0/8, 0.0.0.0/8"),
        ],
        V4,
        Nothing,
    ),
    (
        &[("ALL_PROXY", "PROXY"), ("NO_PROXY", "10.0.0.0/8")],
        V4,
        Proxy,
    ),
    (&[("ALL_PROXY", "PROXY")], V6, Proxy),
    (&[("ALL_PROXY", "PROXY"), ("NO_PROXY", "::")], V6, Nothing),
    (
        &[("ALL_PROXY", "PROXY"), ("NO_PROXY", "::/64")],
        V6,
        Nothing,
    ),
    (
        &[("ALL_PROXY", "PROXY"), ("NO_PROXY", "fe80::/10")],
        V6,
        Proxy,
    ),
];

/// Checks a client with the table. `test` is the name of a test of the same program. That test
/// sends one message to the service at [`BASE_URL`], with `http://` allowed to any host, and
/// prints the result between angle brackets: `not sent: …` with the failure.
///
/// # Panics
///
/// The client uses another proxy than the table says.
pub fn hold_proxies(test: &str) {
    let [proxy, other] = [(); 2].map(|()| Refusing::start().expect("a free port"));
    for (variables, base_url, takes) in WAYS {
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| {
                let value = value.replace("PROXY", &proxy.addr);
                (*name, value.replace("OTHER", &other.addr))
            })
            .collect();
        let variables: Vec<_> = variables.iter().map(|(name, it)| (*name, &**it)).collect();
        let outcome = outcome(test, base_url, &variables);
        let row = format!("{base_url} by {variables:?}: {outcome}");
        assert!(outcome.starts_with("not sent: "), "{row}");
        let is_refusal =
            |name| outcome.ends_with(&format!(": {name} names no proxy that can be used"));
        let found = match (proxy.connections(), other.connections(), takes) {
            (0, 0, Refusal(name)) if is_refusal(*name) => *takes,
            (1, 0, _) => Proxy,
            (0, 1, _) => Other,
            (0, 0, _) => Nothing,
            more => panic!("{row}: {more:?}"),
        };
        assert_eq!(found, *takes, "{row}");
        let through = match takes {
            Proxy => format!(": through the proxy {}: ", proxy.addr),
            Other => format!(": through the proxy {}: ", other.addr),
            Nothing | Refusal(_) => String::new(),
        };
        assert!(outcome.contains(&through), "{row}");
    }
}

/// A proxy that refuses every request and counts the connections.
struct Refusing {
    addr: String,
    connections: Arc<AtomicUsize>,
}

impl Refusing {
    fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let addr = listener.local_addr()?.to_string();
        let connections = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&connections);
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::Relaxed);
                let _ = stream.read(&mut [0; 1024]);
                let _ = stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n");
            }
        });
        Ok(Self { addr, connections })
    }

    /// The number of connections since the last call. The client has ended, so no more can come.
    fn connections(&self) -> usize {
        self.connections.swap(0, Ordering::Relaxed)
    }
}

/// A request to a SOCKS5 proxy: a host name or an address, a port, and a user name with a
/// password.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    host: String,
    port: u16,
    user: Option<(String, String)>,
}

/// Starts a SOCKS5 proxy (RFC 1928 and 1929) for one connection. It also plays the service, and
/// answers the HTTP request with a complete reply.
fn socks() -> io::Result<(u16, Receiver<(Asked, String)>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let (telling, told) = channel();
    thread::spawn(move || -> io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        stream.set_read_timeout(Some(BOUND))?;
        let asked = shake_hands(&mut stream)?;
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        while !request.ends_with(b"}") {
            let len = stream.read(&mut buffer)?;
            if len == 0 {
                break;
            }
            request.extend_from_slice(&buffer[..len]);
        }
        stream.write_all([HEAD, META, &delta("Բարև 👋"), DONE].concat().as_bytes())?;
        let _ = telling.send((asked, String::from_utf8_lossy(&request).into_owned()));
        Ok(())
    });
    Ok((port, told))
}

fn take(stream: &mut TcpStream, len: impl Into<usize>) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; len.into()];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn shake_hands(stream: &mut TcpStream) -> io::Result<Asked> {
    let count = take(stream, 2u8)?[1];
    let methods = take(stream, count)?;
    let has_password = methods.contains(&2);
    stream.write_all(&[5, if has_password { 2 } else { 0 }])?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let mut user = None;
    if has_password {
        let len = take(stream, 2u8)?[1];
        let name = text(take(stream, len)?);
        let len = take(stream, 1u8)?[0];
        user = Some((name, text(take(stream, len)?)));
        stream.write_all(&[1, 0])?;
    }
    let kind = take(stream, 4u8)?[3];
    let host = match kind {
        3 => {
            let len = take(stream, 1u8)?[0];
            text(take(stream, len)?)
        }
        _ => format!("an address: {:?}", take(stream, 4u8)?),
    };
    let port = take(stream, 2u8)?;
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
    Ok(Asked {
        host,
        port: u16::from_be_bytes([port[0], port[1]]),
        user,
    })
}

/// Checks a client with SOCKS5: the proxy gets the host name, the user name and the password,
/// and then the request. `test` is as for [`hold_proxies`], and prints `whole: Բարև 👋` for the
/// reply.
///
/// # Panics
///
/// The client does not use the proxy in this way.
pub fn hold_socks(test: &str) {
    for (value, user) in [
        ("socks5://", None),
        ("socks5h://", None),
        (
            "socks5://user:p%40ss@",
            Some(("user".into(), "p@ss".into())),
        ),
    ] {
        let (port, told) = socks().expect("a free port");
        let proxy = format!("{value}127.0.0.1:{port}");
        let outcome = outcome(test, "http://chat.invalid:8080", &[("ALL_PROXY", &proxy)]);
        assert_eq!(outcome, "whole: Բարև 👋", "{value}");
        let (asked, request) = told.recv_timeout(BOUND).expect("it was asked");
        let expected = Asked {
            host: "chat.invalid".into(),
            port: 8080,
            user,
        };
        assert_eq!(asked, expected, "{value}");
        assert!(
            request.starts_with("POST /v1/chat HTTP/1.1\r\n"),
            "{request}"
        );
    }
}
