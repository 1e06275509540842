//! The standard's three buffers in one piece of storage.
//!
//! ```text
//!  0        data      data + value                     len - kept        len
//!  ├─ data ───┼─ value ───┼────────── free ────────────────┼──── kept ────┤
//!                                                           … event, id, last id
//! ```
//!
//! *Data* grows at the front and stays in one piece, as a frame shows it. The *value*
//! of the line being read stands behind it: of a `data` line it is where it belongs;
//! of an `event` or `id` line it is moved to the *kept* end when its line is whole. So
//! each byte is moved at most once, whatever the order of the fields, and time is
//! linear. A kept value that another replaces stays until the event is over: it
//! counts against the limit, which is therefore a matter of content alone.

#[cfg(feature = "alloc")]
use alloc::boxed::Box;

use super::frame::Frame;

/// What an owned storage holds before an event needed more.
#[cfg(feature = "alloc")]
const INITIAL_CAPACITY: usize = 4 * 1024;

/// The least that an owned storage holds once it has to grow.
#[cfg(feature = "alloc")]
const LEAST_CAPACITY: usize = 256;

enum Storage<'b> {
    #[cfg(feature = "alloc")]
    Owned {
        bytes: Box<[u8]>,
        limit: usize,
    },
    Borrowed(&'b mut [u8]),
}

/// A value at the kept end, by its distance from there, so that it stays right when
/// an owned storage grows.
#[derive(Clone, Copy, Default)]
struct Kept {
    from_end: usize,
    len: usize,
}

/// The next value does not fit.
pub(super) struct Full;

pub(super) struct Buffers<'b> {
    storage: Storage<'b>,
    data: usize,
    value: usize,
    kept: usize,
    event: Kept,
    /// The id of the event being read, where it has one.
    id: Kept,
    /// How long the last event ID string is, as of the last event that was dispatched:
    /// the last bytes of the storage.
    last_id: usize,
    has_id: bool,
    has_data: bool,
}

impl Storage<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            #[cfg(feature = "alloc")]
            Self::Owned { bytes, .. } => bytes,
            Self::Borrowed(bytes) => bytes,
        }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            #[cfg(feature = "alloc")]
            Self::Owned { bytes, .. } => bytes,
            Self::Borrowed(bytes) => bytes,
        }
    }

    #[inline]
    fn limit(&self) -> usize {
        match self {
            #[cfg(feature = "alloc")]
            Self::Owned { limit, .. } => *limit,
            Self::Borrowed(bytes) => bytes.len(),
        }
    }

    /// Makes room for `len` bytes in all, at least doubling what is there, with the
    /// last `kept` bytes staying the last ones. `len` is at most the limit.
    #[cfg(feature = "alloc")]
    fn reserve(&mut self, len: usize, kept: usize) {
        if let Self::Owned { bytes, limit } = self {
            let old = bytes.len();
            if len > old {
                let new = len.max(old.saturating_mul(2)).max(LEAST_CAPACITY);
                let new = new.min(*limit);
                let mut grown = core::mem::take(bytes).into_vec();
                grown.reserve_exact(new - old);
                grown.resize(new, 0);
                grown.copy_within(old - kept..old, new - kept);
                *bytes = grown.into_boxed_slice();
            }
        }
    }
}

impl<'b> Buffers<'b> {
    #[cfg(feature = "alloc")]
    pub(super) fn owned(limit: usize) -> Self {
        Self::new(Storage::Owned {
            bytes: alloc::vec![0; limit.min(INITIAL_CAPACITY)].into_boxed_slice(),
            limit,
        })
    }

    /// As owned storage, of which there is none before it is needed.
    #[cfg(feature = "alloc")]
    pub(super) fn growing(limit: usize) -> Self {
        let bytes = Box::default();
        Self::new(Storage::Owned { bytes, limit })
    }

    pub(super) const fn borrowed(buffer: &'b mut [u8]) -> Self {
        Self::new(Storage::Borrowed(buffer))
    }

    const fn new(storage: Storage<'b>) -> Self {
        Self {
            storage,
            data: 0,
            value: 0,
            kept: 0,
            event: Kept {
                from_end: 0,
                len: 0,
            },
            id: Kept {
                from_end: 0,
                len: 0,
            },
            last_id: 0,
            has_id: false,
            has_data: false,
        }
    }

    /// Begins the value of a `data` line: behind a line before it stands an LF.
    pub(super) fn begin_data(&mut self) -> Result<(), Full> {
        if self.has_data {
            let (taken, _) = self.extend_value(b"\n");
            if taken == 0 {
                return Err(Full);
            }
        }
        self.has_data = true;
        Ok(())
    }

    /// Appends to the value as much as the limit allows: how much that was, and
    /// whether it was all.
    pub(super) fn extend_value(&mut self, run: &[u8]) -> (usize, bool) {
        let used = self.data + self.value + self.kept;
        let taken = run.len().min(self.storage.limit() - used);
        #[cfg(feature = "alloc")]
        self.storage.reserve(used + taken, self.kept);
        let at = self.data + self.value;
        self.storage.bytes_mut()[at..at + taken].copy_from_slice(&run[..taken]);
        self.value += taken;
        (taken, taken == run.len())
    }

    /// The value belongs to the data.
    pub(super) const fn end_data(&mut self) {
        self.data += self.value;
        self.value = 0;
    }

    /// The value is the event type.
    pub(super) fn end_event(&mut self) {
        self.event = self.keep_value();
    }

    /// The value is the event's id.
    pub(super) fn end_id(&mut self) {
        self.id = self.keep_value();
        self.has_id = true;
    }

    /// The value is not wanted.
    pub(super) const fn drop_value(&mut self) {
        self.value = 0;
    }

    fn keep_value(&mut self) -> Kept {
        let len = self.value;
        let bytes = self.storage.bytes_mut();
        let end = bytes.len() - self.kept;
        bytes.copy_within(self.data..self.data + len, end - len);
        self.value = 0;
        self.kept += len;
        Kept {
            from_end: self.kept,
            len,
        }
    }

    fn slice(&self, kept: Kept) -> &[u8] {
        let bytes = self.storage.bytes();
        let start = bytes.len() - kept.from_end;
        &bytes[start..start + kept.len]
    }

    /// Whether there is an event to dispatch: one without data is none.
    pub(super) const fn has_data(&self) -> bool {
        self.has_data
    }

    /// Whether nothing was read of an event yet.
    pub(super) fn is_clear(&self) -> bool {
        !self.has_data && !self.has_id && self.value == 0 && self.kept == self.last_id
    }

    /// How much still fits.
    #[inline]
    pub(super) fn room(&self) -> usize {
        self.storage.limit() - self.data - self.value - self.kept
    }

    /// What was read of the event so far.
    pub(super) fn frame(&self) -> Frame<'_> {
        Frame {
            event: self.slice(self.event),
            data: &self.storage.bytes()[..self.data],
            id: self.newest_id(),
        }
    }

    /// The standard's last event ID buffer.
    pub(super) fn newest_id(&self) -> &[u8] {
        if self.has_id {
            self.slice(self.id)
        } else {
            self.last_id()
        }
    }

    /// The standard's last event ID string.
    pub(super) fn last_id(&self) -> &[u8] {
        let bytes = self.storage.bytes();
        &bytes[bytes.len() - self.last_id..]
    }

    /// Forgets the event; its id becomes the last one where it was `dispatched`.
    pub(super) fn clear(&mut self, dispatched: bool) {
        if dispatched && self.has_id {
            let Kept { from_end, len } = self.id;
            let bytes = self.storage.bytes_mut();
            let (start, end) = (bytes.len() - from_end, bytes.len());
            bytes.copy_within(start..start + len, end - len);
            self.last_id = len;
        }
        self.data = 0;
        self.value = 0;
        self.kept = self.last_id;
        self.event = Kept::default();
        self.has_id = false;
        self.has_data = false;
    }

    /// Forgets everything but the storage.
    pub(super) fn reset(&mut self) {
        self.last_id = 0;
        self.clear(false);
    }
}
