//! Who asks.

use alloc::format;
use alloc::string::String;
use core::fmt;

use bytes::Bytes;

use crate::failure::Secret;

/// Which bot is meant, in one of the API's two ways.
///
/// A key never shows: neither in `Debug` nor in any error.
#[derive(Clone)]
pub struct Credentials(Way);

#[derive(Clone)]
enum Way {
    /// The value of the `authorization` header: visible ASCII.
    Key(Bytes),
    Slug(String),
    Nothing,
}

/// Why credentials cannot be used; never shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidCredentials {
    /// The key is empty.
    EmptyKey,
    /// The key is longer than 1024 bytes.
    LongKey,
    /// The key has white space or a control character in it: its place, from 1 on.
    SpaceInKey(usize),
    /// The key has a character in it that is not ASCII: its place, from 1 on.
    ForeignInKey(usize),
    /// The slug is empty or longer than 1024 bytes.
    Slug,
}

impl fmt::Display for InvalidCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let visible = "a key is visible ASCII";
        match self {
            Self::EmptyKey => f.write_str("the key is empty"),
            Self::LongKey => f.write_str("the key is longer than 1024 bytes"),
            Self::SpaceInKey(place) => {
                write!(
                    f,
                    "character {place} of the key is white space or a control character; {visible}"
                )
            }
            Self::ForeignInKey(place) => {
                write!(f, "character {place} of the key is not ASCII; {visible}")
            }
            Self::Slug => f.write_str("the slug must be 1 to 1024 bytes long"),
        }
    }
}

impl core::error::Error for InvalidCredentials {}

const MAX_CREDENTIAL_LEN: usize = 1024;
/// The name of the header that carries a key.
pub(super) const AUTHORIZATION: &str = "authorization";
/// The scheme of the `authorization` header, with its space.
const BEARER: &str = "Bearer ";

impl Credentials {
    /// The key in a text that was read from a file, a variable or a line: without the byte
    /// order mark that an editor may have put before it, and without the white space and
    /// line ends around it. One rule for all programs; [`key`](Self::key) says what else is
    /// wrong with it.
    #[must_use]
    pub fn key_in(text: &str) -> &str {
        text.trim_start_matches('\u{feff}').trim()
    }

    /// A client API key, sent as `Authorization: Bearer …`.
    ///
    /// # Errors
    ///
    /// No header could carry it: it must be visible ASCII without white space (our
    /// decision).
    pub fn key(key: &str) -> Result<Self, InvalidCredentials> {
        if key.is_empty() {
            return Err(InvalidCredentials::EmptyKey);
        }
        if key.len() > MAX_CREDENTIAL_LEN {
            return Err(InvalidCredentials::LongKey);
        }
        let place = |found: fn(char) -> bool| key.chars().position(found).map(|at| at + 1);
        if let Some(place) = place(|it| it.is_whitespace() || it.is_control()) {
            return Err(InvalidCredentials::SpaceInKey(place));
        }
        if let Some(place) = place(|it| !it.is_ascii()) {
            return Err(InvalidCredentials::ForeignInKey(place));
        }
        Ok(Self(Way::Key(format!("{BEARER}{key}").into())))
    }

    /// A public slug, sent as `?slug=…`; no `Authorization` header then.
    ///
    /// # Errors
    ///
    /// It is empty, or too long for a URL.
    pub fn slug(slug: impl Into<String>) -> Result<Self, InvalidCredentials> {
        let slug = slug.into();
        if !(1..=MAX_CREDENTIAL_LEN).contains(&slug.len()) {
            return Err(InvalidCredentials::Slug);
        }
        Ok(Self(Way::Slug(slug)))
    }

    /// Neither: for a backend that speaks this API and adds a key of its own, as the
    /// key-hiding proxy does. The service itself refuses it.
    #[must_use]
    pub const fn none() -> Self {
        Self(Way::Nothing)
    }

    /// The value of the `authorization` header.
    pub(super) const fn authorization(&self) -> Option<&Bytes> {
        match &self.0 {
            Way::Key(header) => Some(header),
            Way::Slug(_) | Way::Nothing => None,
        }
    }

    /// The value of the query's `slug`.
    pub(super) fn slug_value(&self) -> Option<&str> {
        match &self.0 {
            Way::Key(_) | Way::Nothing => None,
            Way::Slug(slug) => Some(slug),
        }
    }

    pub(super) fn secret(&self) -> Secret {
        let key = self
            .authorization()
            .map(|value| value.slice(BEARER.len()..));
        Secret::new(key)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Way::Key(_) => f.write_str("Key(…)"),
            Way::Slug(slug) => f.debug_tuple("Slug").field(slug).finish(),
            Way::Nothing => f.write_str("Nothing"),
        }
    }
}
