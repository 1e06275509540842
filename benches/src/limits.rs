//! What no decoder can be faster than: the parts of the work, done alone.

use core::hint::black_box;

use crate::contenders::text;
use crate::workload::Workload;

/// What is copied at once by [`MEMCPY`], in bytes: 64 KiB, as the long data lines.
const PIECE: usize = 64 << 10;

/// A part of the work, over a whole workload.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// What it does.
    pub name: &'static str,
    run: fn(&Workload) -> usize,
    expected: fn(&Workload) -> usize,
}

/// Copies the stream, 64 KiB at a time, into one place.
pub const MEMCPY: Limit = Limit {
    name: "memcpy",
    run: |workload| {
        let mut to = vec![0; PIECE];
        let mut copied = 0;
        for piece in workload.bytes.chunks(PIECE) {
            to[..piece.len()].copy_from_slice(piece);
            copied += black_box(&to[..piece.len()]).len();
        }
        copied
    },
    expected: |workload| workload.bytes.len(),
};

/// Finds each line with `memchr`, and nothing else.
pub const LINES: Limit = Limit {
    name: "memchr, lines",
    run: |workload| {
        let (mut rest, mut lines) = (workload.bytes, 0);
        while let Some(at) = memchr::memchr(b'\n', rest) {
            black_box(&rest[..at]);
            rest = &rest[at + 1..];
            lines += 1;
        }
        lines
    },
    expected: |workload| 3 * workload.events(),
};

/// Splits at blank lines with `memmem`, and looks at nothing.
pub const FRAMES: Limit = Limit {
    name: "memmem, frames",
    run: |workload| {
        let blank: &[u8] = match workload.bytes.ends_with(b"\r\n\r\n") {
            true => b"\r\n\r\n",
            false => b"\n\n",
        };
        let finder = memchr::memmem::Finder::new(blank);
        let (mut rest, mut frames) = (workload.bytes, 0);
        while let Some(at) = finder.find(rest) {
            black_box(&rest[..at]);
            rest = &rest[at + blank.len()..];
            frames += 1;
        }
        frames
    },
    expected: Workload::events,
};

/// Reads the JSON of each delta, found beforehand, with `serde_json`.
pub const JSON: Limit = Limit {
    name: "serde_json",
    run: |workload| {
        let data = |&(start, end): &(usize, usize)| &workload.bytes[start..end];
        let texts = workload.deltas.iter().map(data).map(|data| {
            let data = core::str::from_utf8(data).expect("the generator writes UTF-8");
            black_box(text(data)).len()
        });
        texts.sum()
    },
    expected: |workload| workload.text_len,
};

/// All of them.
pub const ALL: [Limit; 4] = [MEMCPY, LINES, FRAMES, JSON];

impl Limit {
    /// Does it once.
    pub fn run(&self, workload: &Workload) {
        black_box((self.run)(workload));
    }

    /// Does it once, and holds what came against what the generator wrote.
    ///
    /// # Errors
    ///
    /// Something else came; both sides, in words.
    pub fn check(&self, workload: &Workload) -> Result<(), String> {
        let (came, written) = ((self.run)(workload), (self.expected)(workload));
        if came == written {
            Ok(())
        } else {
            Err(format!("{came} of {written}"))
        }
    }
}
