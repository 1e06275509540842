//! The endpoint of the service.

use std::ffi::CString;
use std::sync::Arc;

use highchat_proto::http::{InvalidBaseUrl, InvalidCredentials};
use highchat_proto::{self as proto, Credentials};

use crate::guard::Handle;
use crate::status::Status;
use crate::text::Text;

/// The credentials are a client API key.
pub const CREDENTIALS_KEY: u32 = 1;
/// The credentials are a public slug.
pub const CREDENTIALS_SLUG: u32 = 2;
/// There are no credentials: a backend of yours adds its own key.
pub const CREDENTIALS_NONE: u32 = 3;
/// Flag of `highchat_endpoint_new`: `http://` without TLS is allowed to every host. Everybody
/// who can listen on the network can then read the key.
pub const INSECURE_HTTP: u32 = 1;

/// The address of the service and the credentials for it. Conversations can share it.
pub struct Endpoint {
    is_broken: bool,
    pub(crate) endpoint: Arc<proto::Endpoint>,
    /// The host with a NUL at its end.
    host: CString,
}

/// Where to connect to. The texts are valid as long as the endpoint.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct EndpointInfo {
    /// The base URL, without a slash at its end.
    pub base_url: Text,
    /// The host name, or an IP address without brackets. A NUL follows it, so that
    /// `getaddrinfo` and TLS libraries can take it as it is.
    pub host: Text,
    /// The port.
    pub port: u16,
    /// Whether the pipe must use TLS.
    pub is_tls: bool,
    /// Whether the host is this machine.
    pub is_loopback: bool,
}

impl Handle for Endpoint {
    fn broken(&mut self) -> &mut bool {
        &mut self.is_broken
    }
}

impl Endpoint {
    pub(crate) fn new(
        base_url: Option<&str>,
        credentials_kind: u32,
        credentials: &str,
        flags: u32,
    ) -> Result<Self, Status> {
        let credentials = match credentials_kind {
            CREDENTIALS_KEY => Credentials::key(credentials),
            CREDENTIALS_SLUG => Credentials::slug(credentials),
            CREDENTIALS_NONE => Ok(Credentials::none()),
            _ => return Err(Status::InvalidNumber),
        };
        let credentials = credentials.map_err(|invalid| match invalid {
            InvalidCredentials::Slug => Status::InvalidSlug,
            _ => Status::InvalidKey,
        })?;
        let base_url = base_url.unwrap_or(proto::Endpoint::DEFAULT_BASE_URL);
        let endpoint = match flags {
            0 => proto::Endpoint::new(base_url, credentials),
            INSECURE_HTTP => proto::Endpoint::with_insecure_http(base_url, credentials),
            _ => return Err(Status::InvalidNumber),
        };
        let endpoint = endpoint.map_err(|invalid| match invalid {
            InvalidBaseUrl::Host => Status::BaseUrlHost,
            InvalidBaseUrl::Scheme => Status::BaseUrlScheme,
            InvalidBaseUrl::PlainHttp => Status::BaseUrlPlainHttp,
            InvalidBaseUrl::UserInfo => Status::BaseUrlUserInfo,
            InvalidBaseUrl::Query => Status::BaseUrlQuery,
            _ => Status::InvalidBaseUrl,
        })?;
        // A URL has no NUL in it, so this cannot fail.
        let host = CString::new(endpoint.host()).map_err(|_| Status::InvalidBaseUrl)?;
        Ok(Self {
            is_broken: false,
            endpoint: Arc::new(endpoint),
            host,
        })
    }

    pub(crate) fn describe(&self) -> EndpointInfo {
        EndpointInfo {
            base_url: Text::of(self.endpoint.base_url()),
            host: Text {
                ptr: self.host.as_ptr(),
                len: self.host.as_bytes().len(),
            },
            port: self.endpoint.port(),
            is_tls: self.endpoint.is_tls(),
            is_loopback: self.endpoint.is_loopback(),
        }
    }
}
