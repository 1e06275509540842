//! Forwards replies to a browser as an event stream. `POST /chat` takes the same JSON as the
//! API's own `POST /v1/chat`. The browser never sees the key.
//!
//! If a reply is cut, the answer to the browser is cut too, so a browser never takes a part
//! for the whole. This is a minimal backend; `highchat-proxy` also has limits, signed ids and
//! polls.
//!
//! In a program of your own, reading the request takes the feature `serde` of `highchat-hyper`.
//!
//! `HIGHCHAT_KEY` or `HIGHCHAT_SLUG` is the credential. `HIGHCHAT_BASE_URL` is the address of
//! the service, if it is not the default one.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use axum::routing::post;
use axum::{Json, Router};
use futures_util::{Stream, TryStreamExt};
use highchat_hyper::{ChatRequest, Client, Failure};

async fn relay(
    State(client): State<Client>,
    Json(request): Json<ChatRequest>,
) -> Result<Sse<impl Stream<Item = Result<Event, Failure>>>, (StatusCode, String)> {
    match client.chat(&request).await {
        Ok(reply) => Ok(Sse::new(reply.map_ok(|event| {
            Event::default().event(event.name()).data(event.data())
        }))),
        Err(failure) => Err((StatusCode::BAD_GATEWAY, failure.to_string())),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn core::error::Error>> {
    let routes = Router::new().route("/chat", post(relay));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, routes.with_state(Client::from_env()?)).await?;
    Ok(())
}
