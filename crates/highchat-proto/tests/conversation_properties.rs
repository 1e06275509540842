//! The promises of a conversation, for any user, any service, any network and any time.

use core::time::Duration;
use std::collections::VecDeque;

use highchat_proto::time::Instant;
use highchat_proto::{Config, Conversation, Output, RequestId, Saved, Update};
use highchat_testing::oracles::streams::config;
use highchat_testing::player::replay::{drain, hold_polled_otherwise};
use highchat_testing::player::restart::{answer, hold_over_a_restart, page};
use highchat_testing::player::script::{limits, script};
use highchat_testing::player::scripted::{Role, at, endpoint, human, meta};
use highchat_testing::player::steps::{Step, Target, Time};
use highchat_testing::player::{Input, Player, input_of};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn all_promises_hold_after_every_step(script in script(40)) {
        let mut player = Player::new(Config::default());
        player.play(&script);
        player.fall_silent();
    }

    #[test]
    fn all_promises_hold_with_any_limits(config in limits(), script in script(30)) {
        let mut player = Player::new(config);
        player.play(&script);
        player.fall_silent();
    }

    #[test]
    fn outputs_do_not_depend_on_when_they_are_polled(
        script in script(40),
        taken in vec(select(vec![0, 0, 0, 1, 2, usize::MAX]), 1..10),
    ) {
        let mut player = Player::new(Config::default());
        player.play(&script);
        hold_polled_otherwise(&Config::default(), &player, &taken);
    }

    #[test]
    fn a_conversation_survives_a_restart_after_any_step(script in script(30)) {
        let mut player = Player::new(Config::default());
        for step in &script {
            player.step(step);
            hold_over_a_restart(&player);
        }
    }
}

/// A conversation in which a person took over.
fn handed_over() -> Conversation {
    let mut conversation = Conversation::new(endpoint(), Config::default());
    let id = Input::Send("a".to_owned()).apply(&mut conversation, Instant::ORIGIN);
    let id = id.expect("nothing was sent before");
    let reply = format!("{}{}", meta("c"), human("h", 0));
    for input in input_of(id, 200, "text/event-stream", &reply) {
        input.apply(&mut conversation, Instant::ORIGIN);
    }
    drain(&mut conversation, |_, _| ());
    conversation
}

proptest! {
    #![proptest_config(config(48))]

    /// The pages have more messages than a conversation remembers. No message is reported twice
    /// if it is among the last 256, or if it has the newest timestamp of the time when it was
    /// reported.
    #[test]
    fn no_message_is_reported_twice_in_long_conversations(
        pages in vec((0..900_u32, 0..500_u32, vec(0..3_u32, 1..4)), 1..12),
        restarts in vec(any::<bool>(), 12),
    ) {
        let mut conversation = handed_over();
        let mut now = Instant::ORIGIN;
        let mut reported: Vec<String> = Vec::new();
        for ((first, count, seconds), restarts) in pages.iter().zip(restarts) {
            // Older messages are listed again. Each id has one timestamp, and both rise
            // together.
            let ids: Vec<_> = (*first..first + count).map(|id| (format!("m{id}"), id / 400)).collect();
            let mut messages: Vec<_> = ids.iter().map(|(id, second)| (id.as_str(), *second)).collect();
            for rotation in seconds {
                let len = messages.len();
                messages.rotate_left((*rotation as usize * 100).min(len));
            }
            if restarts {
                let saved = conversation.save();
                let json = saved.to_json();
                #[cfg(feature = "serde")]
                {
                    prop_assert_eq!(&serde_json::to_string(&saved).expect("plain data"), &json);
                    let read = serde_json::from_str::<Saved>(&json);
                    prop_assert_eq!(&read.expect("what was written"), &saved);
                }
                let saved = Saved::from_json(&json).expect("a saved conversation");
                conversation = Conversation::resume(endpoint(), Config::default(), saved, now);
            } else {
                conversation.check_now(now);
            }
            let cursor = conversation.cursor().map(|at| at.as_str().to_owned());
            let mut poll = None;
            drain(&mut conversation, |_, output| {
                if let Output::Transmit(id, _) = output {
                    poll = Some(id);
                }
            });
            let poll = poll.expect("polling is on");
            for id in answer(&mut conversation, poll, &page(&messages), now) {
                let window = &reported[reported.len().saturating_sub(256)..];
                prop_assert!(!window.contains(&id), "{} is reported twice", id);
                let second = ids.iter().find(|(known, _)| *known == id).expect("the id is in the page").1;
                let is_at_cursor = cursor.as_deref() == Some(&*at(second));
                prop_assert!(!(is_at_cursor && reported.contains(&id)), "{} is reported twice", id);
                reported.push(id);
            }
            now = now + Duration::from_secs(1);
        }
    }
}

/// A driver with one exchange at a time. It begins the next one when the current one is over.
struct OneAtATime {
    conversation: Conversation,
    now: Instant,
    waiting: VecDeque<(RequestId, Role)>,
    current: Option<(RequestId, Role)>,
    begun: usize,
    ended: usize,
    rated: usize,
    polls: usize,
}

impl OneAtATime {
    fn drain(&mut self) -> Option<Instant> {
        let wait = loop {
            match self.conversation.poll_output() {
                Output::Transmit(id, request) => self.waiting.push_back((id, Role::of(&request))),
                Output::Abort(id) => {
                    self.waiting.retain(|(waiting, _)| *waiting != id);
                    self.current = self.current.filter(|(current, _)| *current != id);
                }
                Output::Update => match self.conversation.update() {
                    Some(Update::TurnEnded { .. }) => self.ended += 1,
                    Some(Update::Rated { .. } | Update::RatingFailed { .. }) => self.rated += 1,
                    _ => {}
                },
                Output::Wait(when) => break when,
            }
        };
        if self.current.is_none() {
            self.current = self.waiting.pop_front();
            self.polls += usize::from(matches!(self.current, Some((_, Role::Messages))));
        }
        wait
    }

    fn input(&mut self, input: &Input) -> Option<RequestId> {
        let began = input.apply(&mut self.conversation, self.now);
        if matches!(input, Input::End(_) | Input::Failure(..)) {
            self.current = None;
        }
        self.drain();
        began
    }

    /// Lets time pass to the next timeout, or to `target`.
    fn pass(&mut self, target: Instant) {
        let due = self.drain().filter(|due| *due <= target);
        self.now = due.unwrap_or(target).max(self.now);
        self.conversation.handle_timeout(self.now);
        self.drain();
    }

    fn answer(&mut self, id: RequestId, status: u16, content_type: &str, body: &str) {
        for input in input_of(id, status, content_type, body) {
            if self.current.is_some_and(|(current, _)| current == id) {
                self.input(&input);
            }
        }
    }
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn a_driver_with_one_exchange_at_a_time_makes_progress(script in script(40)) {
        let mut driver = OneAtATime {
            conversation: handed_over(),
            now: Instant::ORIGIN,
            waiting: VecDeque::new(),
            current: None,
            begun: 0,
            ended: 0,
            rated: 0,
            polls: 0,
        };
        let mut ratings = 0;
        for step in &script {
            match step {
                Step::Send => {
                    let began = driver.input(&Input::Send("b".to_owned()));
                    driver.begun += usize::from(began.is_some());
                }
                Step::Rate(rating) => {
                    ratings += usize::from(driver.input(&Input::Rate(*rating)).is_some());
                }
                Step::Cancel => drop(driver.input(&Input::Cancel)),
                Step::CheckNow => drop(driver.input(&Input::CheckNow)),
                Step::Comes(Target::Dead(_), _) => {}
                Step::Comes(target, parts) => {
                    let suits = |role| match target {
                        Target::Chat => role == Role::Chat,
                        Target::Messages(_) => role == Role::Messages,
                        Target::Rating => role == Role::Rating,
                        _ => true,
                    };
                    if let Some((id, role)) = driver.current {
                        for input in parts.iter().flat_map(|part| part.inputs(id, "")) {
                            if suits(role) && driver.current == Some((id, role)) {
                                driver.input(&input);
                            }
                        }
                    }
                }
                Step::Time(Time::Due(_) | Time::Early(_)) => {
                    let target = driver.now + Duration::from_secs(1000);
                    driver.pass(target);
                }
                Step::Time(Time::Sleep(_) | Time::Away(_)) => {}
            }
        }
        // The service stops answering. All turns and ratings must end.
        for _ in 0..2000 {
            if driver.ended == driver.begun && driver.rated == ratings {
                break;
            }
            let target = driver.now + Duration::from_secs(1000);
            driver.pass(target);
        }
        prop_assert_eq!((driver.ended, driver.rated), (driver.begun, ratings));

        // The service answers again. Messages must be answered, with polls in between.
        let mut answered = 0;
        for round in 0..200 {
            if round % 20 == 0 && driver.input(&Input::Send("c".to_owned())).is_some() {
                driver.begun += 1;
            }
            match driver.current {
                Some((id, Role::Chat)) => {
                    answered += 1;
                    driver.answer(id, 200, "text/event-stream", &format!("{}{}", meta("c"), human("h", 1)));
                }
                Some((id, Role::Messages)) => driver.answer(id, 200, "application/json", &page(&[])),
                Some((id, Role::Rating)) => driver.answer(id, 204, "", ""),
                None => {
                    let target = driver.now + Duration::from_secs(10);
                    driver.pass(target);
                }
            }
        }
        prop_assert_eq!(driver.ended, driver.begun);
        prop_assert!(answered >= 9, "{} were answered", answered);
        prop_assert!(driver.conversation.is_polling());
        let (polls, end) = (driver.polls, driver.now + Duration::from_secs(60));
        while driver.now < end {
            match driver.current {
                Some((id, _)) => driver.answer(id, 200, "application/json", &page(&[])),
                None => driver.pass(end),
            }
        }
        prop_assert!(driver.polls >= polls + 12, "{} polls in a minute", driver.polls - polls);
    }
}
