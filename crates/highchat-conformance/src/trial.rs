use core::time::Duration;

use highchat_proto::Config;
use highchat_sandbox::{Fault, Faults, Injection, Rule, Script};

use crate::capability::Capability;
use crate::seen::Outcome;
use crate::source::{Reason, Source};

/// The text of the reply to the message of every trial.
pub const TEXT: &str = "Սա երկար պատասխան";

/// The part of [`TEXT`] before the place in the middle where faults happen.
pub(crate) const BEGUN: &str = "Սա երկար ";

/// The common beginning of the replies of a script. The second reply is cut after it.
pub(crate) const ALIKE: &str = "Ձեր պատվերը ";

/// One row of the table.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Trial {
    /// The names of its faults.
    pub faults: &'static str,
    /// How the turn must end.
    pub outcome: Outcome,
    /// The text that the client must show.
    pub text: &'static str,
    /// How many messages must be sent in all, repeated ones included.
    pub posts: usize,
    /// The rule for the row.
    pub why: &'static str,
    /// Where the rule comes from.
    pub source: Source,
    /// Whether the row lasts until a time limit of the client.
    pub waits: bool,
    /// What the client does besides sending the message.
    pub course: Course,
    /// The service's replies to the earlier message and to this one. The faults apply to the
    /// second reply.
    pub replies: Option<[&'static str; 2]>,
}

/// What a client does before it sends the message of a trial, and during the reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Course {
    /// The message is the first of its conversation.
    First,
    /// Another message was sent and answered before.
    InAThread,
    /// Another message was sent and answered before. The client then continues the
    /// conversation only by its id.
    ById,
    /// Another message was sent before, and the client cancelled its turn after this part of
    /// the reply. The service keeps the whole reply.
    AfterACancel(&'static str),
    /// Another message was sent and answered before. After this part of the second reply, the
    /// client restarts with its saved state.
    Restarted(&'static str),
}

/// The message before the message of a trial whose replies begin alike.
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

    /// The name of the row: its group, its faults and its course.
    #[must_use]
    pub fn name(&self) -> String {
        let group = if self.replies.is_some() {
            "alike"
        } else {
            "fault"
        };
        let is_in_doubt = |begun| self.whole().starts_with(begun);
        let course = match self.course {
            Course::First => "",
            Course::InAThread => ", in a thread",
            Course::ById => ", by id",
            Course::AfterACancel(begun) if is_in_doubt(begun) => ", after a cancel in doubt",
            Course::AfterACancel(_) => ", after a cancel",
            Course::Restarted(_) => ", restarted",
        };
        format!("{group}/{}{course}", self.faults)
    }

    /// What the service does, in words: each fault with its description.
    #[must_use]
    pub fn service(&self) -> String {
        let described = self.faults.split(',').map(|name| {
            let fault = name.parse::<Injection>().map(Injection::fault);
            let line = fault.map_or("an unknown fault", Fault::line);
            format!("{name}: {line}")
        });
        described.collect::<Vec<_>>().join("; ")
    }

    /// What must be seen, in words.
    #[must_use]
    pub fn expected(&self) -> String {
        let (outcome, text, posts) = (self.outcome, self.text, self.posts);
        let messages = if posts == 1 { "message" } else { "messages" };
        format!("{outcome:?}, the text {text:?}, {posts} {messages} sent")
    }

    /// The capabilities without which a client cannot run the row.
    pub(crate) fn needs(&self) -> &'static [Capability] {
        match self.course {
            Course::First => &[],
            Course::InAThread => &[Capability::Thread],
            Course::ById | Course::Restarted(_) => &[Capability::Thread, Capability::Resume],
            Course::AfterACancel(_) => &[Capability::Thread, Capability::Cancel],
        }
    }

    /// The script of the sandbox's bot. It is empty if the sandbox does not know a fault: the row
    /// then fails, because no reply is as expected.
    pub(crate) fn script(&self) -> Script {
        let (Some([earlier, later]), Ok(faults)) = (self.replies, self.faults.parse::<Faults>())
        else {
            return Script::new();
        };
        let mut before = Rule::text(EARLIER).replies(earlier);
        if matches!(self.course, Course::AfterACancel(_)) {
            before = before.fails(Fault::Stall);
        }
        let after = Rule::text(LATER).replies(later).fails(faults);
        Script::new().rule(before).rule(after)
    }

    /// The complete reply, if no fault changes its text.
    #[must_use]
    pub fn whole(&self) -> &'static str {
        self.replies.map_or(TEXT, |[_, later]| later)
    }

    /// The text before a fault in the middle of the reply.
    #[must_use]
    pub fn begun(&self) -> &'static str {
        match self.replies {
            Some(_) => ALIKE,
            None => BEGUN,
        }
    }

    /// A configuration for the client. The time limits that the row waits for are short, and the
    /// others are far away.
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

    pub(crate) const fn new(faults: &'static str, outcome: Outcome, reason: Reason) -> Self {
        let text = match outcome {
            Outcome::Whole | Outcome::Recovered => TEXT,
            _ => "",
        };
        Self {
            faults,
            outcome,
            text,
            posts: 1,
            why: reason.why,
            source: reason.source,
            waits: false,
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
