//! The three endpoints, a call each.

use core::pin::pin;
use core::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use highchat_proto::http::{Answer, Head, Request};
use highchat_proto::{ChatRequest, Failure, MessagesRequest, Page, RatingRequest};

use crate::reply::Reply;
use crate::transport::{Timer, Transport};

/// Sends a message, and waits for the head of the reply.
///
/// It waits at most [`response_timeout`](highchat_proto::config::Config::response_timeout).
///
/// Dropping the future gives the exchange up. The service may already have accepted the
/// message, so a program must not send it again.
///
/// # Errors
///
/// There is no reply. The [`Failure`] says whether the service may still have accepted the
/// message.
pub async fn chat<T: Transport>(client: &T, request: &ChatRequest) -> Result<Reply<T>, Failure> {
    let (endpoint, config) = (client.endpoint(), client.config());
    let (head, body) = exchange(client, endpoint.chat(request)).await?;
    if let Some(answer) = Answer::to_chat(head, endpoint, config) {
        let answer = read(client, body, answer).await;
        return Err(answer.into_chat_error().into());
    }
    Ok(Reply::new(endpoint, config, body))
}

/// Gets the messages of a conversation.
///
/// It waits at most [`response_timeout`](highchat_proto::config::Config::response_timeout) for
/// the head of the answer, and as long again for the body.
///
/// # Errors
///
/// There is no valid page of messages. Calling again does no harm.
pub async fn messages<T: Transport>(
    client: &T,
    request: &MessagesRequest,
) -> Result<Page, Failure> {
    let (head, body) = exchange(client, client.endpoint().messages(request)).await?;
    let answer = Answer::to_messages(head, client.endpoint(), client.config());
    Ok(read(client, body, answer).await.into_page()?)
}

/// Rates a conversation. The timeouts are the same as for [`messages`].
///
/// # Errors
///
/// The service may not have accepted the rating. Rating again does no harm: the last rating
/// counts.
pub async fn rate<T: Transport>(client: &T, request: &RatingRequest) -> Result<(), Failure> {
    let (head, body) = exchange(client, client.endpoint().rate(request)).await?;
    let answer = Answer::to_rating(head, client.endpoint(), client.config());
    Ok(read(client, body, answer).await.into_rating()?)
}

async fn exchange<T: Transport>(client: &T, request: Request) -> Result<(Head, T::Body), Failure> {
    let limit = client.config().response_timeout;
    let opening = client.open(request, &T::Kept::default());
    let opened = within::<T::Timer, _>(limit, opening).await;
    // The connection timeout is shorter, so a part of the request may have been sent.
    opened.unwrap_or(Err(Failure::TimedOut))
}

/// Reads the body of an answer that is not a reply stream. On an error or a timeout, the
/// answer keeps what arrived.
async fn read<T: Transport>(client: &T, mut body: T::Body, mut answer: Answer) -> Answer {
    let is_over = {
        let reading = pin!(async {
            while answer.wants_more() {
                match body.next().await {
                    Some(Ok(chunk)) => answer.handle_body(&chunk),
                    Some(Err(_)) => answer.handle_interruption(),
                    None => break,
                }
            }
        });
        within::<T::Timer, _>(client.config().response_timeout, reading).await
    };
    if is_over.is_none() {
        answer.handle_interruption();
    }
    answer
}

async fn within<T: Timer, F: Future + Unpin>(limit: Duration, future: F) -> Option<F::Output> {
    match select(future, T::sleep(limit)).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}
