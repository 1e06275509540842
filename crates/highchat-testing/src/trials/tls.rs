//! Checks which certificates a client trusts, with a TLS service and certificate authorities
//! that the tests make.

use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::{env, fs, process, thread};

use highchat_proto::http::{InvalidRoots, Roots};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::proxies::outcome;
use super::words::{self, DONE, HEAD, META, delta, page};

/// A private certificate authority, as a company has one.
#[derive(Debug)]
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// Makes an authority with a new key.
    ///
    /// # Panics
    ///
    /// No key can be made.
    #[must_use]
    pub fn new() -> Self {
        let mut params = CertificateParams::new([]).expect("no name is wrong");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    /// The certificate of the authority, as PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// Makes a certificate for `localhost` and its key.
    ///
    /// # Panics
    ///
    /// No key can be made.
    #[must_use]
    pub fn vouch(&self) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let params = CertificateParams::new(["localhost".into()]).expect("a name");
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        (certificate.der().clone(), key)
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

/// A TLS service on this machine with a certificate of an [`Authority`]. Each message gets the
/// same reply, and each poll the same page.
#[derive(Debug)]
pub struct Vouched {
    base_url: String,
    requests: Receiver<String>,
}

impl Vouched {
    /// Starts the service. It runs until the test ends.
    ///
    /// # Panics
    ///
    /// No port is free.
    #[must_use]
    pub fn start(authority: &Authority) -> Self {
        let (certificate, key) = authority.vouch();
        let config = server_config(certificate, key);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let (telling, requests) = channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let tls = ServerConnection::new(Arc::clone(&config)).expect("a sound one");
                // A client that does not trust the certificate closes the connection.
                let _ = answer(StreamOwned::new(tls, stream), &telling);
            }
        });
        Self {
            base_url: format!("https://localhost:{port}"),
            requests,
        }
    }

    /// The base URL of the service.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The requests since the last call.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.requests.try_iter().collect()
    }
}

pub(super) fn server_config(
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has them")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("they belong together");
    Arc::new(config)
}

fn answer<S: Read + Write>(
    mut stream: StreamOwned<ServerConnection, S>,
    telling: &Sender<String>,
) -> io::Result<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !is_whole(&request) {
        let len = stream.read(&mut buffer)?;
        if len == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        request.extend_from_slice(&buffer[..len]);
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let line = request.lines().next().unwrap_or_default();
    let answer = if line.contains("/messages") {
        page("bot", &["Ողջույն 🙂"])
    } else if line.contains("/rating") {
        words::answer("200 OK", "", "{}")
    } else {
        [HEAD, META, &delta("Բարև 👋"), DONE].concat()
    };
    // Recorded before the answer, because a test may count when its client has the answer.
    let _ = telling.send(request);
    stream.write_all(answer.as_bytes())?;
    stream.conn.send_close_notify();
    stream.flush()
}

/// Whether the request is complete. A `POST` ends with its JSON, a `GET` with its head.
fn is_whole(request: &[u8]) -> bool {
    let end: &[u8] = if request.starts_with(b"GET") {
        b"\r\n\r\n"
    } else {
        b"}"
    };
    request.ends_with(end)
}

/// A temporary file, which is removed when it is dropped.
#[derive(Debug)]
pub struct File(PathBuf);

impl File {
    /// Writes a file. No other test of the program may use the same name.
    ///
    /// # Panics
    ///
    /// The file cannot be written.
    #[must_use]
    pub fn write(name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = env::temp_dir().join(format!("highchat-{}-{name}", process::id()));
        fs::write(&path, content).expect("the directory for such files");
        Self(path)
    }

    /// The path of the file.
    ///
    /// # Panics
    ///
    /// The path is not UTF-8.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.to_str().expect("UTF-8")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Checks that a client trusts exactly the given roots. `ask` sends a message to the service at
/// a URL and returns the result in the form that a test of
/// [`hold_proxies`](super::proxies::hold_proxies) prints. `test` is the name of such a test,
/// which trusts [`Roots::Default`].
///
/// # Panics
///
/// The client trusts another certificate, or does not trust the right one.
pub fn hold_roots(ask: impl Fn(&str, Roots) -> Result<String, InvalidRoots>, test: &str) {
    let (ours, other) = (Authority::new(), Authority::new());
    let service = Vouched::start(&ours);
    let url = service.base_url();
    let pem = |pem: String| Roots::Pem(pem.into_bytes().into());
    let whole = Ok("whole: Բարև 👋".to_owned());
    let both = format!("a comment\n{}{}", other.pem(), ours.pem());
    for (roots, name) in [(pem(ours.pem()), "alone"), (pem(both), "with another")] {
        assert_eq!(ask(url, roots), whole, "{name}");
    }
    assert_eq!(service.requests().len(), 2);
    for roots in [pem(other.pem()), Roots::Mozilla, Roots::Default] {
        let outcome = ask(url, roots).expect("there are certificates to trust");
        assert!(outcome.starts_with("not sent: "), "{outcome}");
        assert!(outcome.contains("certificate"), "{outcome}");
    }
    for nothing in ["", "վստահված չէ", "-----BEGIN CERTIFICATE-----\n"] {
        let outcome = ask(url, pem(nothing.into()));
        assert_eq!(outcome, Err(InvalidRoots::NoCertificate), "{nothing}");
    }

    let (ours, other) = (
        File::write("ours.pem", ours.pem()),
        File::write("other.pem", other.pem()),
    );
    let nothing = File::write("nothing.pem", "Բարև");
    for (path, expected) in [
        (ours.path(), "whole: Բարև 👋"),
        (other.path(), "certificate"),
        ("", "certificate"),
        (
            nothing.path(),
            "SSL_CERT_FILE names cannot be read: no certificate to trust was found",
        ),
        (
            "/no/such/file",
            "the file that SSL_CERT_FILE names cannot be read: ",
        ),
    ] {
        let outcome = outcome(test, url, &[("SSL_CERT_FILE", path)]);
        assert!(outcome.contains(expected), "{path}: {outcome}");
    }
    assert_eq!(
        service.requests().len(),
        1,
        "nothing was sent to a service that is not trusted"
    );
}
