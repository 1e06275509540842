//! Decides which faults apply to which message, reply and poll.

use core::hash::{Hash as _, Hasher as _};
use std::collections::VecDeque;
use std::hash::DefaultHasher;

use super::pages::PollFaults;
use super::{Fault, Faults, Injection, Layer};
use crate::api::access::Credential;

/// How many refused messages, and how many conversations with failing polls, are remembered. The
/// oldest are removed.
const MAX_REMEMBERED: usize = 1000;

/// For how many future replies faults can be set.
const MAX_NEXT: usize = 1000;

/// Decides which faults apply to which message, reply and poll.
#[derive(Default)]
pub(crate) struct Plan {
    always: Faults,
    /// The faults of the next replies, each with the number of refusals so far.
    next: VecDeque<(Faults, u32)>,
    /// The faults of the next polls of any conversation.
    polls: Vec<Injection>,
    /// The hashes of refused messages, with the number of refusals.
    refused: VecDeque<(u64, u32)>,
    /// Conversations with faults of polls, with the number of polls so far.
    conversations: VecDeque<(String, Faults, u32)>,
}

/// The decision about a message.
#[derive(Clone, Debug)]
pub(crate) enum Decision {
    /// The message is refused.
    Refused(Injection),
    /// The message is accepted. These faults apply to its reply and the polls after it.
    Accepted(Faults),
}

const REPLY: &[Layer] = &[Layer::Wire, Layer::Stream, Layer::Answer];
const POLLS: &[Layer] = &[Layer::Poll, Layer::Page];

impl Plan {
    /// Adds faults. Faults of polls apply to the next polls, the others to the next reply that
    /// has no faults yet.
    pub(crate) fn inject(&mut self, faults: Faults) {
        let polls = faults.of(POLLS);
        self.polls.extend(polls.iter());
        self.polls.truncate(MAX_NEXT);
        let others = faults.of(&[REPLY, &[Layer::Refusal]].concat());
        if !others.is_empty() && self.next.len() < MAX_NEXT {
            self.next.push_back((others, 0));
        }
    }

    /// Sets the faults of all future replies and polls. Replaces earlier ones.
    pub(crate) fn set_always(&mut self, faults: Faults) {
        self.always = faults;
    }

    /// The faults of every reply and poll.
    pub(crate) fn always(&self) -> &Faults {
        &self.always
    }

    /// The faults of the next replies, one entry for each reply.
    pub(crate) fn next(&self) -> impl Iterator<Item = &Faults> {
        self.next.iter().map(|(faults, _)| faults)
    }

    /// Removes all faults.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Decides about a valid message. `own` are the faults that the message or the script asks
    /// for.
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
        Decision::Accepted(faults)
    }

    /// Sets the faults of future polls of a conversation.
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

    /// Returns the faults of a poll of a known conversation.
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
            // These apply to one poll after the other. All other faults apply to every page.
            let is_temporary = |injection: &Injection| {
                injection.fault.layer() == Layer::Poll || injection.fault == Fault::PollUnknownState
            };
            let injection = faults
                .iter()
                .filter(is_temporary)
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
            let permanent = faults.iter().filter(|injection| !is_temporary(injection));
            poll_faults.faults.extend(permanent.collect());
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

    fn decide(plan: &mut Plan, body: &str, own: &str) -> String {
        let own = own.parse().unwrap();
        match plan.message(Credential::Slug, body.as_bytes(), &own) {
            Decision::Refused(injection) => format!("refused {}", injection.fault.name()),
            Decision::Accepted(faults) => format!("accepted {faults}"),
        }
    }

    #[test]
    fn a_message_is_refused_as_often_as_requested_and_then_accepted() {
        let mut plan = Plan::default();
        let own = "429x2,cr-lf";

        assert_eq!(decide(&mut plan, "a", own), "refused 429");
        assert_eq!(decide(&mut plan, "b", own), "refused 429");
        assert_eq!(decide(&mut plan, "a", own), "refused 429");
        assert_eq!(decide(&mut plan, "a", own), "accepted cr-lf");
        assert_eq!(decide(&mut plan, "a", own), "refused 429");
    }

    #[test]
    fn injected_faults_apply_to_one_reply_each() {
        let mut plan = Plan::default();
        plan.inject("500-html,cut".parse().unwrap());
        plan.inject("bom".parse().unwrap());
        plan.inject("429".parse().unwrap());

        assert_eq!(decide(&mut plan, "a", ""), "refused 500-html");
        assert_eq!(decide(&mut plan, "b", ""), "accepted cut");
        assert_eq!(decide(&mut plan, "c", ""), "accepted bom");
        assert_eq!(decide(&mut plan, "d", ""), "refused 429");
        assert_eq!(decide(&mut plan, "d", ""), "accepted ");
    }

    #[test]
    fn permanent_faults_apply_to_every_reply_until_they_are_cleared() {
        let mut plan = Plan::default();
        plan.set_always("cr-lf".parse().unwrap());
        assert_eq!(decide(&mut plan, "a", "bom"), "accepted bom,cr-lf");
        assert_eq!(decide(&mut plan, "b", ""), "accepted cr-lf");
        plan.set_always("429".parse().unwrap());
        assert_eq!(decide(&mut plan, "b", ""), "refused 429");
        assert_eq!(decide(&mut plan, "b", ""), "refused 429");
        plan.clear();
        assert_eq!(decide(&mut plan, "b", ""), "accepted ");
    }

    /// Returns the faults of the next `count` polls.
    fn polls(plan: &mut Plan, id: &str, count: usize) -> Vec<String> {
        let poll = |_| {
            let poll_faults = plan.poll(id);
            let refusal = poll_faults.refusal.map(|refusal| refusal.fault.name());
            format!("{}|{}", refusal.unwrap_or_default(), poll_faults.faults)
        };
        (0..count).map(poll).collect()
    }

    #[test]
    fn failures_apply_to_one_poll_each_and_page_faults_to_all_pages() {
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
    fn injected_faults_of_polls_apply_to_any_conversation() {
        let mut plan = Plan::default();
        plan.inject("poll-404x2,poll-unknown-state".parse().unwrap());

        assert_eq!(polls(&mut plan, "a", 1), ["poll-404|"]);
        assert_eq!(
            polls(&mut plan, "b", 3),
            ["poll-404|", "|poll-unknown-state", "|"]
        );
    }
}
