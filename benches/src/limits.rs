//! Lower limits for the time of a decoder: single parts of its work.

use core::hint::black_box;

use crate::contenders::text;
use crate::workload::Workload;

/// The number of bytes that [`MEMCPY`] copies at once: 64 KiB, like a long data line.
const PIECE: usize = 64 << 10;

/// A part of the work, for a whole workload.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// The name of the part in tables.
    pub name: &'static str,
    run: fn(&Workload) -> usize,
    expected: fn(&Workload) -> usize,
}

/// Copies the stream into a buffer of 64 KiB, which is written again and again.
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

/// Finds each line with `memchr`.
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

/// Splits the stream at blank lines with `memmem`.
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

/// Parses the JSON of each delta with `serde_json`. The places of the deltas are known before.
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

/// All parts.
pub const ALL: [Limit; 4] = [MEMCPY, LINES, FRAMES, JSON];

impl Limit {
    /// Does this part once.
    pub fn run(&self, workload: &Workload) {
        black_box((self.run)(workload));
    }

    /// Does this part once and compares the result with the generator's.
    ///
    /// # Errors
    ///
    /// The results differ. The text has both.
    pub fn check(&self, workload: &Workload) -> Result<(), String> {
        let (found, written) = ((self.run)(workload), (self.expected)(workload));
        if found == written {
            Ok(())
        } else {
            Err(format!("{found} of {written}"))
        }
    }
}
