//! The standard's buffers for the data, the event type and the id, in one piece of storage.
//!
//! ```text
//!  0        data      data + value                     len - kept        len
//!  ├─ data ───┼─ value ───┼────────── free ────────────────┼──── kept ────┤
//!                                                           … event, id, last id
//! ```
//!
//! The *data* grows at the front and stays in one piece, because a frame borrows it. After it
//! stands the *value* of the line being read. The value of a `data` line is then already in
//! its place. The value of an `event` or `id` line is moved to the *kept* end when its line is
//! complete. So each byte is moved at most once in any order of the fields, and the time is
//! linear.
//!
//! A kept value stays until the end of the event, even if a later field replaces it, and
//! counts against the limit. So the limit depends only on the content of the event.

#[cfg(feature = "alloc")]
use alloc::boxed::Box;

use super::frame::Frame;

/// The initial size of an owned storage, in bytes.
#[cfg(feature = "alloc")]
const INITIAL_CAPACITY: usize = 4 * 1024;

/// The smallest size of an owned storage after it has grown, in bytes.
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

/// A value at the kept end. It is stored as the distance from the end, which stays right when
/// an owned storage grows.
#[derive(Clone, Copy, Default)]
struct Kept {
    from_end: usize,
    len: usize,
}

/// The error if the next value does not fit.
pub(super) struct Full;

pub(super) struct Buffers<'b> {
    storage: Storage<'b>,
    data: usize,
    value: usize,
    kept: usize,
    event: Kept,
    /// The id of the event being read, valid if `has_id`.
    id: Kept,
    /// The length of the last event ID string, which is at the end of the storage. It belongs
    /// to the last dispatched event.
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

    /// Makes room for `len` bytes in all and moves the last `kept` bytes to the new end. A
    /// storage that grows at least doubles, up to the limit. `len` is at most the limit.
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

    /// Owned storage that is empty until an event needs some.
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

    /// Begins the value of a `data` line, with an LF before it if it is not the first one.
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

    /// Appends to the value as many bytes as the limit allows. Returns their number, and
    /// whether all of them fit.
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

    /// Ends a value that is part of the data.
    pub(super) const fn end_data(&mut self) {
        self.data += self.value;
        self.value = 0;
    }

    /// Ends a value that is the event type.
    pub(super) fn end_event(&mut self) {
        self.event = self.keep_value();
    }

    /// Ends a value that is the event's id.
    pub(super) fn end_id(&mut self) {
        self.id = self.keep_value();
        self.has_id = true;
    }

    /// Discards the value.
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

    /// Whether there is an event to dispatch. The standard dispatches no event without data.
    pub(super) const fn has_data(&self) -> bool {
        self.has_data
    }

    /// Whether nothing of an event is stored yet.
    pub(super) fn is_clear(&self) -> bool {
        !self.has_data && !self.has_id && self.value == 0 && self.kept == self.last_id
    }

    /// How many more bytes fit.
    #[inline]
    pub(super) fn room(&self) -> usize {
        self.storage.limit() - self.data - self.value - self.kept
    }

    /// The part of the event that was read so far.
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

    /// Forgets the event. If it was `dispatched`, its id becomes the last event ID.
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

    /// Forgets everything, but keeps the storage.
    pub(super) fn reset(&mut self) {
        self.last_id = 0;
        self.clear(false);
    }
}
