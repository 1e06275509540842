//! Configures the certificates that rustls trusts.

use std::sync::Arc;

use highchat_proto::http::{InvalidRoots, Roots};
use hyper_rustls::ConfigBuilderExt;
use rustls::client::WantsClientCert;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};

use crate::roots::Trusted;

/// The configuration of rustls that trusts `roots`, for an HTTP client that connects by itself.
/// It offers no protocol (ALPN): set `alpn_protocols`.
///
/// # Errors
///
/// The certificates cannot be read, none is valid, or this build cannot use them.
pub fn config(roots: &Roots) -> Result<ClientConfig, InvalidRoots> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let tls = tls.map_err(|_| InvalidRoots::NotBuilt)?;
    let tls = match Trusted::of(roots, cfg!(feature = "native-roots"), store)? {
        Trusted::Mozilla => tls.with_webpki_roots(),
        Trusted::System => system(tls)?,
        Trusted::Only(store) => tls.with_root_certificates(store),
    };
    Ok(tls.with_no_client_auth())
}

#[cfg(feature = "native-roots")]
fn system(
    tls: ConfigBuilder<ClientConfig, WantsVerifier>,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, InvalidRoots> {
    let unreadable = |error: rustls::Error| InvalidRoots::Unreadable(error.to_string().into());
    tls.try_with_platform_verifier().map_err(unreadable)
}

#[cfg(not(feature = "native-roots"))]
fn system(
    _: ConfigBuilder<ClientConfig, WantsVerifier>,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, InvalidRoots> {
    Err(InvalidRoots::NotBuilt)
}

fn store(pem: &[u8]) -> Result<RootCertStore, InvalidRoots> {
    let certificates = CertificateDer::pem_slice_iter(pem).filter_map(Result::ok);
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(certificates);
    (!store.is_empty())
        .then_some(store)
        .ok_or(InvalidRoots::NoCertificate)
}
