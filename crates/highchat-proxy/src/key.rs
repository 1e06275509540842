//! The key: where it comes from. It goes nowhere but into a request to the service.

use core::fmt;
use std::env;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use highchat_proto::endpoint::{Credentials, InvalidCredentials};

/// Where the key is; read at the start, and again whenever the proxy is told to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum KeySource {
    /// A file that holds the key, and nothing else but white space around it.
    File(PathBuf),
    /// A variable of the environment, by its name.
    Variable(String),
    /// A file of that name in `$CREDENTIALS_DIRECTORY`, as systemd's `LoadCredential=`
    /// puts it there.
    Credential(String),
}

/// A key as it was read: for requests, and as it may not show in an answer.
pub(crate) struct Key {
    pub(crate) credentials: Credentials,
    text: String,
}

/// Why there is no key. Never shows one.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyError {
    /// The file cannot be read.
    File(PathBuf, io::Error),
    /// The environment has no such variable, or one that is no UTF-8.
    Variable(String),
    /// What was read is no key.
    Invalid(InvalidCredentials),
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, error) => {
                write!(f, "the file {} cannot be read: {error}", path.display())
            }
            Self::Variable(name) => write!(f, "the environment has no {name}"),
            Self::Invalid(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for KeyError {}

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 64 * 1024;

impl KeySource {
    pub(crate) fn read(&self) -> Result<Key, KeyError> {
        let text = match self {
            Self::File(path) => file(path)?,
            Self::Variable(name) => variable(name)?,
            Self::Credential(name) => {
                file(&Path::new(&variable("CREDENTIALS_DIRECTORY")?).join(name))?
            }
        };
        let text = Credentials::key_in(&text);
        let credentials = Credentials::key(text).map_err(KeyError::Invalid)?;
        Ok(Key {
            credentials,
            text: text.into(),
        })
    }
}

impl Key {
    /// Whether bytes hold the key: a service that fails may show what it was sent.
    pub(crate) fn is_in(&self, bytes: &[u8]) -> bool {
        memchr::memmem::find(bytes, self.text.as_bytes()).is_some()
    }
}

fn variable(name: &str) -> Result<String, KeyError> {
    env::var(name).map_err(|_| KeyError::Variable(name.into()))
}

/// Reads a file of secrets, a small one.
pub(crate) fn file(path: &Path) -> Result<String, KeyError> {
    let read = || {
        let mut text = String::new();
        File::open(path)?.take(MAX_FILE).read_to_string(&mut text)?;
        Ok(text)
    };
    read().map_err(|error| KeyError::File(path.into(), error))
}
