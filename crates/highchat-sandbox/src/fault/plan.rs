//! Which faults happen to which message, reply and poll.

use core::hash::{Hash as _, Hasher as _};
use std::collections::VecDeque;
use std::hash::DefaultHasher;

use super::pages::PollFaults;
use super::{Fault, Faults, Injection, Layer};
use crate::api::access::Credential;

/// How many messages that were refused, and conversations whose polls fail, are
/// remembered; the oldest are forgotten.
const MAX_REMEMBERED: usize = 1000;

/// How many replies ahead faults can be set.
const MAX_NEXT: usize = 1000;

/// Which faults happen to which message, reply and poll.
#[derive(Default)]
pub(crate) struct Plan {
    always: Faults,
    /// For the next replies, one each, with how often each refused.
    next: VecDeque<(Faults, u32)>,
    /// For the next polls of any conversation.
    polls: Vec<Injection>,
    /// Messages that were refused, by their hash, and how often.
    refused: VecDeque<(u64, u32)>,
    /// Conversations whose polls fail, and how often they did.
    conversations: VecDeque<(String, Faults, u32)>,
}

/// What happens to a message.
#[derive(Clone, Debug)]
pub(crate) enum Decision {
    /// It is not taken.
    Refused(Injection),
    /// It is, and these faults happen to its reply and the polls after it.
    Taken(Faults),
}

const REPLY: &[Layer] = &[Layer::Wire, Layer::Stream, Layer::Answer];
const POLLS: &[Layer] = &[Layer::Poll, Layer::Page];

impl Plan {
    /// Adds faults: those of polls happen to the next polls, the others to the next reply
    /// that has none yet.
    pub(crate) fn inject(&mut self, faults: Faults) {
        let polls = faults.of(POLLS);
        self.polls.extend(polls.iter());
        self.polls.truncate(MAX_NEXT);
        let others = faults.of(&[REPLY, &[Layer::Refusal]].concat());
        if !others.is_empty() && self.next.len() < MAX_NEXT {
            self.next.push_back((others, 0));
        }
    }

    /// Sets the faults of all replies and polls from here on, in place of earlier ones.
    pub(crate) fn set_always(&mut self, faults: Faults) {
        self.always = faults;
    }

    /// The faults of every reply and poll.
    pub(crate) fn always(&self) -> &Faults {
        &self.always
    }

    /// The faults of the next replies, one entry a reply.
    pub(crate) fn next(&self) -> impl Iterator<Item = &Faults> {
        self.next.iter().map(|(faults, _)| faults)
    }

    /// Removes all faults.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Decides about a message that would be taken; `own` are the faults that it, or the
    /// script, asks for.
    pub(crate) fn message(
        &mut self,
        credential: Credential,
        body: &[u8],
        own: &Faults,
    ) -> Decision {
        let refusals = |faults: &Faults| faults.of(&[Layer::Refusal]);
        let always = refusals(&self.always);
        if let Some(refusal) = always.iter().find(|refusal| refusal.times.is_none()) {
            return Decision::Refused(refusal);
        }
        let mut own_refusals = refusals(own);
        own_refusals.extend(always);
        let count = self.count(credential, body);
        if let Some(refusal) = own_refusals.nth(count) {
            self.remember(credential, body, count + 1);
            return Decision::Refused(refusal);
        }
        let mut faults = own.of(&[REPLY, POLLS].concat());
        faults.extend(self.always.of(REPLY));
        if let Some((next, refused)) = self.next.front_mut() {
            if let Some(refusal) = refusals(next).nth(*refused) {
                *refused += 1;
                if next.of(REPLY).is_empty() && refusals(next).nth(*refused).is_none() {
                    self.next.pop_front();
                }
                return Decision::Refused(refusal);
            }
            faults.extend(next.of(REPLY));
            self.next.pop_front();
        }
        self.remember(credential, body, 0);
        Decision::Taken(faults)
    }

    /// A conversation's polls fail from here on.
    pub(crate) fn fail_polls(&mut self, conversation: &str, faults: &Faults) {
        let polls = faults.of(POLLS);
        if polls.is_empty() {
            return;
        }
        self.conversations.retain(|(id, ..)| id != conversation);
        if self.conversations.len() == MAX_REMEMBERED {
            self.conversations.pop_front();
        }
        self.conversations
            .push_back((conversation.to_owned(), polls, 0));
    }

    /// The faults of a poll of a known conversation.
    pub(crate) fn poll(&mut self, conversation: &str) -> PollFaults {
        let mut poll_faults = PollFaults {
            refusal: None,
            faults: self.always.of(&[Layer::Page]),
        };
        let always = self.always.of(&[Layer::Poll]);
        poll_faults.refusal = always.iter().next();
        if let Some(next) = self.polls.first_mut() {
            let injection = *next;
            let left = injection.times.unwrap_or(1).saturating_sub(1);
            *next = injection.times(left);
            if left == 0 {
                self.polls.remove(0);
            }
            match injection.fault.layer() {
                Layer::Page => poll_faults.faults.extend(injection.fault.into()),
                _ => poll_faults.refusal = Some(injection),
            }
        }
        let entry = self
            .conversations
            .iter_mut()
            .find(|(id, ..)| id == conversation);
        if let Some((_, faults, count)) = entry {
            // One after the other; but how pages look holds for all of them.
            let passing = |injection: &Injection| {
                injection.fault.layer() == Layer::Poll || injection.fault == Fault::PollUnknownState
            };
            let injection = faults
                .iter()
                .filter(passing)
                .collect::<Faults>()
                .nth(*count);
            *count = count.saturating_add(1);
            match injection {
                Some(injection) if injection.fault.layer() == Layer::Poll => {
                    poll_faults.refusal = Some(injection);
                }
                Some(injection) => poll_faults.faults.extend(injection.into()),
                None => {}
            }
            let lasting = faults.iter().filter(|injection| !passing(injection));
            poll_faults.faults.extend(lasting.collect());
        }
        poll_faults
    }

    fn count(&self, credential: Credential, body: &[u8]) -> u32 {
        let hash = hash(credential, body);
        let mut refused = self.refused.iter();
        let found = refused.find(|(known, _)| *known == hash);
        found.map_or(0, |(_, count)| *count)
    }

    fn remember(&mut self, credential: Credential, body: &[u8], count: u32) {
        let hash = hash(credential, body);
        self.refused.retain(|(known, _)| *known != hash);
        if count > 0 {
            if self.refused.len() == MAX_REMEMBERED {
                self.refused.pop_front();
            }
            self.refused.push_back((hash, count));
        }
    }
}

fn hash(credential: Credential, body: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    credential.hash(&mut hasher);
    body.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tell(plan: &mut Plan, body: &str, own: &str) -> String {
        let own = own.parse().unwrap();
        match plan.message(Credential::Slug, body.as_bytes(), &own) {
            Decision::Refused(injection) => format!("refused {}", injection.fault.name()),
            Decision::Taken(faults) => format!("taken {faults}"),
        }
    }

    #[test]
    fn a_message_is_refused_as_often_as_it_asks_for_and_then_taken() {
        let mut plan = Plan::default();
        let own = "429x2,cr-lf";

        assert_eq!(tell(&mut plan, "a", own), "refused 429");
        assert_eq!(tell(&mut plan, "b", own), "refused 429");
        assert_eq!(tell(&mut plan, "a", own), "refused 429");
        assert_eq!(tell(&mut plan, "a", own), "taken cr-lf");
        assert_eq!(tell(&mut plan, "a", own), "refused 429");
    }

    #[test]
    fn what_is_injected_befalls_one_reply_each() {
        let mut plan = Plan::default();
        plan.inject("500-html,cut".parse().unwrap());
        plan.inject("bom".parse().unwrap());
        plan.inject("429".parse().unwrap());

        assert_eq!(tell(&mut plan, "a", ""), "refused 500-html");
        assert_eq!(tell(&mut plan, "b", ""), "taken cut");
        assert_eq!(tell(&mut plan, "c", ""), "taken bom");
        assert_eq!(tell(&mut plan, "d", ""), "refused 429");
        assert_eq!(tell(&mut plan, "d", ""), "taken ");
    }

    #[test]
    fn what_is_always_befalls_every_reply_until_it_is_cleared() {
        let mut plan = Plan::default();
        plan.set_always("cr-lf".parse().unwrap());
        assert_eq!(tell(&mut plan, "a", "bom"), "taken bom,cr-lf");
        assert_eq!(tell(&mut plan, "b", ""), "taken cr-lf");
        plan.set_always("429".parse().unwrap());
        assert_eq!(tell(&mut plan, "b", ""), "refused 429");
        assert_eq!(tell(&mut plan, "b", ""), "refused 429");
        plan.clear();
        assert_eq!(tell(&mut plan, "b", ""), "taken ");
    }

    /// The faults of this number of polls.
    fn polls(plan: &mut Plan, id: &str, count: usize) -> Vec<String> {
        let poll = |_| {
            let poll_faults = plan.poll(id);
            let refusal = poll_faults.refusal.map(|refusal| refusal.fault.name());
            format!("{}|{}", refusal.unwrap_or_default(), poll_faults.faults)
        };
        (0..count).map(poll).collect()
    }

    #[test]
    fn polls_fail_one_after_the_other_and_pages_look_alike() {
        let mut plan = Plan::default();
        let faults = "poll-500,poll-duplicates,poll-429x2".parse().unwrap();
        plan.fail_polls("a", &faults);

        assert_eq!(
            polls(&mut plan, "a", 4),
            [
                "poll-500|poll-duplicates",
                "poll-429|poll-duplicates",
                "poll-429|poll-duplicates",
                "|poll-duplicates"
            ]
        );
        assert_eq!(polls(&mut plan, "b", 1), ["|"]);
    }

    #[test]
    fn injected_polls_fail_whatever_their_conversation() {
        let mut plan = Plan::default();
        plan.inject("poll-404x2,poll-unknown-state".parse().unwrap());

        assert_eq!(polls(&mut plan, "a", 1), ["poll-404|"]);
        assert_eq!(
            polls(&mut plan, "b", 3),
            ["poll-404|", "|poll-unknown-state", "|"]
        );
    }
}
