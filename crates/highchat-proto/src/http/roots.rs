//! Whose certificates are trusted.

use alloc::boxed::Box;
use core::fmt;

/// The certificate authorities that may vouch for the service, for adapters that bring TLS.
///
/// Source: our decision, as curl has it: those that are named take the place of all others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Roots {
    /// Those in the file of PEM that the variable `SSL_CERT_FILE` names, if it is set;
    /// otherwise Mozilla's, or the system's with the adapter's feature `native-roots`.
    #[default]
    Default,
    /// Mozilla's, as the crate webpki-roots ships them.
    Mozilla,
    /// The operating system's; with the adapter's feature `native-roots` alone. On Linux
    /// `SSL_CERT_FILE` and `SSL_CERT_DIR` say where they are.
    System,
    /// These, as PEM: one certificate or more. What else is in it does not count.
    Pem(Box<[u8]>),
}

/// Why there is nobody to trust.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidRoots {
    /// No certificate that can be used is in the PEM.
    NoCertificate,
    /// The file that `SSL_CERT_FILE` names, or the system's store, cannot be read, for that
    /// reason.
    Unreadable(Box<str>),
    /// The adapter was built without TLS, or without the feature `native-roots`.
    NotBuilt,
}

impl fmt::Display for InvalidRoots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCertificate => {
                f.write_str("no certificate to trust was found (PEM is expected)")
            }
            Self::Unreadable(problem) => {
                write!(
                    f,
                    "the file that SSL_CERT_FILE names cannot be read: {problem}"
                )
            }
            Self::NotBuilt => f.write_str("this program was built without these certificates"),
        }
    }
}

impl core::error::Error for InvalidRoots {}
