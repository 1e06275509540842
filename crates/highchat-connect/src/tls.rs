//! Whose certificates are trusted, in rustls' terms.

use std::sync::Arc;
use std::{env, fs, io};

use highchat_proto::http::{InvalidRoots, Roots};
use hyper_rustls::ConfigBuilderExt;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

pub(crate) fn config(roots: &Roots) -> Result<ClientConfig, InvalidRoots> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let tls = tls.map_err(|_| InvalidRoots::NotBuilt)?;
    let tls = match roots {
        Roots::Default => match named()? {
            Some(pem) => tls.with_root_certificates(store(&pem).map_err(of_file)?),
            #[cfg(feature = "native-roots")]
            None => system(tls)?,
            #[cfg(not(feature = "native-roots"))]
            None => tls.with_webpki_roots(),
        },
        Roots::Mozilla => tls.with_webpki_roots(),
        #[cfg(feature = "native-roots")]
        Roots::System => system(tls)?,
        Roots::Pem(pem) => tls.with_root_certificates(store(pem)?),
        _ => return Err(InvalidRoots::NotBuilt),
    };
    Ok(tls.with_no_client_auth())
}

#[cfg(feature = "native-roots")]
fn system(
    tls: rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>,
) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>, InvalidRoots> {
    let unreadable = |error: rustls::Error| InvalidRoots::Unreadable(error.to_string().into());
    tls.try_with_platform_verifier().map_err(unreadable)
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

fn store(pem: &[u8]) -> Result<RootCertStore, InvalidRoots> {
    let certificates = CertificateDer::pem_slice_iter(pem).filter_map(Result::ok);
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(certificates);
    (!store.is_empty())
        .then_some(store)
        .ok_or(InvalidRoots::NoCertificate)
}
