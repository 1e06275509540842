//! reqwest on a native target, over hyper and tokio.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{self, BoxFuture};
use futures_util::stream::{BoxStream, try_unfold};
use highchat_connect::{is_refused, proxy};
use highchat_proto::failure::Cause;
use highchat_proto::http::{Head, InvalidRoots, Roots};
use highchat_proto::{Config, Endpoint, Failure};
use http::header::{CONNECTION, CONTENT_LENGTH};
use http::{HeaderValue, Method};
use http_body_util::{BodyExt, Full};
use reqwest::{ClientBuilder, Proxy, Request, Response, redirect, retry};
use tokio::runtime::Handle;

use crate::exchange::{Adjust, Http, cause};

pub(crate) use highchat_async::TokioTimer as Timer;

pub(crate) type Opening = BoxFuture<'static, Opened>;
type Opened = Result<(Head, Body), Failure>;
pub(crate) type Body = BoxStream<'static, Result<Bytes, Cause>>;
/// Whether a byte of the body was asked for; `None` if the request has no body.
pub(crate) type Sent = Option<Arc<AtomicBool>>;

/// The largest number of fields that a head within the limit can have: each line has at least
/// a name, a colon and an end.
const MAX_FIELDS: usize = Config::HEAD_LIMIT / "n:\n".len();
/// The number of bytes that the service may send over HTTP/2 before the client reads them: the
/// default of the standard, some minutes of a reply.
const WINDOW: u32 = 65_535;
/// A timeout that never passes, some 136 years. reqwest adds it to the time of day, which
/// `Duration::MAX` would overflow.
const FOREVER: Duration = Duration::from_secs(u32::MAX as u64);

/// An exchange that is dropped in the runtime that polled it.
///
/// When an answered exchange is dropped, reqwest's pool may start a task, which panics outside a
/// runtime. A program that has left its runtime may still hold the exchange.
struct InRuntime(Opening, Handle);

impl Drop for InRuntime {
    fn drop(&mut self) {
        let _inside = self.1.enter();
        self.0 = future::pending().boxed();
    }
}

pub(crate) fn opening(exchange: impl Future<Output = Opened> + Send + 'static) -> Opening {
    Box::pin(async move {
        let mut exchange = InRuntime(exchange.boxed(), Handle::current());
        (&mut exchange.0).await
    })
}

/// Builds the clients with everything off that must be off. Whatever `adjust` turned on is
/// turned off after it.
pub(crate) fn build(
    endpoint: &Endpoint,
    config: &Config,
    roots: &Roots,
    adjust: Option<Adjust<'_>>,
) -> Result<Http, InvalidRoots> {
    // The proxy looks up the name of the service, as with the other adapters.
    let parse = |url: &str| Proxy::all(url.replacen("socks5://", "socks5h://", 1)).ok();
    let proxy = match proxy(endpoint, parse) {
        Ok(proxy) => proxy,
        Err(refusal) => return Ok(Http::Unusable(refusal)),
    };
    // What `adjust` returns may have a proxy that needs TLS.
    let trusting = trusting(roots, endpoint.is_tls() || adjust.is_some())?;
    let prepared = || {
        let mut builder = trusting().no_proxy();
        if let Some(proxy) = proxy.clone() {
            builder = builder.proxy(proxy);
        }
        if let Some(adjust) = &adjust {
            // A timeout cannot be unset.
            builder = adjust(builder).timeout(FOREVER).read_timeout(FOREVER);
        }
        builder
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .connect_timeout(config.connect_timeout())
            .http1_max_headers(MAX_FIELDS)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http2_max_header_list_size(Config::HEAD_LIMIT as u32)
            .http2_adaptive_window(false)
            .http2_initial_stream_window_size(WINDOW)
            .http2_initial_connection_window_size(WINDOW)
    };
    let fresh = prepared().pool_max_idle_per_host(0);
    // HTTP/2 keeps a silent connection in the pool, unless its pings are not answered.
    let kept = prepared()
        .pool_max_idle_per_host(usize::from(!config.keep_alive.is_zero()))
        .pool_idle_timeout(config.keep_alive)
        .http2_keep_alive_interval(Config::REUSE_TIMEOUT)
        .http2_keep_alive_timeout(Config::REUSE_TIMEOUT);
    let built = fresh.build().and_then(|fresh| {
        let kept = kept.build()?;
        Ok(Http::Prepared { fresh, kept })
    });
    Ok(built.unwrap_or_else(|error| Http::Unusable(cause(error))))
}

#[cfg(feature = "rustls")]
fn trusting(roots: &Roots, is_tls: bool) -> Result<impl Fn() -> ClientBuilder, InvalidRoots> {
    // A service without TLS needs no certificates, so none are read.
    let roots = if is_tls { roots } else { &Roots::Mozilla };
    let mut tls = highchat_connect::tls_config(roots)?;
    tls.alpn_protocols = vec![b"h2".into(), b"http/1.1".into()];
    Ok(move || ClientBuilder::new().tls_backend_preconfigured(tls.clone()))
}

/// The TLS of reqwest's features, if there is one.
#[cfg(not(feature = "rustls"))]
fn trusting(roots: &Roots, _: bool) -> Result<impl Fn() -> ClientBuilder, InvalidRoots> {
    let is_default = *roots == Roots::Default;
    is_default
        .then_some(ClientBuilder::new)
        .ok_or(InvalidRoots::NotBuilt)
}

/// Makes a request. Its body cannot be copied, so reqwest can neither retry the request nor
/// repeat it at the target of a redirect. For a client of the program's own, the request itself
/// sets what that client may lack.
pub(crate) fn request(
    request: http::Request<Bytes>,
    is_prepared: bool,
) -> reqwest::Result<(Request, Sent)> {
    let sent = (request.method() == Method::POST).then(Arc::<AtomicBool>::default);
    let len = request.body().len();
    let mut request = Request::try_from(request.map(|bytes| match sent.clone() {
        None => reqwest::Body::from(bytes),
        Some(sent) => reqwest::Body::wrap(Full::new(bytes).map_frame(move |frame| {
            sent.store(true, Ordering::Relaxed);
            frame
        })),
    }))?;
    if sent.is_some() {
        request.headers_mut().insert(CONTENT_LENGTH, len.into());
    }
    if !is_prepared {
        *request.timeout_mut() = Some(FOREVER);
        let close = HeaderValue::from_static("close");
        request.headers_mut().insert(CONNECTION, close);
    }
    Ok((request, sent))
}

/// Whether the service surely did not take the request.
///
/// A connection error alone proves nothing: a client that was brought may have followed a
/// redirect after the message was sent. But nobody can take a message whose body was never
/// asked for.
pub(crate) fn is_not_sent(error: &reqwest::Error, sent: &Sent, is_prepared: bool) -> bool {
    match sent {
        Some(sent) if sent.load(Ordering::Relaxed) => is_prepared && is_refused(error),
        Some(_) => true,
        None => error.is_connect(),
    }
}

/// Nothing is decoded.
pub(crate) const fn decoded(response: Response) -> Response {
    response
}

/// The chunks of a body. They are read only when they are asked for.
pub(crate) fn chunks(response: Response) -> Body {
    Box::pin(try_unfold(response, async |mut response: Response| {
        let chunk = response.chunk().await.map_err(cause)?;
        Ok(chunk.map(|chunk| (chunk, response)))
    }))
}
