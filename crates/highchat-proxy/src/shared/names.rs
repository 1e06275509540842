//! The names of entries in Redis, and the sealing of their values.

use core::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

use crate::visitor::Identity;

/// Names for one API key. They are keyed hashes, so Redis learns neither the key nor addresses,
/// nor names of visitors, nor ids of conversations. Texts are sealed with AES-256-GCM: Redis can
/// neither read nor change them.
pub(super) struct Names {
    prefix: String,
    hashes: hmac::Key,
    seal: LessSafeKey,
    random: SystemRandom,
}

/// The length of a name's hash, in bytes.
const HASH: usize = 16;

impl Names {
    /// `key` is the API key.
    pub(super) fn new(prefix: &str, key: &str) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        let derived = |purpose: &str| {
            let purpose = format!("highchat-proxy redis {purpose}");
            hmac::sign(&root, purpose.as_bytes())
        };
        let seal = UnboundKey::new(&AES_256_GCM, derived("seal").as_ref());
        Self {
            // In a cluster, all names with the same text in braces are on one server.
            prefix: format!("{prefix}:{{{}}}:", short(&derived("key"))),
            hashes: hmac::Key::new(hmac::HMAC_SHA256, derived("names").as_ref()),
            seal: LessSafeKey::new(seal.expect("an HMAC-SHA256 has 32 bytes")),
            random: SystemRandom::new(),
        }
    }

    /// Whether the names are for the same key.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.prefix == other.prefix
    }

    /// The name of an entry that all visitors share.
    pub(super) fn plain(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The name of an entry that belongs to a secret `value`.
    pub(super) fn hashed(&self, kind: &str, value: &[u8]) -> String {
        let hashed = [kind.as_bytes(), b"\0", value].concat();
        let hash = short(&hmac::sign(&self.hashes, &hashed));
        format!("{}{kind}:{hash}", self.prefix)
    }

    pub(super) fn visitor(&self, kind: &str, visitor: Identity) -> String {
        let value = match visitor {
            Identity::Network(network) => match network.address() {
                IpAddr::V4(address) => [b"4".as_slice(), &address.octets()].concat(),
                IpAddr::V6(address) => [b"6".as_slice(), &address.octets()].concat(),
            },
            Identity::Name(name) => [b"n".as_slice(), &name].concat(),
        };
        self.hashed(kind, &value)
    }

    /// Seals a value for the entry with this name. Returns `None` if there is no randomness.
    pub(super) fn seal(&self, name: &str, mut value: Vec<u8>) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).ok()?;
        let aad = Aad::from(name.as_bytes());
        let sealed = Nonce::assume_unique_for_key(nonce);
        let tag = self
            .seal
            .seal_in_place_separate_tag(sealed, aad, &mut value);
        value.extend_from_slice(tag.ok()?.as_ref());
        Some([nonce.as_slice(), &value].concat())
    }

    /// Opens a value of the entry with this name. Returns `None` if it was not sealed for it.
    pub(super) fn open(&self, name: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, value) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut value = value.to_vec();
        let aad = Aad::from(name.as_bytes());
        let len = self.seal.open_in_place(nonce, aad, &mut value).ok()?.len();
        value.truncate(len);
        Some(value)
    }

    /// A name that nobody else uses, for a proxy, a turn or a poll.
    pub(super) fn unique(&self) -> String {
        let mut bytes = [0; HASH];
        // Without randomness, which does not happen on a running system, the names of two
        // proxies would be the same.
        self.random
            .fill(&mut bytes)
            .expect("a source of randomness");
        // The names may not begin with a minus, and may not have a colon.
        format!("p{}", URL_SAFE_NO_PAD.encode(bytes))
    }
}

fn short(tag: &hmac::Tag) -> String {
    URL_SAFE_NO_PAD.encode(&tag.as_ref()[..HASH])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_show_neither_the_key_nor_the_visitor_and_differ_by_key_kind_and_visitor() {
        let names = Names::new("highchat", "hc_secret");
        let visitor = |address: &str| Identity::from(address.parse::<IpAddr>().unwrap());
        let ani = names.visitor("messages", visitor("192.0.2.1"));
        assert!(
            ani.starts_with("highchat:{") && ani.contains("}:messages:"),
            "{ani}"
        );
        assert!(!ani.contains("hc_secret") && !ani.contains("192.0.2.1"));
        assert_eq!(
            ani,
            Names::new("highchat", "hc_secret").visitor("messages", visitor("192.0.2.1"))
        );
        for other in [
            names.visitor("messages", visitor("192.0.2.2")),
            names.visitor("polls", visitor("192.0.2.1")),
            Names::new("highchat", "hc_other").visitor("messages", visitor("192.0.2.1")),
        ] {
            assert_ne!(ani, other);
        }
    }

    #[test]
    fn a_sealed_value_opens_only_under_its_name_and_unchanged() {
        let names = Names::new("highchat", "hc_secret");
        let text = "Բարև 👋".as_bytes();
        let sealed = names.seal("a", text.into()).unwrap();
        assert_eq!(names.open("a", &sealed).as_deref(), Some(text));
        assert_eq!(names.open("b", &sealed), None);
        assert_eq!(Names::new("highchat", "hc_other").open("a", &sealed), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(names.open("a", &changed), None);
            assert_eq!(names.open("a", &sealed[..at]), None);
        }
        assert_ne!(names.seal("a", text.into()).unwrap(), sealed);
    }
}
