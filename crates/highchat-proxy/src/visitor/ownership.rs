//! Signs conversation ids, so that a conversation belongs to its visitor.

use core::fmt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use highchat_proto::{ConversationId, VisitorRef};
use ring::hmac;

use crate::key::{self, KeyError};

/// What conversation ids are signed with; the same in all proxies of one service.
#[derive(Clone)]
pub struct Secret(hmac::Key);

/// A secret that anyone could find by trying: shorter than [`Secret::MIN_LEN`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeakSecret(());

impl fmt::Display for WeakSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a secret has at least {} bytes", Secret::MIN_LEN)
    }
}

impl core::error::Error for WeakSecret {}

impl Secret {
    /// The shortest secret that is taken, in bytes.
    pub const MIN_LEN: usize = 16;

    /// Checks a secret.
    ///
    /// # Errors
    ///
    /// It is too short.
    pub fn new(secret: &[u8]) -> Result<Self, WeakSecret> {
        if secret.len() < Self::MIN_LEN {
            return Err(WeakSecret(()));
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }

    /// Reads one from a file, without the white space around it.
    ///
    /// # Errors
    ///
    /// The file cannot be read; or what is in it is too short.
    pub fn read(path: &Path) -> Result<Result<Self, WeakSecret>, KeyError> {
        Ok(Self::new(key::file(path)?.trim().as_bytes()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Signs ids for visitors and checks what they send back.
///
/// A signed id is the service's own, a dot and an HMAC-SHA256 over it and the visitor's
/// reference. A visitor without one gets an id that is signed for nobody: whoever has it
/// may use it, and nobody can guess it. An address is no identity here: a telephone
/// changes it between two messages.
#[derive(Clone, Debug)]
pub(crate) struct Ownership(Option<Secret>);

/// What a signature is over, so that it means nothing elsewhere.
const PURPOSE: &[u8] = b"highchat-proxy conversation\0";

impl Ownership {
    pub(crate) const fn new(secret: Option<Secret>) -> Self {
        Self(secret)
    }

    /// Whether ids are other than the service's own.
    pub(crate) const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The id as the visitor sees it.
    pub(crate) fn sign(&self, id: &str, visitor: Option<&VisitorRef>) -> String {
        let Some(Secret(key)) = &self.0 else {
            return id.into();
        };
        let tag = hmac::sign(key, &signed(id, visitor));
        format!("{id}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    /// The service's id, if the visitor may use it. Compared in constant time.
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

/// The visitor's length goes first, then the visitor, so that no part can pass for another.
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
    fn an_id_is_good_for_the_visitor_it_was_signed_for_alone() {
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
    fn an_id_cannot_be_made_up_or_changed() {
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
    fn a_visitor_and_an_id_cannot_be_taken_for_each_other() {
        let ours = ownership("a secret of 16 bytes and more");
        let signed = ours.sign("bc", Some(&VisitorRef::new("a").unwrap()));
        let tag = signed.rsplit_once('.').unwrap().1;
        let other = VisitorRef::new("ab").unwrap();
        assert_eq!(ours.verify(id(&format!("c.{tag}")), Some(&other)), None);
    }

    #[test]
    fn without_a_secret_ids_are_the_services_own() {
        let none = Ownership::new(None);
        assert_eq!(none.sign("c1", None), "c1");
        assert_eq!(none.verify(id("c1"), None), Some(id("c1")));
        assert!(Secret::new(b"fifteen bytes..").is_err());
    }
}
