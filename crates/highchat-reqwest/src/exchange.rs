//! One exchange over reqwest: a request, the head of its answer, and the body.

use core::pin::pin;

use futures_util::future::{Either, select};
use highchat_async::Timer as _;
use highchat_proto::failure::Cause;
use highchat_proto::http::{Head, Request};
use highchat_proto::{Config, Failure};
use reqwest::ClientBuilder;

use crate::platform::{self, Body, Timer};

/// What a program changes in a builder.
pub(crate) type Adjust<'a> = Box<dyn Fn(ClientBuilder) -> ClientBuilder + 'a>;

/// The reqwest clients, by what is known about their settings.
#[derive(Clone, Debug)]
pub(crate) enum Http {
    /// Everything in the crate's list is off, except that `kept` has a pool.
    Prepared {
        /// For messages: each gets a connection of its own.
        fresh: reqwest::Client,
        /// For requests that may be sent again.
        kept: reqwest::Client,
    },
    /// The program's own client, whose settings cannot be checked.
    Unchecked(reqwest::Client),
    /// It could not be built. Each request fails as not sent.
    Unusable(Cause),
}

/// Sends a request, and waits for the head of its answer. `place` is the service, for errors.
///
/// A request that may be sent again goes out on a connection from the pool. It is sent again on
/// a connection of its own if that one is lost or silent.
pub(crate) async fn open(
    http: &Http,
    request: Request,
    place: &str,
) -> Result<(Head, Body), Failure> {
    let (client, is_prepared) = match http {
        Http::Prepared { fresh, kept } => {
            if !request.is_message() {
                let first = pin!(exchange(kept, request.clone(), place, true));
                match select(first, Timer::sleep(Config::REUSE_TIMEOUT)).await {
                    Either::Left((Err(Failure::Unanswered(_)), _)) | Either::Right(_) => {}
                    Either::Left((result, _)) => return result,
                }
            }
            (fresh, true)
        }
        Http::Unchecked(client) => (client, false),
        Http::Unusable(cause) => return Err(Failure::NotSent(cause.at(place))),
    };
    exchange(client, request, place, is_prepared).await
}

async fn exchange(
    client: &reqwest::Client,
    request: Request,
    place: &str,
    is_prepared: bool,
) -> Result<(Head, Body), Failure> {
    let made = platform::request(request.into(), is_prepared);
    let (request, sent) = made.map_err(|error| Failure::NotSent(cause(error).at(place)))?;
    let url = request.url().clone();
    let answered = client.execute(request).await.map(platform::decoded);
    let response = answered.map_err(|error| {
        if platform::is_not_sent(&error, &sent, is_prepared) {
            Failure::NotSent(cause(error).at(place))
        } else {
            Failure::Unanswered(cause(error))
        }
    })?;
    let unanswered = |why| Err(Failure::Unanswered(Cause::from(why)));
    if *response.url() != url {
        return unanswered("the HTTP client followed a redirect");
    }
    let fields = response.headers().iter();
    let lens = fields.map(|(name, value)| name.as_str().len() + value.len() + ":\r\n".len());
    if lens.sum::<usize>() > Config::HEAD_LIMIT {
        return unanswered("the head is too long");
    }
    let head = Head::from((response.status(), response.headers()));
    Ok((head, platform::chunks(response)))
}

/// The cause of an error, without the URL: it contains the slug.
pub(crate) fn cause(error: reqwest::Error) -> Cause {
    Cause::of(&error.without_url())
}
