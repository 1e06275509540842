//! Chooses the service and the credentials from flags, the environment, or a private
//! sandbox.

use std::path::Path;
use std::{env, fs, io};

use highchat_proto::http::{InvalidBaseUrl, Roots};
use highchat_proto::{Credentials, Endpoint};
use highchat_sandbox::Sandbox;

use crate::options::{RootsOptions, ServiceOptions};

/// The largest key file that is read, in bytes.
const MAX_KEY_FILE: u64 = 64 * 1024;
/// The largest certificate file that is read, in bytes. A system's file has about 200 KiB.
const MAX_CA_FILE: u64 = 16 * 1024 * 1024;

/// The service to talk to. Dropping it stops its private sandbox.
pub(crate) struct Connection {
    pub(crate) endpoint: Endpoint,
    sandbox: Option<Sandbox>,
}

/// The source of the credentials.
enum CredentialSource {
    Key(String),
    KeyFile(std::path::PathBuf),
    Slug(String),
    Nothing,
}

const NO_CREDENTIALS: &str = "no key and no slug: use --key-file FILE (or HIGHCHAT_KEY), --slug SLUG \
                      (or HIGHCHAT_SLUG), or --sandbox to talk to a private sandbox";

impl Connection {
    /// Chooses the service and checks its options. With `--sandbox` it starts a private
    /// sandbox.
    ///
    /// # Errors
    ///
    /// A sentence about what is wrong with the options. It never contains a key.
    pub(crate) fn open(options: &ServiceOptions) -> Result<Self, String> {
        if options.sandbox {
            return Self::sandbox().map_err(|error| format!("the sandbox did not start: {error}"));
        }
        let credentials = match credential_source(options)? {
            CredentialSource::Key(key) => Credentials::key(Credentials::key_in(&key)),
            CredentialSource::KeyFile(path) => {
                Credentials::key(Credentials::key_in(&read_key(&path)?))
            }
            CredentialSource::Slug(slug) => Credentials::slug(slug),
            CredentialSource::Nothing => Ok(Credentials::none()),
        };
        let credentials = credentials.map_err(|error| error.to_string())?;
        let base_url = match &options.base_url {
            Some(url) => Some(url.clone()),
            None => variable("HIGHCHAT_BASE_URL")?,
        };
        let base_url = base_url.as_deref().unwrap_or(Endpoint::DEFAULT_BASE_URL);
        let endpoint = if options.insecure_http {
            Endpoint::with_insecure_http(base_url, credentials)
        } else {
            Endpoint::new(base_url, credentials)
        };
        let endpoint = endpoint.map_err(|error| match error {
            InvalidBaseUrl::PlainHttp => format!("{error}, or with --insecure-http"),
            error => error.to_string(),
        })?;
        Ok(Self {
            endpoint,
            sandbox: None,
        })
    }

    /// Whether the service is a private sandbox, which ends with this run.
    pub(crate) const fn is_private(&self) -> bool {
        self.sandbox.is_some()
    }

    fn sandbox() -> io::Result<Self> {
        let sandbox = Sandbox::start()?;
        let credentials = Credentials::key(sandbox.key()).map_err(io::Error::other)?;
        let endpoint = Endpoint::new(sandbox.base_url(), credentials).map_err(io::Error::other)?;
        Ok(Self {
            endpoint,
            sandbox: Some(sandbox),
        })
    }
}

/// Reads an environment variable. An empty one counts as unset.
///
/// # Errors
///
/// The value is not UTF-8.
pub(crate) fn variable(name: &str) -> Result<Option<String>, String> {
    match env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(format!("{name} is not UTF-8")),
    }
}

/// Chooses the credentials. Any flag beats every environment variable.
fn credential_source(options: &ServiceOptions) -> Result<CredentialSource, String> {
    let flags = [
        options.key.clone().map(CredentialSource::Key),
        options.key_file.clone().map(CredentialSource::KeyFile),
        options.slug.clone().map(CredentialSource::Slug),
        options.no_key.then_some(CredentialSource::Nothing),
    ];
    if let Some(source) = flags.into_iter().flatten().next() {
        return Ok(source);
    }
    let key = variable("HIGHCHAT_KEY")?.map(CredentialSource::Key);
    let key_file =
        variable("HIGHCHAT_KEY_FILE")?.map(|path| CredentialSource::KeyFile(path.into()));
    let slug = variable("HIGHCHAT_SLUG")?.map(CredentialSource::Slug);
    let mut sources = [key, key_file, slug].into_iter().flatten();
    match (sources.next(), sources.next()) {
        (Some(source), None) => Ok(source),
        (None, _) => Err(NO_CREDENTIALS.into()),
        (Some(_), Some(_)) => Err("the environment has more than one of HIGHCHAT_KEY, \
                                   HIGHCHAT_KEY_FILE and HIGHCHAT_SLUG: which one is meant?"
            .into()),
    }
}

/// Returns the certificate authorities to trust. A flag beats the environment.
///
/// # Errors
///
/// The CA file cannot be read.
pub(crate) fn roots(options: &RootsOptions) -> Result<Roots, String> {
    if options.system_roots {
        return Ok(Roots::System);
    }
    let Some(path) = &options.ca_file else {
        // The adapters read the variable's file themselves when they first need TLS.
        let is_named = env::var_os("SSL_CERT_FILE").is_some_and(|name| !name.is_empty());
        return Ok(if is_named {
            Roots::Default
        } else {
            Roots::Mozilla
        });
    };
    let mut pem = Vec::new();
    let read = fs::File::open(path)
        .and_then(|file| io::Read::read_to_end(&mut io::Read::take(file, MAX_CA_FILE), &mut pem));
    match read {
        Ok(_) => Ok(Roots::Pem(pem.into())),
        Err(error) => Err(format!(
            "the CA file {} cannot be read: {error}",
            path.display()
        )),
    }
}

fn read_key(path: &Path) -> Result<String, String> {
    let read = || {
        let mut key = String::new();
        let file = fs::File::open(path)?;
        io::Read::read_to_string(&mut io::Read::take(file, MAX_KEY_FILE), &mut key)?;
        Ok(key)
    };
    read().map_err(|error: io::Error| {
        format!("the key file {} cannot be read: {error}", path.display())
    })
}
