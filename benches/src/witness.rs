//! Witnesses: receivers of the values that a contender decodes.

/// Receives the decoded values of a stream, in order.
pub trait Witness {
    /// Receives a frame, in framing.
    fn frame(&mut self, event: &[u8], data: &[u8]);

    /// Receives a `meta` with the conversation's id.
    fn meta(&mut self, conversation_id: &str);

    /// Receives a `delta` with its text.
    fn delta(&mut self, text: &str);

    /// Receives a `done` with the reply's id.
    fn done(&mut self, message_id: &str);

    /// Receives a `ping`.
    fn ping(&mut self);
}

/// The witness of timed runs. It reads only the length and the first byte of each value, so that
/// the compiler cannot remove the value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    count: usize,
    sum: usize,
}

impl Tally {
    fn see(&mut self, value: &[u8]) {
        let first = value.first().copied().unwrap_or(0);
        self.sum = self.sum.wrapping_add(value.len() + usize::from(first));
    }
}

impl Witness for Tally {
    fn frame(&mut self, event: &[u8], data: &[u8]) {
        self.count += 1;
        self.see(event);
        self.see(data);
    }

    fn meta(&mut self, conversation_id: &str) {
        self.count += 1;
        self.see(conversation_id.as_bytes());
    }

    fn delta(&mut self, text: &str) {
        self.count += 1;
        self.see(text.as_bytes());
    }

    fn done(&mut self, message_id: &str) {
        self.count += 1;
        self.see(message_id.as_bytes());
    }

    fn ping(&mut self) {
        self.count += 1;
    }
}

/// The witness of the checks. Equal digests mean equal values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    /// The number of frames, or of events except pings.
    pub count: usize,
    /// The number of pings, in typed mode.
    pub pings: usize,
    /// The hash of all values and their borders.
    pub hash: u64,
}

impl Default for Digest {
    fn default() -> Self {
        Self {
            count: 0,
            pings: 0,
            hash: 0xcbf2_9ce4_8422_2325,
        }
    }
}

impl Digest {
    fn see(&mut self, value: &[u8]) {
        // FNV-1a. UTF-8 has no byte 0xFF, so it marks the end of a value.
        for byte in value.iter().chain(&[0xFF]) {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn see_event(&mut self, name: &str, value: &str) {
        self.count += 1;
        self.see(name.as_bytes());
        self.see(value.as_bytes());
    }
}

impl Witness for Digest {
    fn frame(&mut self, event: &[u8], data: &[u8]) {
        self.count += 1;
        self.see(event);
        self.see(data);
    }

    fn meta(&mut self, conversation_id: &str) {
        self.see_event("meta", conversation_id);
    }

    fn delta(&mut self, text: &str) {
        self.see_event("delta", text);
    }

    fn done(&mut self, message_id: &str) {
        self.see_event("done", message_id);
    }

    fn ping(&mut self) {
        self.pings += 1;
    }
}
