//! Whose certificates are trusted, in ureq's terms.

use highchat_proto::http::{InvalidRoots, Roots};
use ureq::config::ConfigBuilder;
use ureq::typestate::AgentScope;

type Builder = ConfigBuilder<AgentScope>;

/// Trusts those; or says why nobody is trusted.
#[cfg(any(feature = "rustls", feature = "native-roots"))]
pub(crate) fn trust(ureq: Builder, roots: &Roots) -> (Builder, Option<InvalidRoots>) {
    match tls::config(roots) {
        Ok(tls) => (ureq.tls_config(tls), None),
        Err(error) => (ureq, Some(error)),
    }
}

/// Without TLS there is nobody to trust, and ureq says so by itself.
#[cfg(not(any(feature = "rustls", feature = "native-roots")))]
pub(crate) fn trust(ureq: Builder, roots: &Roots) -> (Builder, Option<InvalidRoots>) {
    (
        ureq,
        (*roots != Roots::Default).then_some(InvalidRoots::NotBuilt),
    )
}

#[cfg(any(feature = "rustls", feature = "native-roots"))]
mod tls {
    use std::sync::Arc;
    use std::{env, fs, io};

    use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

    use super::*;

    pub(super) fn config(roots: &Roots) -> Result<TlsConfig, InvalidRoots> {
        let roots = match roots {
            Roots::Default => match named()? {
                Some(pem) => specific(&pem).map_err(of_file)?,
                None if cfg!(feature = "native-roots") => RootCerts::PlatformVerifier,
                None => RootCerts::WebPki,
            },
            Roots::Mozilla => RootCerts::WebPki,
            Roots::System if cfg!(feature = "native-roots") => RootCerts::PlatformVerifier,
            Roots::Pem(pem) => specific(pem)?,
            _ => return Err(InvalidRoots::NotBuilt),
        };
        Ok(TlsConfig::builder().root_certs(roots).build())
    }

    /// What is in the file that the environment names.
    fn named() -> Result<Option<Vec<u8>>, InvalidRoots> {
        let name = env::var_os("SSL_CERT_FILE").filter(|name| !name.is_empty());
        let unreadable = |error: io::Error| InvalidRoots::Unreadable(error.to_string().into());
        name.map(fs::read).transpose().map_err(unreadable)
    }

    fn of_file(error: InvalidRoots) -> InvalidRoots {
        InvalidRoots::Unreadable(error.to_string().into())
    }

    fn specific(pem: &[u8]) -> Result<RootCerts, InvalidRoots> {
        let certificates: Vec<_> = parse_pem(pem)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        if certificates.is_empty() {
            return Err(InvalidRoots::NoCertificate);
        }
        Ok(RootCerts::Specific(Arc::new(certificates)))
    }
}
