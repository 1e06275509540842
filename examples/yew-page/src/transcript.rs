//! The messages on the screen.

use highchat_reqwest::{Failure, TurnEnd, Update};

/// Who wrote a line. A notice is a sentence of the service about the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    User,
    Bot,
    Person,
    Notice,
}

impl Author {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Bot => "bot",
            Self::Person => "person",
            Self::Notice => "notice",
        }
    }
}

/// How far a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Its turn is not over.
    Pending,
    Done,
    /// The user stopped the reply.
    Stopped,
    /// Only a part of the reply came.
    Incomplete,
    /// There is no reply, and the message may have been taken.
    Failed,
    /// The message was surely not taken. It can be sent again.
    Refused,
}

impl Status {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Incomplete => "incomplete",
            Self::Failed => "failed",
            Self::Refused => "refused",
        }
    }
}

/// One message.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) author: Author,
    /// Untrusted text.
    pub(crate) text: String,
    pub(crate) status: Status,
    /// Why it is not whole, for the user.
    pub(crate) trouble: Option<String>,
}

/// The messages of a conversation, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Transcript(Vec<Line>);

impl Transcript {
    pub(crate) fn lines(&self) -> &[Line] {
        &self.0
    }

    /// Whether a reply is awaited. The next message can be sent only after it.
    pub(crate) fn is_busy(&self) -> bool {
        self.0.iter().any(|line| line.status == Status::Pending)
    }

    /// The user sends a text, and the reply is awaited.
    pub(crate) fn send(&mut self, text: &str) {
        self.add(Author::User, text, Status::Pending);
        self.add(Author::Bot, "", Status::Pending);
    }

    /// Applies an update of the session.
    pub(crate) fn apply(&mut self, update: &Update<'_>) {
        match update {
            Update::Delta { text } | Update::Recovered { missing: text, .. } => {
                let reply = self.0.iter_mut().rfind(|line| is_pending_reply(line));
                if let Some(reply) = reply {
                    reply.text.push_str(text);
                }
            }
            Update::Human { message, .. } => {
                if let Some(message) = message {
                    self.add(Author::Notice, message, Status::Done);
                }
            }
            Update::Message(_) => {
                // Without a text, it is a message of the user.
                if let Some(text) = update.text() {
                    self.add(Author::Person, text, Status::Done);
                }
            }
            Update::HandoffFailed { error } => {
                self.add(Author::Notice, &sentence(error), Status::Failed);
            }
            Update::TurnEnded { end, .. } => self.end(end),
            _ => {}
        }
    }

    fn end(&mut self, end: &TurnEnd) {
        let failure = end.failure();
        let status = match (end, failure) {
            (TurnEnd::Cancelled, _) => Status::Stopped,
            (_, Some(Failure::Cut(_))) => Status::Incomplete,
            (_, Some(failure)) if failure.may_have_been_taken() => Status::Failed,
            (_, Some(_)) => Status::Refused,
            _ => Status::Done,
        };
        for line in &mut self.0 {
            if line.status != Status::Pending {
                continue;
            }
            line.status = match line.author {
                Author::User if status != Status::Refused => Status::Done,
                _ => status,
            };
            if is_reply(line) {
                line.trouble = failure.map(sentence);
            }
        }
        // A person answers in place of the bot, or the user stopped it before its first word.
        self.0
            .retain(|line| !is_reply(line) || !line.text.is_empty() || line.trouble.is_some());
    }

    fn add(&mut self, author: Author, text: &str, status: Status) {
        self.0.push(Line {
            author,
            text: text.to_owned(),
            status,
            trouble: None,
        });
    }
}

fn is_reply(line: &Line) -> bool {
    line.author == Author::Bot
}

fn is_pending_reply(line: &Line) -> bool {
    is_reply(line) && line.status == Status::Pending
}

/// What a failure means for the user: the service's own sentence, which is in Armenian, or ours.
pub(crate) fn sentence(failure: &Failure) -> String {
    match failure.kind() {
        "unreachable" => {
            "Կապ չկա։ Հաղորդագրությունը չի ուղարկվել, կարող եք նորից ուղարկել։".to_owned()
        }
        "no_answer" => {
            "Պատասխան չեկավ։ Հաղորդագրությունը գուցե ստացվել է, ուստի նորից չի ուղարկվել։"
                .to_owned()
        }
        "incomplete" => "Պատասխանն ընդհատվեց և կիսատ է։".to_owned(),
        "not_a_reply" => "Ծառայությունը պատասխանեց անհասկանալի կերպով։".to_owned(),
        _ => failure.sentence().into_owned(),
    }
}
