//! Parses the events of a peer with serde_json, with borrowed text if possible, as its user does.

use std::borrow::Cow;

use serde::Deserialize;

use crate::witness::Witness;

#[derive(Deserialize)]
struct Meta<'a> {
    #[serde(borrow)]
    conversation_id: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Done<'a> {
    #[serde(borrow)]
    message_id: Cow<'a, str>,
}

/// Parses the event of a frame and passes it to the witness.
pub(super) fn read(event: &str, data: &str, witness: &mut impl Witness) {
    match event {
        "delta" => witness.delta(&parse::<Delta<'_>>(data).text),
        "ping" => witness.ping(),
        "meta" => witness.meta(&parse::<Meta<'_>>(data).conversation_id),
        "done" => witness.done(&parse::<Done<'_>>(data).message_id),
        _ => {}
    }
}

/// The text in the data of a delta.
pub(crate) fn text(data: &str) -> Cow<'_, str> {
    parse::<Delta<'_>>(data).text
}

fn parse<'a, T: Deserialize<'a>>(data: &'a str) -> T {
    serde_json::from_str(data).expect("the generator writes JSON")
}
