//! The certificate authorities to trust.

use alloc::boxed::Box;
use core::fmt;

/// The certificate authorities that an adapter with TLS trusts.
///
/// As in curl, the chosen certificates replace all others (our decision).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Roots {
    /// The certificates in the PEM file that the variable `SSL_CERT_FILE` names, if it is set.
    /// Otherwise Mozilla's, or the operating system's with the adapter's feature `native-roots`.
    #[default]
    Default,
    /// Mozilla's certificates, from the crate webpki-roots.
    Mozilla,
    /// The operating system's certificates. This needs the adapter's feature `native-roots`. On
    /// Linux the variables `SSL_CERT_FILE` and `SSL_CERT_DIR` name their place.
    System,
    /// One or more certificates in PEM. Other PEM sections in it are ignored.
    Pem(Box<[u8]>),
}

/// Why there are no certificates to trust.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidRoots {
    /// The PEM has no usable certificate.
    NoCertificate,
    /// The file that `SSL_CERT_FILE` names, or the operating system's store, cannot be read.
    /// The text is the reason.
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
