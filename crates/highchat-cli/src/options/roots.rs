//! Who may vouch for the service.

use std::path::PathBuf;

use clap::Args;

#[derive(Args, Debug)]
pub(crate) struct RootsOptions {
    /// Trust the certificate authorities in that file of PEM, and no others [env:
    /// SSL_CERT_FILE]
    ///
    /// For a company's own authority. Without it, Mozilla's are trusted.
    #[arg(long, value_name = "FILE", help_heading = "Service")]
    pub(crate) ca_file: Option<PathBuf>,

    /// Trust the certificate authorities of the operating system instead of Mozilla's
    #[arg(long, conflicts_with = "ca_file", help_heading = "Service")]
    pub(crate) system_roots: bool,
}
