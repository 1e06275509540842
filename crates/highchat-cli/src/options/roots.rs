//! Options for the certificate authorities to trust.

use std::path::PathBuf;

use clap::Args;

#[derive(Args, Debug)]
pub(crate) struct RootsOptions {
    /// Trust the certificate authorities in this PEM file, and no others [env:
    /// SSL_CERT_FILE]
    ///
    /// Use it for a company's own authority. Without it, Mozilla's authorities are trusted.
    #[arg(long, value_name = "FILE", help_heading = "Service")]
    pub(crate) ca_file: Option<PathBuf>,

    /// Trust the certificate authorities of the operating system instead of Mozilla's
    #[arg(long, conflicts_with = "ca_file", help_heading = "Service")]
    pub(crate) system_roots: bool,
}
