//! The credentials: a client API key or a public slug.

use alloc::format;
use alloc::string::String;
use core::fmt;

use bytes::Bytes;

use crate::failure::Secret;

/// The credentials of a bot: a client API key or a public slug.
///
/// Neither `Debug` nor any error shows a key.
#[derive(Clone)]
pub struct Credentials(Kind);

#[derive(Clone)]
enum Kind {
    /// The value of the `authorization` header: visible ASCII.
    Key(Bytes),
    Slug(String),
    Nothing,
}

/// Why credentials cannot be used. It never shows the key or the slug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidCredentials {
    /// The key is empty.
    EmptyKey,
    /// The key is longer than 1024 bytes.
    LongKey,
    /// The key has white space or a control character in it. The number is the place of that
    /// character, counted from 1.
    SpaceInKey(usize),
    /// The key has a character in it that is not ASCII. The number is the place of that
    /// character, counted from 1.
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
/// The scheme of the `authorization` header, and the space after it.
const BEARER: &str = "Bearer ";

impl Credentials {
    /// The key in a text from a file, an environment variable or a line of input.
    ///
    /// It removes the byte order mark that an editor may have written, and the white space and
    /// line ends around the key. All programs of this project use it. [`key`](Self::key) then
    /// checks the key.
    #[must_use]
    pub fn key_in(text: &str) -> &str {
        text.trim_start_matches('\u{feff}').trim()
    }

    /// Credentials with a client API key, sent as `Authorization: Bearer …`.
    ///
    /// # Errors
    ///
    /// The key is empty, is longer than 1024 bytes, or has a character other than visible
    /// ASCII (our decision).
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
        Ok(Self(Kind::Key(Bytes::from_owner(format!("{BEARER}{key}")))))
    }

    /// Credentials with a public slug, sent as `?slug=…` without an `Authorization` header.
    ///
    /// # Errors
    ///
    /// The slug is empty or longer than 1024 bytes (our decision).
    pub fn slug(slug: impl Into<String>) -> Result<Self, InvalidCredentials> {
        let slug = slug.into();
        if !(1..=MAX_CREDENTIAL_LEN).contains(&slug.len()) {
            return Err(InvalidCredentials::Slug);
        }
        Ok(Self(Kind::Slug(slug)))
    }

    /// No credentials: for a backend with this API that adds its own key, such as the
    /// key-hiding proxy. The service itself refuses a request without credentials.
    #[must_use]
    pub const fn none() -> Self {
        Self(Kind::Nothing)
    }

    /// The value of the `authorization` header.
    pub(super) const fn authorization(&self) -> Option<&Bytes> {
        match &self.0 {
            Kind::Key(header) => Some(header),
            Kind::Slug(_) | Kind::Nothing => None,
        }
    }

    /// The value of the `slug` parameter in the query.
    pub(super) fn slug_value(&self) -> Option<&str> {
        match &self.0 {
            Kind::Key(_) | Kind::Nothing => None,
            Kind::Slug(slug) => Some(slug),
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
            Kind::Key(_) => f.write_str("Key(…)"),
            Kind::Slug(slug) => f.debug_tuple("Slug").field(slug).finish(),
            Kind::Nothing => f.write_str("Nothing"),
        }
    }
}
