//! `eventsource-client`. Its parser is private, so the whole client runs with a transport that
//! returns the chunks. This adds time once per stream, but not for each event.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use eventsource_client::{Client, ClientBuilder, Event, ReconnectOptions, SSE};
use http::{Request, Response};
use launchdarkly_sdk_transport::{ByteStream, HttpTransport, ResponseFuture};

use super::polling::{Ready, drain};
use super::{Decode, json};
use crate::cuts::Feed;
use crate::witness::Witness;

pub(super) struct EventsourceClient;

/// A transport that answers the first request with the body that it has.
#[derive(Clone)]
struct Canned(Arc<Mutex<Option<ByteStream>>>);

impl HttpTransport for Canned {
    fn request(&self, _: Request<Option<Bytes>>) -> ResponseFuture {
        let body = self.0.lock().expect("no thread panicked").take();
        let body = body.expect("it does not reconnect");
        Box::pin(async { Ok(Response::new(body)) })
    }
}

fn decode(chunks: impl Feed, mut take: impl FnMut(Event)) {
    let body = Ready(chunks.map(|chunk| Ok(Bytes::from_static(chunk))));
    let transport = Canned(Arc::new(Mutex::new(Some(Box::pin(body)))));
    let client = ClientBuilder::for_url("http://h.example/")
        .expect("a URL")
        .reconnect(ReconnectOptions::reconnect(false).build())
        .build_with_transport(transport);
    drain(client.stream(), |item| {
        if let Ok(SSE::Event(event)) = item {
            take(event);
        }
    });
}

impl Decode for EventsourceClient {
    fn framing(chunks: impl Feed, witness: &mut impl Witness) {
        decode(chunks, |event| {
            witness.frame(event.event_type.as_bytes(), event.data.as_bytes());
        });
    }

    fn typed(chunks: impl Feed, witness: &mut impl Witness) {
        decode(chunks, |event| {
            json::read(&event.event_type, &event.data, witness);
        });
    }
}
