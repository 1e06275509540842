use core::time::Duration;

use highchat_proto::Config;
use highchat_sandbox::{Fault, Faults, Rule, Script};

use super::seen::Outcome;

/// The text of the reply of every trial without a script.
pub const TEXT: &str = "Սա երկար պատասխան";

/// The part of it before the middle, where faults occur.
pub(crate) const BEGUN: &str = "Սա երկար ";

/// The common beginning of a script's replies, up to where the second one is cut.
pub(crate) const ALIKE: &str = "Ձեր պատվերը ";

/// One row of the table.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Trial {
    /// The names of the faults, separated by commas.
    pub faults: &'static str,
    /// The expected outcome of the turn.
    pub outcome: Outcome,
    /// The expected text.
    pub text: &'static str,
    /// How many messages must be sent in total.
    pub posts: usize,
    /// The reason, by the project's rules.
    pub why: &'static str,
    /// Whether the row takes until a timeout of the client expires.
    pub waits: bool,
    /// Whether the row takes until a timeout of the proxy expires.
    pub proxy_waits: bool,
    /// What the client does besides sending the message.
    pub course: Course,
    /// The service's replies to the earlier message and to this one, if the row has a
    /// script. The faults apply to the second reply.
    pub replies: Option<[&'static str; 2]>,
}

/// What a client does before the message of a trial and during its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Course {
    /// The message is the first of its conversation.
    First,
    /// Another message was sent and answered before.
    InAThread,
    /// Another message was sent and answered before, and the client continues with the
    /// conversation's id only.
    ById,
    /// Another message was sent before, and its reply was cancelled after this text. The
    /// service keeps the whole reply.
    AfterACancel(&'static str),
    /// Another message was sent and answered before. After this text of the reply, the
    /// client is restarted with what it saved.
    Restarted(&'static str),
}

/// The earlier message of a trial whose replies have the same beginning.
pub(crate) const EARLIER: &str = "Որտե՞ղ է իմ պատվերը 📦";
/// The message of such a trial.
pub(crate) const LATER: &str = "Չեղարկե՛ք պատվերը 🙏";

impl Trial {
    /// The messages to send, in order.
    #[must_use]
    pub fn messages(&self) -> Vec<String> {
        if self.replies.is_some() {
            return vec![EARLIER.to_owned(), LATER.to_owned()];
        }
        let first = (self.course != Course::First).then(|| "Բարև".to_owned());
        first.into_iter().chain([self.message()]).collect()
    }

    fn message(&self) -> String {
        match self.outcome {
            Outcome::HandedOver => format!("/fault {}", self.faults),
            _ => format!("/fault {} /long 3", self.faults),
        }
    }

    /// The faults, and the course unless it is [`Course::First`].
    pub(crate) fn name(&self) -> String {
        match self.course {
            Course::First => self.faults.to_owned(),
            course => format!("{} {course:?}", self.faults),
        }
    }

    /// The script of the sandbox's bot.
    ///
    /// # Panics
    ///
    /// The sandbox does not know a fault of the row.
    pub(crate) fn script(&self) -> Script {
        let Some([earlier, later]) = self.replies else {
            return Script::new();
        };
        let mut before = Rule::text(EARLIER).replies(earlier);
        if matches!(self.course, Course::AfterACancel(_)) {
            before = before.fails(Fault::Stall);
        }
        let faults: Faults = self.faults.parse().expect("known faults");
        let after = Rule::text(LATER).replies(later).fails(faults);
        Script::new().rule(before).rule(after)
    }

    /// The complete reply, unless a fault changes its text.
    pub(crate) fn whole(&self) -> &'static str {
        self.replies.map_or(TEXT, |[_, later]| later)
    }

    /// The part of the reply that comes before a fault in its middle.
    pub(crate) fn begun(&self) -> &'static str {
        match self.replies {
            Some(_) => ALIKE,
            None => BEGUN,
        }
    }

    /// A configuration with times as short as the trial allows. Timeouts that must not
    /// expire are long.
    #[must_use]
    pub fn config(&self) -> Config {
        let mut config = Config::default();
        let patience = patience(self.waits);
        config.response_timeout = patience;
        config.idle_timeout = patience;
        config.progress_timeout = patience;
        config.settle_timeout = Duration::from_millis(300);
        config.rate_limit_delays = [Duration::from_millis(20); 2];
        config.not_sent_delays = [Duration::from_millis(20); 2];
        config.recovery_delays = [20, 200, 500, 1000].map(Duration::from_millis);
        config.poll_interval = Duration::from_millis(50);
        config.poll_backoff_limit = Duration::from_millis(200);
        config
    }

    /// The timeouts of the proxy for this row.
    #[must_use]
    pub const fn proxy_patience(&self) -> Duration {
        patience(self.proxy_waits)
    }

    /// After how much silence the proxy must send a comment: soon if the row is silent.
    /// Otherwise never, because a comment would begin the answer before the status is
    /// known.
    #[must_use]
    pub fn proxy_keepalive(&self) -> Duration {
        let is_silent = self.waits || self.proxy_waits || self.faults.starts_with("slow-head");
        Duration::from_millis(if is_silent { 100 } else { 15_000 })
    }

    pub(crate) const fn new(faults: &'static str, outcome: Outcome, why: &'static str) -> Self {
        let text = match outcome {
            Outcome::Whole | Outcome::Recovered => TEXT,
            _ => "",
        };
        Self {
            faults,
            outcome,
            text,
            posts: 1,
            why,
            waits: false,
            proxy_waits: false,
            course: Course::First,
            replies: None,
        }
    }

    pub(crate) const fn shows(mut self, text: &'static str) -> Self {
        self.text = text;
        self
    }

    pub(crate) const fn sends(mut self, posts: usize) -> Self {
        self.posts = posts;
        self
    }

    pub(crate) const fn in_a_thread(mut self) -> Self {
        self.course = Course::InAThread;
        self.posts += 1;
        self
    }

    pub(crate) const fn by_course(mut self, course: Course) -> Self {
        self.course = course;
        self.posts += 1;
        self
    }

    pub(crate) const fn replies(mut self, earlier: &'static str, later: &'static str) -> Self {
        self.replies = Some([earlier, later]);
        self
    }

    pub(crate) const fn waits(mut self) -> Self {
        self.waits = true;
        self
    }
}

const fn patience(waits: bool) -> Duration {
    Duration::from_secs(if waits { 2 } else { 30 })
}
