//! The streams to decode, from a seeded generator, with the expected results.

use core::fmt::Write;
use core::str::FromStr;

use crate::witness::{Digest, Witness};

/// The approximate length of a workload, in bytes: 8 MiB.
pub const LEN: usize = 8 << 20;

/// The length of a data line of [`Kind::Long`], in bytes: 64 KiB.
const LONG: usize = 64 << 10;

/// The events of a workload between `meta` and `done`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Deltas of a space and 1 to 6 ASCII letters: 37 bytes per event.
    Ascii,
    /// Deltas of Armenian letters in UTF-8: 40 bytes per event.
    Armenian,
    /// Deltas of Armenian letters as `\uXXXX`: 54 bytes per event.
    Escaped,
    /// As [`Ascii`](Self::Ascii), with three pings before each delta.
    Pings,
    /// As [`Ascii`](Self::Ascii), with CR LF.
    Crlf,
    /// ASCII letters in data lines of 64 KiB.
    Long,
    /// ASCII letters in one data line.
    OneLine,
}

impl Kind {
    /// All kinds that are compared with the peers.
    pub const ALL: [Self; 6] = [
        Self::Ascii,
        Self::Armenian,
        Self::Escaped,
        Self::Pings,
        Self::Crlf,
        Self::Long,
    ];

    /// The name in tables and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ascii => "ascii",
            Self::Armenian => "armenian",
            Self::Escaped => "escaped",
            Self::Pings => "pings",
            Self::Crlf => "crlf",
            Self::Long => "long",
            Self::OneLine => "one-line",
        }
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let mut all = Self::ALL.into_iter().chain([Self::OneLine]);
        all.find(|kind| kind.name() == name)
            .ok_or_else(|| format!("no workload is called {name}"))
    }
}

/// A reply stream and its expected results.
///
/// The bytes are leaked, because some peers accept only `'static` bytes.
#[derive(Clone, Debug)]
pub struct Workload {
    /// The kind of its events.
    pub kind: Kind,
    /// The stream.
    pub bytes: &'static [u8],
    /// The place in the stream after the blank line of each event.
    pub ends: &'static [usize],
    /// The start and the end of each delta's data in the stream.
    pub deltas: Vec<(usize, usize)>,
    /// The length of all texts of the deltas, in bytes.
    pub text_len: usize,
    /// The expected result in framing.
    pub frames: Digest,
    /// The expected result in typed mode.
    pub events: Digest,
}

impl Workload {
    /// Generates a stream of about `len` bytes. It is the same each time.
    #[must_use]
    pub fn new(kind: Kind, len: usize) -> Self {
        let mut writer = Writer::new(kind, len);
        writer.meta("0190163d-8694-739b-aea5-966c26f8ad91");
        match kind {
            Kind::OneLine => writer.delta(len),
            Kind::Long => {
                while writer.bytes.len() < len {
                    writer.delta(LONG);
                }
            }
            _ => {
                while writer.bytes.len() < len {
                    if kind == Kind::Pings {
                        for _ in 0..3 {
                            writer.ping();
                        }
                    }
                    writer.delta(1);
                }
            }
        }
        writer.done("0190163d-9695-7df8-8bd0-f3f9a4f0ac04");
        writer.into_workload()
    }

    /// The number of events.
    #[must_use]
    pub const fn events(&self) -> usize {
        self.ends.len()
    }
}

struct Writer {
    kind: Kind,
    line_end: &'static str,
    random: Random,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    deltas: Vec<(usize, usize)>,
    text_len: usize,
    frames: Digest,
    events: Digest,
}

impl Writer {
    fn new(kind: Kind, len: usize) -> Self {
        Self {
            kind,
            line_end: if kind == Kind::Crlf { "\r\n" } else { "\n" },
            random: Random(0x4869_6768_4368_6174),
            bytes: Vec::with_capacity(len + len / 8 + 1024),
            ends: Vec::new(),
            deltas: Vec::new(),
            text_len: 0,
            frames: Digest::default(),
            events: Digest::default(),
        }
    }

    fn meta(&mut self, id: &str) {
        self.event("meta", &format!("{{\"conversation_id\":\"{id}\"}}"));
        self.events.meta(id);
    }

    fn ping(&mut self) {
        self.event("ping", "{}");
        self.events.ping();
    }

    /// Writes a delta of complete tokens, whose text has at least `len` bytes in JSON.
    fn delta(&mut self, len: usize) {
        let (mut text, mut json) = (String::new(), String::new());
        while json.len() < len {
            self.random.token(self.kind, &mut text, &mut json);
        }
        let at = self.event("delta", &format!("{{\"text\":\"{json}\"}}"));
        self.deltas.push(at);
        self.text_len += text.len();
        self.events.delta(&text);
    }

    fn done(&mut self, id: &str) {
        let data = format!(
            "{{\"message_id\":\"{id}\",\"state\":\"bot\",\"ts\":\"2026-06-14T10:00:00Z\"}}"
        );
        self.event("done", &data);
        self.events.done(id);
    }

    fn event(&mut self, name: &str, data: &str) -> (usize, usize) {
        self.bytes.extend_from_slice(b"event: ");
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(self.line_end.as_bytes());
        self.bytes.extend_from_slice(b"data: ");
        let start = self.bytes.len();
        self.bytes.extend_from_slice(data.as_bytes());
        let end = self.bytes.len();
        self.bytes.extend_from_slice(self.line_end.as_bytes());
        self.bytes.extend_from_slice(self.line_end.as_bytes());
        self.ends.push(self.bytes.len());
        self.frames.frame(name.as_bytes(), data.as_bytes());
        (start, end)
    }

    fn into_workload(self) -> Workload {
        Workload {
            kind: self.kind,
            bytes: self.bytes.leak(),
            ends: self.ends.leak(),
            deltas: self.deltas,
            text_len: self.text_len,
            frames: self.frames,
            events: self.events,
        }
    }
}

/// SplitMix64 (public domain).
struct Random(u64);

impl Random {
    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A random number less than `bound`, which is small.
    fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.next() % u64::from(bound)).expect("it is below a u32")
    }

    /// Appends a space and 1 to 6 letters to the text, and to the text in JSON.
    fn token(&mut self, kind: Kind, text: &mut String, json: &mut String) {
        text.push(' ');
        json.push(' ');
        for _ in 0..=self.below(6) {
            let (first, letters) = match kind {
                Kind::Armenian | Kind::Escaped => (0x561, 38),
                _ => (u32::from(b'a'), 26),
            };
            let letter = first + self.below(letters);
            let letter = char::from_u32(letter).expect("a letter of an alphabet");
            text.push(letter);
            if kind == Kind::Escaped {
                write!(json, "\\u{:04x}", u32::from(letter))
                    .expect("writing to a string cannot fail");
            } else {
                json.push(letter);
            }
        }
    }
}
