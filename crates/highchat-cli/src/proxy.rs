//! `highchat proxy`: runs a proxy that keeps the key on your server.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use highchat_proto::Endpoint;
use highchat_proxy::{Config, InvalidConfig, KeySource, Proxy, Redis, Secret, Server};

use crate::connection::{roots, variable};
use crate::exit::Exit;
use crate::options::ProxyOptions;
use crate::screen::Screen;
use crate::signals::{self, ServerSignal};
use crate::{logging, standard};

pub(crate) fn run(options: ProxyOptions) -> Exit {
    let verbose = options.verbose.max(1);
    let (listen, metrics) = (options.listen, options.metrics);
    let (format, is_check) = (options.log_format, options.check_config);
    let made = logging::start(verbose, &Screen::default(), format).and_then(|()| make(options));
    let proxy = match made {
        Ok(proxy) => proxy,
        Err(message) => {
            standard::err(&format!("error: {message}\n"));
            return Exit::Usage;
        }
    };
    if is_check {
        return match standard::out("the configuration is valid\n") {
            Ok(()) => Exit::Complete,
            Err(_) => Exit::Other,
        };
    }
    let served = Server::start(proxy, listen, metrics)
        .map_err(|error| io::Error::new(error.kind(), format!("{listen}: {error}")))
        .and_then(serve);
    match served {
        Ok(exit) => exit,
        Err(error) => {
            standard::err(&format!("error: the proxy cannot run: {error}\n"));
            Exit::Other
        }
    }
}

/// Serves until a signal ends it.
fn serve(server: Server) -> io::Result<Exit> {
    let ended = Arc::new(Mutex::new(None));
    let (proxy, end) = (server.proxy().clone(), Arc::clone(&ended));
    signals::watch_for_server(move |signal| match signal {
        ServerSignal::Reload => match proxy.reload_key() {
            Ok(()) => log::info!("the key was read again"),
            Err(error) => {
                log::error!("THE KEY COULD NOT BE READ AGAIN; the old key stays in use: {error}")
            }
        },
        ServerSignal::End(exit) => {
            let mut end = end.lock().unwrap_or_else(PoisonError::into_inner);
            if end.replace(exit).is_some() {
                std::process::exit(exit.code().into());
            }
            log::info!("ending: streams may finish");
            proxy.drain();
        }
    })?;
    if let Some(addr) = server.metrics_addr() {
        log::info!("metrics at http://{addr}/metrics");
    }
    standard::out(&format!("listening on http://{}\n", server.addr()))?;
    server.wait();
    let ended = ended.lock().unwrap_or_else(PoisonError::into_inner);
    // Without a signal, the server ends only if one of its threads panics.
    Ok(ended.unwrap_or(Exit::Other))
}

/// Builds the proxy. The error is a sentence about what is wrong with the options.
fn make(options: ProxyOptions) -> Result<Proxy, String> {
    let key = key_source(&options)?;
    let redis = redis(&options)?;
    let mut config = Config::default();
    let base_url = match options.base_url {
        Some(url) => Some(url),
        None => variable("HIGHCHAT_BASE_URL")?,
    };
    config.base_url = base_url.unwrap_or_else(|| Endpoint::DEFAULT_BASE_URL.into());
    config.insecure_http = options.insecure_http;
    config.roots = roots(&options.roots)?;
    config.prefix = options.prefix;
    config.allow_origins = options.allow_origin;
    config.trusted_networks = options.trust;
    config.visitor_header = options.visitor_header;
    config.secret = options.secret_file.as_deref().map(secret).transpose()?;
    config.redis = redis;
    config.heal = !options.no_heal;
    config.messages_in_all = options.messages;
    config.messages_a_visitor = options.visitor_messages;
    config.polls_a_visitor = options.visitor_polls;
    config.streams = options.streams;
    config.streams_a_visitor = options.visitor_streams;
    config.held_bytes = usize::from(options.held_mib) << 20;
    config.connections = options.connections;
    config.connections_a_visitor = options.visitor_connections;
    Proxy::new(config, key).map_err(|error| match error {
        InvalidConfig::BaseUrl(highchat_proto::http::InvalidBaseUrl::PlainHttp) => {
            format!("{error}, or with --insecure-http")
        }
        error => error.to_string(),
    })
}

/// Chooses where the key comes from: a flag, then the environment, then the credentials
/// directory.
fn key_source(options: &ProxyOptions) -> Result<KeySource, String> {
    if let Some(path) = &options.key_file {
        return Ok(KeySource::File(path.clone()));
    }
    match (variable("HIGHCHAT_KEY_FILE")?, variable("HIGHCHAT_KEY")?) {
        (Some(path), None) => Ok(KeySource::File(path.into())),
        (None, Some(_)) => Ok(KeySource::Variable("HIGHCHAT_KEY".into())),
        (Some(_), Some(_)) => Err(
            "the environment has both HIGHCHAT_KEY and HIGHCHAT_KEY_FILE: \
                                   which one is meant?"
                .into(),
        ),
        (None, None) if variable("CREDENTIALS_DIRECTORY")?.is_some() => {
            Ok(KeySource::Credential("highchat-key".into()))
        }
        (None, None) => Err(
            "no key: give --key-file FILE, HIGHCHAT_KEY, or a file highchat-key \
                             in $CREDENTIALS_DIRECTORY"
                .into(),
        ),
    }
}

/// Finds the address of Redis: a flag, then the environment. No error shows it.
fn redis(options: &ProxyOptions) -> Result<Option<Redis>, String> {
    let file = |path: &Path| {
        let read = Redis::read(path).map_err(|error| error.to_string())?;
        read.map_err(|error| format!("{}: {error}", path.display()))
    };
    let url = |from: &str, url: &str| Redis::new(url).map_err(|error| format!("{from}: {error}"));
    if let Some(path) = &options.redis_file {
        return file(path).map(Some);
    }
    if let Some(text) = &options.redis {
        return url("--redis", &text.0).map(Some);
    }
    match (
        variable("HIGHCHAT_REDIS_FILE")?,
        variable("HIGHCHAT_REDIS")?,
    ) {
        (None, None) => Ok(None),
        (Some(path), None) => file(Path::new(&path)).map(Some),
        (None, Some(text)) => url("HIGHCHAT_REDIS", &text).map(Some),
        (Some(_), Some(_)) => Err(
            "the environment has both HIGHCHAT_REDIS and HIGHCHAT_REDIS_FILE: \
                                   which one is meant?"
                .into(),
        ),
    }
}

fn secret(path: &Path) -> Result<Secret, String> {
    let read = Secret::read(path).map_err(|error| error.to_string())?;
    read.map_err(|error| format!("{}: {error}", path.display()))
}
