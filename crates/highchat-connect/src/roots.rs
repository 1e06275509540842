//! Chooses the certificates to trust, from the program's choice and the environment.

use std::{env, fs, io};

use highchat_proto::http::{InvalidRoots, Roots};

/// The certificates to trust. `C` is the HTTP client's type for certificates.
pub(crate) enum Trusted<C> {
    Mozilla,
    System,
    Only(C),
}

impl<C> Trusted<C> {
    /// Chooses the certificates. `SSL_CERT_FILE` counts only if the program chose the default.
    /// `parse` reads the certificates of a PEM file.
    pub(crate) fn of(
        roots: &Roots,
        has_system: bool,
        parse: impl FnOnce(&[u8]) -> Result<C, InvalidRoots>,
    ) -> Result<Self, InvalidRoots> {
        match roots {
            Roots::Default => match named()? {
                Some(pem) => parse(&pem).map_err(of_file).map(Self::Only),
                None if has_system => Ok(Self::System),
                None => Ok(Self::Mozilla),
            },
            Roots::Mozilla => Ok(Self::Mozilla),
            Roots::System if has_system => Ok(Self::System),
            Roots::Pem(pem) => parse(pem).map(Self::Only),
            _ => Err(InvalidRoots::NotBuilt),
        }
    }
}

/// Reads the file that `SSL_CERT_FILE` names; `None` if the variable is unset or empty.
fn named() -> Result<Option<Vec<u8>>, InvalidRoots> {
    let name = env::var_os("SSL_CERT_FILE").filter(|name| !name.is_empty());
    let unreadable = |error: io::Error| InvalidRoots::Unreadable(error.to_string().into());
    name.map(fs::read).transpose().map_err(unreadable)
}

fn of_file(error: InvalidRoots) -> InvalidRoots {
    InvalidRoots::Unreadable(error.to_string().into())
}
