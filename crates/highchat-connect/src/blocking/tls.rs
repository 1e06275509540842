//! Configures the certificates that ureq trusts.

use highchat_proto::Endpoint;
use highchat_proto::http::{InvalidRoots, Roots};
use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::typestate::AgentScope;

pub(super) type Builder = ConfigBuilder<AgentScope>;

/// Returns a configuration that trusts `roots`. They are not read for a service without TLS.
pub(super) fn config(endpoint: &Endpoint, roots: &Roots) -> Result<Builder, InvalidRoots> {
    let config = Agent::config_builder();
    if endpoint.is_tls() {
        trust(config, roots)
    } else {
        Ok(config)
    }
}

#[cfg(feature = "blocking-rustls")]
fn trust(config: Builder, roots: &Roots) -> Result<Builder, InvalidRoots> {
    use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

    use crate::roots::Trusted;

    let parse = |pem: &[u8]| {
        let items = parse_pem(pem).filter_map(Result::ok);
        let certificates = items.filter_map(|item| match item {
            PemItem::Certificate(certificate) => Some(certificate),
            _ => None,
        });
        let certificates: Vec<_> = certificates.collect();
        if certificates.is_empty() {
            return Err(InvalidRoots::NoCertificate);
        }
        Ok(certificates)
    };
    let trusted = Trusted::of(roots, cfg!(feature = "blocking-native-roots"), parse)?;
    let roots = match trusted {
        Trusted::Mozilla => RootCerts::WebPki,
        Trusted::System => RootCerts::PlatformVerifier,
        Trusted::Only(certificates) => RootCerts::Specific(certificates.into()),
    };
    Ok(config.tls_config(TlsConfig::builder().root_certs(roots).build()))
}

/// Rejects roots that the program names: this build has no TLS. With the default roots the
/// connection itself reports the missing TLS.
#[cfg(not(feature = "blocking-rustls"))]
fn trust(config: Builder, roots: &Roots) -> Result<Builder, InvalidRoots> {
    if *roots == Roots::Default {
        Ok(config)
    } else {
        Err(InvalidRoots::NotBuilt)
    }
}
