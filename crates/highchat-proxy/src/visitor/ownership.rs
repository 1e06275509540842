//! Signs conversation ids, so that only their visitor can use them.

use core::fmt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use highchat_proto::{ConversationId, VisitorRef};
use ring::hmac;

use crate::key::{self, KeyError};

/// The secret that signs conversation ids. All proxies of one site must use the same secret.
#[derive(Clone)]
pub struct Secret(hmac::Key);

/// The error for a secret that is shorter than [`Secret::MIN_LEN`]: it could be found by
/// trying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeakSecret(());

impl fmt::Display for WeakSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a secret must have at least {} bytes", Secret::MIN_LEN)
    }
}

impl core::error::Error for WeakSecret {}

impl Secret {
    /// The length of the shortest secret that is accepted, in bytes.
    pub const MIN_LEN: usize = 16;

    /// Creates a secret from bytes.
    ///
    /// # Errors
    ///
    /// The secret is shorter than [`MIN_LEN`](Self::MIN_LEN).
    pub fn new(secret: &[u8]) -> Result<Self, WeakSecret> {
        if secret.len() < Self::MIN_LEN {
            return Err(WeakSecret(()));
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }

    /// Reads a secret from a file. White space around it is ignored.
    ///
    /// # Errors
    ///
    /// The outer error: the file cannot be read. The inner error: the secret is too short.
    pub fn read(path: &Path) -> Result<Result<Self, WeakSecret>, KeyError> {
        Ok(Self::new(key::read_file(path)?.trim().as_bytes()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Signs ids for visitors, and checks the ids that visitors send back.
///
/// A signed id is the service's own id, a dot and an HMAC-SHA256 over the id and the visitor's
/// reference. If a visitor has no reference, the id is signed without one: anyone with the
/// id can use it, but nobody can guess it. An address does not count as an identity, because a
/// phone can change its address between two messages.
#[derive(Clone, Debug)]
pub(crate) struct Ownership(Option<Secret>);

/// The first bytes of everything that is signed, so that a signature cannot be used for
/// another purpose.
const PURPOSE: &[u8] = b"highchat-proxy conversation\0";

impl Ownership {
    pub(crate) const fn new(secret: Option<Secret>) -> Self {
        Self(secret)
    }

    /// Whether ids are signed.
    pub(crate) const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Returns the id as the visitor sees it.
    pub(crate) fn sign(&self, id: &str, visitor: Option<&VisitorRef>) -> String {
        let Some(Secret(key)) = &self.0 else {
            return id.into();
        };
        let tag = hmac::sign(key, &signed(id, visitor));
        format!("{id}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    /// Returns the service's id, if the visitor may use it. Compares in constant time.
    pub(crate) fn verify(
        &self,
        id: ConversationId,
        visitor: Option<&VisitorRef>,
    ) -> Option<ConversationId> {
        let Some(Secret(key)) = &self.0 else {
            return Some(id);
        };
        let (id, tag) = id.as_str().rsplit_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        hmac::verify(key, &signed(id, visitor), &tag).ok()?;
        ConversationId::new(id).ok()
    }
}

/// Returns the bytes to sign. The length of the visitor's reference goes first, so that
/// nobody can move bytes between the reference and the id.
fn signed(id: &str, visitor: Option<&VisitorRef>) -> Vec<u8> {
    let visitor = visitor.map_or("", VisitorRef::as_str);
    let len = (visitor.len() as u64).to_be_bytes();
    [PURPOSE, &len, visitor.as_bytes(), id.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ownership(secret: &str) -> Ownership {
        Ownership::new(Some(Secret::new(secret.as_bytes()).unwrap()))
    }

    fn id(text: &str) -> ConversationId {
        ConversationId::new(text).unwrap()
    }

    #[test]
    fn only_the_visitor_for_whom_an_id_was_signed_can_use_it() {
        let ours = ownership("a secret of 16 bytes and more");
        let (ani, aram) = (
            VisitorRef::new("ani").unwrap(),
            VisitorRef::new("aram").unwrap(),
        );
        let signed = ours.sign("c.1", Some(&ani));
        assert_eq!(ours.verify(id(&signed), Some(&ani)), Some(id("c.1")));
        assert_eq!(ours.verify(id(&signed), Some(&aram)), None);
        assert_eq!(ours.verify(id(&signed), None), None);
        let others = ownership("another secret of 16 bytes");
        assert_eq!(others.verify(id(&signed), Some(&ani)), None);
    }

    #[test]
    fn an_invented_or_changed_id_is_refused() {
        let ours = ownership("a secret of 16 bytes and more");
        let signed = ours.sign("c1", None);
        assert_eq!(ours.verify(id(&signed), None), Some(id("c1")));
        let (_, tag) = signed.split_once('.').unwrap();
        for forged in [
            "c1".into(),
            "c1.".into(),
            format!("c2.{tag}"),
            format!("{signed}A"),
        ] {
            assert_eq!(ours.verify(id(&forged), None), None, "{forged}");
        }
    }

    #[test]
    fn bytes_cannot_be_moved_between_the_visitor_and_the_id() {
        let ours = ownership("a secret of 16 bytes and more");
        let signed = ours.sign("bc", Some(&VisitorRef::new("a").unwrap()));
        let tag = signed.rsplit_once('.').unwrap().1;
        let other = VisitorRef::new("ab").unwrap();
        assert_eq!(ours.verify(id(&format!("c.{tag}")), Some(&other)), None);
    }

    #[test]
    fn without_a_secret_ids_are_not_signed() {
        let none = Ownership::new(None);
        assert_eq!(none.sign("c1", None), "c1");
        assert_eq!(none.verify(id("c1"), None), Some(id("c1")));
        assert!(Secret::new(b"fifteen bytes..").is_err());
    }
}
