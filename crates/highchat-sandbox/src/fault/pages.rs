//! Faults of polls: refusals, and changes of the page that a poll shows.

use serde_json::{Value, json};

use super::{Fault, Faults, Injection};

/// The faults of one poll.
#[derive(Clone, Debug, Default)]
pub(crate) struct PollFaults {
    /// The refusal instead of the page.
    pub(crate) refusal: Option<Injection>,
    /// The faults of the page.
    pub(crate) faults: Faults,
}

/// Whether one of the faults makes every page show all messages of the person again.
pub(crate) fn repeats(faults: &Faults) -> bool {
    [
        Fault::PollDuplicates,
        Fault::PollSameTimestamp,
        Fault::PollOutOfOrder,
    ]
    .into_iter()
    .any(|fault| faults.has(fault))
}

/// Applies the faults to a page.
pub(crate) fn reshape(page: &mut Value, faults: &Faults) {
    if faults.has(Fault::PollUnknownState) {
        page["state"] = json!("on_hold");
    }
    let Some(messages) = page["messages"].as_array_mut() else {
        return;
    };
    if faults.has(Fault::PollSameTimestamp) {
        if let Some(first) = messages
            .first()
            .map(|message| message["created_at"].clone())
        {
            for message in messages.iter_mut() {
                message["created_at"] = first.clone();
            }
        }
    }
    if faults.has(Fault::PollDuplicates) {
        *messages = messages
            .iter()
            .flat_map(|message| [message.clone(), message.clone()])
            .collect();
    }
    if faults.has(Fault::PollOutOfOrder) {
        messages.reverse();
    }
    if faults.has(Fault::PollOddMessage) {
        let mut odd = odd_entries();
        let last = odd.split_off(odd.len() / 2);
        messages.splice(..0, odd);
        messages.extend(last);
    }
}

/// Returns entries that are not valid messages, each for another reason. None has a time, so
/// that they do not change the client's `after`.
fn odd_entries() -> Vec<Value> {
    let whole = json!({ "id": "odd", "role": "assistant", "content": ODD, "created_at": null });
    let with = |name: &str, value: Value| {
        let mut entry = whole.clone();
        entry[name] = value;
        entry
    };
    let without = |name: &str| {
        let mut entry = whole.clone();
        if let Some(fields) = entry.as_object_mut() {
            fields.remove(name);
        }
        entry
    };
    vec![
        Value::Null,
        with("content", Value::Null),
        without("content"),
        with("role", Value::Null),
        without("role"),
        with("id", Value::Null),
        without("id"),
        with("content", json!({ "text": ODD })),
    ]
}

/// A text that clients must not show.
const ODD: &str = "Սա հաղորդագրություն չէ 🙈";
