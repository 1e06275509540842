//! The address of Redis.

use core::fmt;
use core::time::Duration;
use std::borrow::Cow;
use std::path::Path;

use iri_string::types::UriStr;
use percent_encoding::percent_decode_str;
use redis::RedisConnectionInfo;

use crate::key::{self, KeyError};

/// The address of a Redis or Valkey server that several proxies share:
/// `redis://[USER][:PASSWORD@]HOST[:PORT][/DATABASE]`, or `rediss://…` with TLS. `valkey://` and
/// `valkeys://` mean the same.
///
/// No `Debug`, error or log line shows it, because it may have a password.
///
/// ```
/// use highchat_proxy::Redis;
///
/// let redis = Redis::new("rediss://:secret@redis.example:6380/1")?;
/// assert_eq!(format!("{redis:?}"), "Redis(…)");
/// assert!(Redis::new("http://redis.example").is_err());
/// # Ok::<(), highchat_proxy::InvalidRedis>(())
/// ```
#[derive(Clone)]
pub struct Redis {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) has_tls: bool,
    pub(crate) login: RedisConnectionInfo,
    pub(crate) prefix: String,
    pub(crate) patience: Duration,
}

/// The error for a text that is not the address of a Redis server. It does not show the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidRedis(());

impl fmt::Display for InvalidRedis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "not the address of a Redis server, such as redis://HOST:6379 or \
             rediss://:PASSWORD@HOST:6379/0",
        )
    }
}

impl core::error::Error for InvalidRedis {}

impl Redis {
    /// Parses an address. The default port is 6379, and the default database is 0.
    ///
    /// # Errors
    ///
    /// The text is not such an address, or has an option or a fragment.
    pub fn new(url: &str) -> Result<Self, InvalidRedis> {
        let url = UriStr::new(url).map_err(|_| InvalidRedis(()))?;
        let has_tls = match url.scheme_str() {
            "redis" | "valkey" => false,
            "rediss" | "valkeys" => true,
            _ => return Err(InvalidRedis(())),
        };
        if url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidRedis(()));
        }
        let authority = url.authority_components().ok_or(InvalidRedis(()))?;
        let host = authority.host().trim_matches(['[', ']']);
        let number = |text: &str| text.parse::<u16>().map_err(|_| InvalidRedis(()));
        let port = authority.port().filter(|port| !port.is_empty());
        let port = port.map_or(Ok(6379), number)?;
        let database = match url.path_str().trim_start_matches('/') {
            "" => 0,
            database => number(database)?,
        };
        if host.is_empty() {
            return Err(InvalidRedis(()));
        }
        let mut login = RedisConnectionInfo::default()
            .set_skip_set_lib_name()
            .set_db(database.into());
        let (user, password) = match authority.userinfo() {
            Some(info) => info
                .split_once(':')
                .map_or((info, None), |(u, p)| (u, Some(p))),
            None => ("", None),
        };
        if !user.is_empty() {
            login = login.set_username(decoded(user)?);
        }
        if let Some(password) = password {
            login = login.set_password(decoded(password)?);
        }
        Ok(Self {
            host: host.into(),
            port,
            has_tls,
            login,
            prefix: "highchat".into(),
            patience: Duration::from_millis(100),
        })
    }

    /// Reads an address from a file. White space around it is ignored.
    ///
    /// # Errors
    ///
    /// The outer error: the file cannot be read. The inner error: it holds no address.
    pub fn read(path: &Path) -> Result<Result<Self, InvalidRedis>, KeyError> {
        Ok(Self::new(key::read_file(path)?.trim()))
    }

    /// Begins the names of all entries in Redis with `prefix`. Default: `highchat`. Proxies with
    /// one key must use the same prefix.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets the longest time that a request waits for Redis, in all. A call that takes longer
    /// means that Redis is away. Default: 100 ms; at most a minute. A proxy that has lost Redis waits
    /// longer for its part of the limit if the others may notice the loss later.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience.min(Duration::from_secs(60));
        self
    }
}

/// Decodes a part of the login.
fn decoded(text: &str) -> Result<Cow<'_, str>, InvalidRedis> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map_err(|_| InvalidRedis(()))
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redis(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_may_have_a_port_a_login_and_a_database() {
        for (url, host, port, has_tls, database, password) in [
            ("redis://localhost", "localhost", 6379, false, 0, None),
            ("rediss://[::1]:1/7", "::1", 1, true, 7, None),
            (
                "valkeys://:p%40s@h.example",
                "h.example",
                6379,
                true,
                0,
                Some("p@s"),
            ),
            (
                "redis://ani:secret@10.0.0.1/2",
                "10.0.0.1",
                6379,
                false,
                2,
                Some("secret"),
            ),
        ] {
            let redis = Redis::new(url).unwrap();
            assert_eq!((redis.host.as_str(), redis.port), (host, port), "{url}");
            assert_eq!(
                (redis.has_tls, redis.login.db()),
                (has_tls, database),
                "{url}"
            );
            assert_eq!(redis.login.password(), password, "{url}");
            assert!(!format!("{redis:?}").contains(host));
        }
    }

    #[test]
    fn any_other_text_is_refused_without_showing_it() {
        for url in [
            "",
            "localhost:6379",
            "http://h",
            "redis://",
            "redis://h:port",
            "redis://h/one",
            "rediss://h#insecure",
            "redis://h?protocol=resp3",
            "unix:///run/redis.sock",
            "redis+unix:///run/redis.sock",
            "redis://:secret@",
            "redis://h/99999999",
        ] {
            let error = Redis::new(url).unwrap_err().to_string();
            assert!(
                !error.contains("secret") && error.contains("redis://HOST"),
                "{url}"
            );
        }
    }
}
