//! The contenders: our decoders and other libraries, each used in the fastest way of its public
//! API.

pub mod conversation;
#[cfg(feature = "peers")]
mod eventsource_client;
#[cfg(feature = "peers")]
mod eventsource_stream;
mod highchat;
#[cfg(feature = "peers")]
mod json;
mod plain;
#[cfg(feature = "peers")]
mod polling;
#[cfg(feature = "peers")]
mod sse_core;
#[cfg(feature = "peers")]
mod sse_stream;
#[cfg(feature = "peers")]
mod sse_stream_0_2;
#[cfg(feature = "peers")]
mod sseer;

use core::fmt;
use core::hint::black_box;
use core::marker::PhantomData;
use core::str::FromStr;

use crate::cuts::{Cut, Feed, Visit};
use crate::witness::{Digest, Tally, Witness};
use crate::workload::Workload;

#[cfg(feature = "peers")]
pub(crate) use self::json::text;

/// What is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Frames: the event type and the data.
    Framing,
    /// Events: the frame, its JSON, and the fields of the event.
    Typed,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Framing => "framing",
            Self::Typed => "typed",
        })
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "framing" => Ok(Self::Framing),
            "typed" => Ok(Self::Typed),
            _ => Err(format!("no mode is called {name}")),
        }
    }
}

/// A way to decode a stream with the public API of one library.
trait Decode: 'static {
    /// Decodes frames.
    fn framing(chunks: impl Feed, witness: &mut impl Witness);

    /// Decodes events.
    fn typed(chunks: impl Feed, witness: &mut impl Witness);
}

/// A library that is measured.
#[derive(Clone, Copy)]
pub struct Contender {
    /// The name of the library, with the version if there are two of them.
    pub name: &'static str,
    /// Whether it belongs to this project and so is not a peer.
    pub is_ours: bool,
    time: fn(Mode, &Workload, Cut),
    check: fn(Mode, &Workload, Cut) -> Digest,
}

impl fmt::Debug for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Our decoder, with its fast path.
pub const HIGHCHAT: Contender = Contender::new::<highchat::Highchat>("highchat", true);

/// Our conversation. It has only the typed mode, and no updates for pings.
pub const CONVERSATION: Contender =
    Contender::new::<conversation::Conversing>("conversation", true);

const PLAIN: Contender = Contender::new::<plain::Plain>("our plain", true);

/// All decoders, ours first.
#[cfg(feature = "peers")]
pub const ALL: &[Contender] = &[
    HIGHCHAT,
    PLAIN,
    Contender::new::<sse_stream::SseStream>("sse-stream 0.3", false),
    Contender::new::<sse_stream_0_2::SseStream02>("sse-stream 0.2", false),
    Contender::new::<sse_core::SseCore>("sse-core", false),
    Contender::new::<sseer::Sseer>("sseer", false),
    Contender::new::<eventsource_stream::EventsourceStream>("eventsource-stream", false),
    Contender::new::<eventsource_client::EventsourceClient>("eventsource-client", false),
];

/// All decoders. The peers need the feature `peers`.
#[cfg(not(feature = "peers"))]
pub const ALL: &[Contender] = &[HIGHCHAT, PLAIN];

impl Contender {
    const fn new<D: Decode>(name: &'static str, is_ours: bool) -> Self {
        Self {
            name,
            is_ours,
            time: |mode, workload, cut| {
                black_box(run::<D, Tally>(mode, workload, cut));
            },
            check: run::<D, Digest>,
        }
    }

    /// Decodes the workload once with a new decoder. This is what is timed.
    pub fn run(&self, mode: Mode, workload: &Workload, cut: Cut) {
        (self.time)(mode, workload, cut);
    }

    /// Decodes the workload once and compares the values with the generator's.
    ///
    /// # Errors
    ///
    /// The values differ. The text has both digests.
    pub fn check(&self, mode: Mode, workload: &Workload, cut: Cut) -> Result<(), String> {
        let decoded = (self.check)(mode, workload, cut);
        let mut written = match mode {
            Mode::Framing => workload.frames,
            Mode::Typed => workload.events,
        };
        if self.name == CONVERSATION.name {
            written.pings = 0;
        }
        if decoded == written {
            Ok(())
        } else {
            Err(format!("decoded {decoded:?} instead of {written:?}"))
        }
    }
}

/// Finds a contender by its name.
///
/// # Errors
///
/// No contender has this name.
pub fn find(name: &str) -> Result<Contender, String> {
    let mut all = ALL.iter().chain(&[CONVERSATION]);
    all.find(|contender| contender.name == name)
        .copied()
        .ok_or_else(|| format!("no contender is called {name}"))
}

fn run<D: Decode, W: Witness + Default>(mode: Mode, workload: &Workload, cut: Cut) -> W {
    struct Run<D, W>(Mode, PhantomData<(D, W)>);

    impl<D: Decode, W: Witness + Default> Visit for Run<D, W> {
        type Output = W;

        fn visit<F: Feed>(self, chunks: F) -> W {
            let mut witness = W::default();
            match self.0 {
                Mode::Framing => D::framing(chunks, &mut witness),
                Mode::Typed => D::typed(chunks, &mut witness),
            }
            witness
        }
    }

    cut.visit(workload, Run::<D, W>(mode, PhantomData))
}
