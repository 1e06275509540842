//! The clients: sessions of the adapters, and loops that only use the HTTP client.

use core::hint::black_box;
use core::str::FromStr;
use core::time::Duration;
use std::io::Read;

use bytes::Bytes;
use highchat_proto::{Config, Credentials, Endpoint, Message, Update};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use rustix::time::{ClockId, clock_gettime};
use tokio::net::TcpStream;
use ureq::Agent;

use crate::service::{Place, Task};
use crate::{Failure, polls};

/// The size of the read buffer of ureq's loops, in bytes.
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
    /// [`UreqAlone`](Self::UreqAlone) with a read timeout, which every session has: without one, a
    /// client waits forever for a service that is gone.
    UreqTimed,
}

impl Client {
    /// All clients, in the order of their declaration.
    pub(crate) const ALL: [Self; 5] = [
        Self::Hyper,
        Self::HyperAlone,
        Self::Ureq,
        Self::UreqAlone,
        Self::UreqTimed,
    ];

    /// Each session, and a loop that it is compared with.
    pub(crate) const PAIRS: [(Self, Self); 3] = [
        (Self::Hyper, Self::HyperAlone),
        (Self::Ureq, Self::UreqAlone),
        (Self::Ureq, Self::UreqTimed),
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Hyper => "highchat-hyper",
            Self::HyperAlone => "hyper",
            Self::Ureq => "highchat-ureq",
            Self::UreqAlone => "ureq",
            Self::UreqTimed => "ureq-with-timeout",
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

impl Client {
    /// What [`run`] returns after a complete task.
    pub(crate) fn complete(self, task: Task) -> usize {
        task.workload().map_or(1, |workload| match self {
            Self::Hyper | Self::Ureq => workload.text_len,
            Self::HyperAlone | Self::UreqAlone | Self::UreqTimed => workload.bytes.len(),
        })
    }
}

/// The CPU time of this process for a task. Fails if the task is not complete.
pub(crate) fn cpu_time(client: Client, task: Task, place: &Place) -> Result<Duration, Failure> {
    let complete = client.complete(task);
    let clock = || Duration::try_from(clock_gettime(ClockId::ProcessCPUTime));
    let start = clock()?;
    let done = run(client, task, place)?;
    let took = clock()? - start;
    if done == complete {
        Ok(took)
    } else {
        Err("the task is not complete".into())
    }
}

/// Does a task. Returns the number of bytes that were read, or 1 if the last poll was answered.
pub(crate) fn run(client: Client, task: Task, place: &Place) -> Result<usize, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let address = place.address.to_string();
    if task == Task::Polls {
        let is_done = match client {
            Client::Hyper => runtime.block_on(polls::hyper(place))?,
            Client::HyperAlone => runtime.block_on(polls::hyper_alone(place))?,
            Client::Ureq => polls::ureq(place)?,
            Client::UreqAlone => polls::ureq_alone(place, None)?,
            Client::UreqTimed => polls::ureq_alone(place, read_timeout())?,
        };
        return Ok(usize::from(is_done));
    }
    match client {
        Client::Hyper => runtime.block_on(hyper(&address)),
        Client::HyperAlone => runtime.block_on(hyper_body(&address)),
        Client::Ureq => ureq(&address),
        Client::UreqAlone => ureq_body(&address, None),
        Client::UreqTimed => ureq_body(&address, read_timeout()),
    }
}

/// The time that a session waits for more of a reply.
fn read_timeout() -> Option<Duration> {
    Some(Config::default().idle_timeout)
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

fn ureq_body(address: &str, read_timeout: Option<Duration>) -> Result<usize, Failure> {
    let config = Agent::config_builder().timeout_per_read(read_timeout);
    let post = Agent::from(config.build()).post(format!("http://{address}/v1/chat"));
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
