//! The clients: sessions of the adapters, and loops that only use the HTTP client.

use core::hint::black_box;
use core::str::FromStr;
use core::time::Duration;
use std::io::Read;

use bytes::Bytes;
use highchat_proto::{Credentials, Endpoint, Message, Update};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use rustix::time::{ClockId, clock_gettime};
use tokio::net::TcpStream;
use ureq::Agent;

use crate::service::{Place, Task};
use crate::{Failure, polls};

/// The size of the read buffer of [`Client::UreqAlone`], in bytes. The session has the same size.
const BUFFER_LEN: usize = 16 * 1024;

/// The body of the loops' request. The sessions send the same.
const REQUEST: &str = r#"{"message":"a"}"#;

/// The clients that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    Hyper,
    HyperAlone,
    Ureq,
    UreqAlone,
}

impl Client {
    /// All clients, each session before the loop that it is compared with.
    pub(crate) const ALL: [Self; 4] = [Self::Hyper, Self::HyperAlone, Self::Ureq, Self::UreqAlone];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Hyper => "highchat-hyper",
            Self::HyperAlone => "hyper",
            Self::Ureq => "highchat-ureq",
            Self::UreqAlone => "ureq",
        }
    }
}

impl FromStr for Client {
    type Err = Failure;

    fn from_str(name: &str) -> Result<Self, Failure> {
        let mut all = Self::ALL.into_iter();
        let found = all.find(|client| client.name() == name);
        found.ok_or_else(|| format!("no client is called {name}").into())
    }
}

/// The CPU time of this process for a task. Fails if it is not complete.
pub(crate) fn cpu_time(client: Client, task: Task, place: &Place) -> Result<Duration, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let address = place.address.to_string();
    let workload = task.workload();
    let sent = workload.map(|workload| match client {
        Client::Hyper | Client::Ureq => workload.text_len,
        Client::HyperAlone | Client::UreqAlone => workload.bytes.len(),
    });
    let clock = || Duration::try_from(clock_gettime(ClockId::ProcessCPUTime));
    let start = clock()?;
    let is_complete = match (sent, client) {
        (Some(sent), Client::Hyper) => runtime.block_on(hyper(&address))? == sent,
        (Some(sent), Client::HyperAlone) => runtime.block_on(hyper_body(&address))? == sent,
        (Some(sent), Client::Ureq) => ureq(&address)? == sent,
        (Some(sent), Client::UreqAlone) => ureq_body(&address)? == sent,
        (None, Client::Hyper) => runtime.block_on(polls::hyper(place))?,
        (None, Client::HyperAlone) => runtime.block_on(polls::hyper_alone(place))?,
        (None, Client::Ureq) => polls::ureq(place)?,
        (None, Client::UreqAlone) => polls::ureq_alone(place)?,
    };
    let took = clock()? - start;
    if is_complete {
        Ok(took)
    } else {
        Err("it is not complete".into())
    }
}

pub(crate) fn credentials() -> Result<Credentials, Failure> {
    Ok(Credentials::key("hc_bench")?)
}

fn endpoint(address: &str) -> Result<Endpoint, Failure> {
    Ok(Endpoint::new(&format!("http://{address}"), credentials()?)?)
}

/// Adds the length of an update's text to `read`. Returns whether the turn is over.
fn take(update: &Update<'_>, read: &mut usize) -> bool {
    if let Update::Delta { text } = update {
        *read += black_box(text).len();
    }
    matches!(update, Update::TurnEnded { .. })
}

async fn hyper(address: &str) -> Result<usize, Failure> {
    let client = highchat_hyper::Client::new(endpoint(address)?);
    let mut session = highchat_hyper::Session::new(client);
    session.send(Message::new("a")?)?;
    let mut read = 0;
    while let Some(update) = session.next().await {
        if take(&update, &mut read) {
            break;
        }
    }
    Ok(read)
}

async fn hyper_body(address: &str) -> Result<usize, Failure> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await?;
    // The task ends with the connection. An error of it also appears in the body.
    let connection = tokio::spawn(connection);
    let request = http::Request::post("/v1/chat")
        .header("host", address)
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from_static(REQUEST.as_bytes())))?;
    let mut body = sender.send_request(request).await?.into_body();
    let mut read = 0;
    while let Some(frame) = body.frame().await {
        if let Some(data) = frame?.data_ref() {
            read += black_box(data).len();
        }
    }
    drop(connection);
    Ok(read)
}

fn ureq(address: &str) -> Result<usize, Failure> {
    let client = highchat_ureq::Client::new(endpoint(address)?);
    let mut session = highchat_ureq::Session::new(client);
    session.send(Message::new("a")?)?;
    let mut read = 0;
    while let Some(update) = session.next().update() {
        if take(&update, &mut read) {
            break;
        }
    }
    Ok(read)
}

fn ureq_body(address: &str) -> Result<usize, Failure> {
    let post = Agent::new_with_defaults().post(format!("http://{address}/v1/chat"));
    let answer = post
        .header("content-type", "application/json")
        .send(REQUEST)?;
    let mut body = answer.into_body().into_reader();
    let (mut buffer, mut all) = (vec![0; BUFFER_LEN], 0);
    loop {
        match body.read(&mut buffer)? {
            0 => return Ok(all),
            read => all += black_box(&buffer[..read]).len(),
        }
    }
}
