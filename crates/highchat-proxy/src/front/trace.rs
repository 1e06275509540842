//! The trace of a request, as in W3C Trace Context: one id for all logs that it appears in.

use core::fmt;

use http::HeaderMap;
use ring::rand::{SecureRandom, SystemRandom};

const TRACEPARENT: &str = "traceparent";

/// The trace of one request. The service gets its id with a new parent id for each request of
/// the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trace {
    id: u128,
    flags: u8,
}

impl Trace {
    /// The trace of a visitor's request: the one that a trusted peer names, or a new one. Any
    /// other visitor could join a trace of somebody else.
    pub(crate) fn of(headers: &HeaderMap, is_trusted: bool) -> Self {
        let named = headers.get(TRACEPARENT).filter(|_| is_trusted);
        let named = named.and_then(|value| Self::parse(value.as_bytes()));
        named.unwrap_or_else(Self::new)
    }

    /// A new trace, which nobody has asked to record.
    pub(crate) fn new() -> Self {
        let id = u128::from_be_bytes(random());
        Self {
            id: id.max(1),
            flags: 0,
        }
    }

    /// Parses `VERSION-TRACE-PARENT-FLAGS`. A version after 00 may have more parts.
    fn parse(value: &[u8]) -> Option<Self> {
        let text = core::str::from_utf8(value).ok()?;
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let number = |part: &str, len| {
            let is_number = part.len() == len && part.bytes().all(is_hex);
            is_number.then(|| u128::from_str_radix(part, 16).ok())?
        };
        let mut parts = text.split('-');
        let version = number(parts.next()?, 2)?;
        let id = number(parts.next()?, 32)?;
        let parent = number(parts.next()?, 16)?;
        let flags = number(parts.next()?, 2)?;
        let has_more = parts.next().is_some();
        let is_valid = version < 0xFF && id > 0 && parent > 0 && (version > 0 || !has_more);
        is_valid.then_some(Self {
            id,
            flags: u8::try_from(flags).ok()?,
        })
    }

    /// The header `traceparent` for one request to the service.
    pub(crate) fn for_service(&self) -> String {
        let parent = u64::from_be_bytes(random()).max(1);
        format!("00-{:032x}-{parent:016x}-{:02x}", self.id, self.flags)
    }
}

/// The id alone, for the log.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.id)
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // If the system has no random number, the id says nothing, but the request still works.
    let _ = SystemRandom::new().fill(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn of(value: &str, is_trusted: bool) -> Trace {
        let mut headers = HeaderMap::new();
        headers.insert(TRACEPARENT, value.parse().unwrap());
        Trace::of(&headers, is_trusted)
    }

    #[test]
    fn a_trusted_peer_names_the_trace_and_its_flags() {
        for (value, flags) in [
            (format!("00-{ID}-00f067aa0ba902b7-01"), "-01"),
            (format!("cc-{ID}-00f067aa0ba902b7-00-more"), "-00"),
        ] {
            let trace = of(&value, true);
            assert_eq!(trace.to_string(), ID);
            let sent = trace.for_service();
            assert!(
                sent.starts_with(&format!("00-{ID}-")) && sent.ends_with(flags),
                "{sent}"
            );
            assert!(
                !sent.contains("00f067aa0ba902b7"),
                "a parent id of the proxy's own"
            );
            assert_ne!(sent, trace.for_service());
            assert_eq!(Trace::parse(sent.as_bytes()), Some(trace));
        }
    }

    #[test]
    fn an_invalid_trace_and_one_from_an_untrusted_peer_are_replaced() {
        let valid = format!("00-{ID}-00f067aa0ba902b7-01");
        assert_ne!(of(&valid, false).to_string(), ID);
        for invalid in [
            "",
            "00",
            ID,
            &format!("00-{ID}-00f067aa0ba902b7"),
            &format!("00-{ID}-00f067aa0ba902b7-01-more"),
            &format!("ff-{ID}-00f067aa0ba902b7-01"),
            &format!("00-{ID}-0000000000000000-01"),
            &format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            &format!("00-{}-00f067aa0ba902b7-01", ID.to_uppercase()),
            &format!("00-{ID}0-00f067aa0ba902b7-01"),
            &format!("00-+{}-00f067aa0ba902b7-01", &ID[1..]),
        ] {
            let trace = of(invalid, true);
            assert_ne!(trace.to_string(), ID, "{invalid}");
            assert_ne!(trace, of(invalid, true), "{invalid}");
        }
    }
}
