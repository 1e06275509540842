//! Saves a conversation and resumes it.

use highchat_proto::time::Instant;
use highchat_proto::{Config, Conversation, Output, RequestId, Saved, State, Update};

use crate::player::replay::drain;
use crate::player::scripted::{self, endpoint};
use crate::player::{Player, input_of};

/// Saves and resumes the conversation, and checks that a page of messages reported before
/// reports none of them again.
pub fn hold_over_a_restart(player: &Player) {
    let (before, now) = (&player.conversation, player.now);
    let saved = before.save();
    let json = saved.to_json();
    let read = Saved::from_json(&json).expect("it can be read");
    assert_eq!(read, saved);
    let resume = |saved| Conversation::resume(endpoint(), Config::default(), saved, now);
    let after = resume(read.clone());
    assert_eq!(after.id(), before.id());
    assert_eq!(after.state(), before.state());
    let cursors = [before.cursor(), after.cursor()].map(|cursor| cursor.map(|at| at.as_str()));
    assert_eq!(cursors[0], cursors[1]);
    // A handoff whose polls were refused for good is polled once more after a restart.
    let is_refused = before.state().is_handoff() && !before.is_polling();
    if !before.turn_in_progress() && !is_refused {
        assert_eq!(after.save().to_json(), json);
    }
    let polls = before.id().is_some() && (before.state().is_handoff() || before.is_polling());
    assert_eq!(after.is_polling(), polls);
    if before.id().is_none() {
        return;
    }

    let mut after = resume(read.with_state(State::Human));
    let mut polls = Vec::new();
    drain(&mut after, |_, output| {
        if let Output::Transmit(id, request) = output {
            polls.push((id, String::from(request.url())));
        }
    });
    let [(poll, uri)] = &polls[..] else {
        panic!("a resumed handoff must poll once at the start");
    };
    let cursor =
        cursors[0].map(|at| format!("after={}", at.replace(':', "%3A").replace('+', "%2B")));
    assert!(
        cursor.is_none_or(|cursor| uri.ends_with(&cursor)),
        "{}",
        uri
    );
    let messages: Vec<_> = player
        .told
        .iter()
        .map(String::as_str)
        .chain(["new"])
        .map(|id| (id, 5))
        .collect();
    let reported = answer(&mut after, *poll, &page(&messages), now);
    assert_eq!(reported, ["new"]);
}

/// A page of a person's messages, each with an id and a second.
pub fn page(messages: &[(&str, u32)]) -> String {
    let messages: Vec<_> = messages
        .iter()
        .map(|(id, second)| (*id, "assistant", "x", *second))
        .collect();
    scripted::page("human", &messages)
}

/// Answers a poll. Returns the ids of the reported messages.
pub fn answer(
    conversation: &mut Conversation,
    poll: RequestId,
    page: &str,
    now: Instant,
) -> Vec<String> {
    for input in input_of(poll, 200, "application/json", page) {
        input.apply(conversation, now);
    }
    let mut reported = Vec::new();
    drain(conversation, |conversation, _| {
        if let Some(Update::Message(message)) = conversation.update() {
            reported.push(message.id.to_string());
        }
    });
    reported
}
