//! reqwest in a browser, over `fetch`.

use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::LocalBoxStream;
use futures_util::{FutureExt, TryStreamExt};
use highchat_proto::failure::Cause;
use highchat_proto::http::{Head, InvalidRoots, Roots};
use highchat_proto::{Config, Endpoint, Failure};
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, USER_AGENT};
use reqwest::{ClientBuilder, Request, RequestBuilder, Response};

use crate::exchange::{Adjust, Http, cause};

pub(crate) use highchat_async::BrowserTimer as Timer;

pub(crate) type Opening = LocalBoxFuture<'static, Opened>;
type Opened = Result<(Head, Body), Failure>;
pub(crate) type Body = LocalBoxStream<'static, Result<Bytes, Cause>>;
/// A browser does not report what was sent.
pub(crate) type Sent = ();

pub(crate) fn opening(exchange: impl Future<Output = Opened> + 'static) -> Opening {
    exchange.boxed_local()
}

/// A browser has its own roots and proxies, and reqwest has no setting here that must be off.
pub(crate) fn build(
    _: &Endpoint,
    _: &Config,
    roots: &Roots,
    adjust: Option<Adjust<'_>>,
) -> Result<Http, InvalidRoots> {
    if *roots != Roots::Default {
        return Err(InvalidRoots::NotBuilt);
    }
    let mut builder = ClientBuilder::new();
    if let Some(adjust) = adjust {
        builder = adjust(builder);
    }
    Ok(match builder.build() {
        // The browser's pool is the same for both.
        Ok(fresh) => Http::Prepared {
            kept: fresh.clone(),
            fresh,
        },
        Err(error) => Http::Unusable(cause(error)),
    })
}

/// Leaves out the fields that a browser sets itself: some need the service's consent (CORS). A
/// poll is never answered from the browser's cache, and the page's cookies stay in the page.
pub(crate) fn request(
    mut request: http::Request<Bytes>,
    _: bool,
) -> reqwest::Result<(Request, Sent)> {
    for own in [ACCEPT_ENCODING, USER_AGENT] {
        request.headers_mut().remove(own);
    }
    let builder = RequestBuilder::from_parts(reqwest::Client::new(), request.try_into()?);
    let builder = builder.fetch_cache_no_store().fetch_credentials_omit();
    Ok((builder.build()?, ()))
}

/// `fetch` has the same error for everything that fails after the request was built.
pub(crate) fn is_not_sent(error: &reqwest::Error, _: &Sent, _: bool) -> bool {
    error.is_builder()
}

/// Removes the field that no longer describes the body, because `fetch` has decoded it.
pub(crate) fn decoded(mut response: Response) -> Response {
    response.headers_mut().remove(CONTENT_ENCODING);
    response
}

/// The chunks of a body. The browser reads ahead by a limited amount.
pub(crate) fn chunks(response: Response) -> Body {
    Box::pin(response.bytes_stream().map_err(cause))
}
