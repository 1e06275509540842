//! A conversation in virtual time. The test plays the service, and a log records all
//! outputs.

use core::fmt::Write;
use core::time::Duration;

use highchat_proto::failure::TransportFailure;
use highchat_proto::time::Instant;
use highchat_proto::{
    Config, Conversation, Credentials, Endpoint, Head, Message, Output, Rating, Request, RequestId,
    Saved, TurnEnd, Update,
};

/// The endpoint of a service that is never contacted.
pub fn endpoint() -> Endpoint {
    Endpoint::new("https://h.example", Credentials::key("hc_secret").unwrap()).unwrap()
}

/// `meta` with a conversation id.
pub fn meta(id: &str) -> String {
    format!("event: meta\ndata: {{\"conversation_id\":\"{id}\"}}\n\n")
}

/// A piece of a reply.
pub fn delta(text: &str) -> String {
    format!("event: delta\ndata: {{\"text\":\"{text}\"}}\n\n")
}

/// `done` with a message id, a state, and a second as in [`at`].
pub fn done(id: &str, state: &str, second: u32) -> String {
    format!(
        "event: done\ndata: {{\"message_id\":\"{id}\",\"state\":\"{state}\",\"ts\":\"{}\"}}\n\n",
        at(second)
    )
}

/// `human` with a message, and a second as in [`at`].
pub fn human(message: &str, second: u32) -> String {
    format!(
        "event: human\ndata: {{\"message\":\"{message}\",\"ts\":\"{}\"}}\n\n",
        at(second)
    )
}

/// A keepalive.
pub const PING: &str = "event: ping\ndata: {}\n\n";

/// The time of a second in a fixed minute, in the format of the service.
pub fn at(second: u32) -> String {
    format!("2026-06-14T10:00:{second:02}.000Z")
}

/// A page of messages, each with id, role, content and second.
pub fn page(state: &str, messages: &[(&str, &str, &str, u32)]) -> String {
    let messages: Vec<_> = messages
        .iter()
        .map(|(id, role, content, second)| {
            let at = at(*second);
            format!(r#"{{"id":"{id}","role":"{role}","content":"{content}","created_at":"{at}"}}"#)
        })
        .collect();
    format!(
        r#"{{"state":"{state}","messages":[{}],"ts":"{}"}}"#,
        messages.join(","),
        at(59)
    )
}

/// The purpose of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A message.
    Chat,
    /// A poll, or a search for a lost reply.
    Messages,
    /// A rating.
    Rating,
}

impl Role {
    /// Finds the purpose from the request's path.
    pub fn of(request: &Request) -> Self {
        let path = request.target().split('?').next();
        match path.and_then(|path| path.rsplit('/').next()) {
            Some("messages") => Self::Messages,
            Some("rating") => Self::Rating,
            _ => Self::Chat,
        }
    }
}

/// A conversation with its time and its log.
pub struct World {
    /// The conversation.
    pub conversation: Conversation,
    /// The time.
    pub now: Instant,
    log: String,
    /// The requests that were transmitted and are not over.
    live: Vec<(Role, RequestId)>,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// A new conversation with the default configuration.
    pub fn new() -> Self {
        Self::with(|_| ())
    }

    /// A new conversation with a changed configuration.
    pub fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        change(&mut config);
        Self::over(Conversation::new(endpoint(), config), Instant::ORIGIN)
    }

    /// A conversation that continues a saved one.
    pub fn resume(saved: Saved) -> Self {
        let now = Instant::ORIGIN;
        let conversation = Conversation::resume(endpoint(), Config::default(), saved, now);
        Self::over(conversation, now)
    }

    /// Continues with any conversation at this time.
    pub fn over(conversation: Conversation, now: Instant) -> Self {
        let mut world = Self {
            conversation,
            now,
            log: String::new(),
            live: Vec::new(),
        };
        world.drain();
        world
    }

    fn write_log(&mut self, line: &str) {
        let seconds = self.now.since_origin().as_secs_f64();
        writeln!(self.log, "{seconds:5.1} {line}").unwrap();
    }

    /// Returns the log since the last call.
    pub fn log(&mut self) -> String {
        core::mem::take(&mut self.log)
    }

    /// Takes all outputs into the log. Returns the deadline.
    fn drain(&mut self) -> Option<Instant> {
        loop {
            match self.conversation.poll_output() {
                Output::Transmit(id, request) => {
                    let target = request.target().trim_start_matches("/v1/");
                    let (path, query) = target.split_once('?').unwrap_or((target, ""));
                    let role = Role::of(&request);
                    let query = query.replace("%3A", ":");
                    let body = core::str::from_utf8(request.body()).unwrap();
                    let line = format!("> {} {path} {query}{body}", request.method());
                    self.write_log(line.trim_end());
                    self.live.push((role, id));
                }
                Output::Abort(id) => {
                    let index = self.live.iter().position(|(_, live)| *live == id);
                    let (role, _) = self
                        .live
                        .remove(index.expect("only live requests are aborted"));
                    self.write_log(&format!("x {role:?}"));
                }
                Output::Update => {
                    let update = self.conversation.update().expect("it was announced");
                    let line = word(&update);
                    self.write_log(&line);
                }
                Output::Wait(when) => return when,
            }
        }
    }

    /// The user sends a text.
    pub fn send(&mut self, text: &str) {
        self.conversation
            .send(Message::new(text).unwrap(), self.now)
            .unwrap();
        self.drain();
    }

    /// The user rates the conversation.
    pub fn rate(&mut self, rating: Rating) {
        self.conversation.rate(rating, None, self.now).unwrap();
        self.drain();
    }

    /// The user cancels the turn.
    pub fn cancel(&mut self) {
        self.conversation.cancel(self.now);
        self.drain();
    }

    /// The user asks for messages now.
    pub fn check_now(&mut self) {
        self.conversation.check_now(self.now);
        self.drain();
    }

    /// Lets time pass, and handles every deadline on time.
    pub fn pass(&mut self, seconds: f64) {
        let target = self.now + Duration::from_secs_f64(seconds);
        while let Some(due) = self.drain().filter(|due| *due <= target) {
            assert!(due >= self.now, "a deadline in the past");
            self.now = due;
            self.conversation.handle_timeout(self.now);
            let next = self.drain();
            assert!(next.is_none_or(|next| next > self.now), "a busy loop");
        }
        self.now = target;
    }

    /// Whether a request with this role is live.
    pub fn is_under_way(&self, role: Role) -> bool {
        self.live.iter().any(|(live, _)| *live == role)
    }

    /// The newest live request with this role.
    pub fn id(&self, role: Role) -> RequestId {
        let found = self.live.iter().rev().find(|(live, _)| *live == role);
        found
            .unwrap_or_else(|| panic!("no live request for {role:?}:\n{}", self.log))
            .1
    }

    /// Answers with a head.
    pub fn head(&mut self, role: Role, status: u16, headers: &[(&str, &str)]) {
        let mut head = Head::new(status);
        for (name, value) in headers {
            head.header(name, value.as_bytes());
        }
        self.conversation
            .handle_response(self.id(role), head, self.now);
        self.drain();
    }

    /// Answers the message with the head of a stream and a first part of its body.
    pub fn stream(&mut self, body: &str) {
        self.head(Role::Chat, 200, &[("content-type", "text/event-stream")]);
        self.body(body);
    }

    /// Adds to the body of the reply.
    pub fn body(&mut self, body: &str) {
        let id = self.id(Role::Chat);
        self.conversation.handle_body(id, body.as_bytes(), self.now);
        self.drain();
    }

    /// Ends the newest request with this role.
    pub fn end(&mut self, role: Role) {
        let id = self.remove_live(role);
        self.conversation.handle_end(id, self.now);
        self.drain();
    }

    /// Fails the newest request with this role.
    pub fn fail(&mut self, role: Role, failure: TransportFailure) {
        let id = self.remove_live(role);
        self.conversation.handle_failure(id, failure, self.now);
        self.drain();
    }

    fn remove_live(&mut self, role: Role) -> RequestId {
        let id = self.id(role);
        self.live.retain(|(_, live)| *live != id);
        id
    }

    /// Gives a complete answer.
    pub fn answer(&mut self, role: Role, status: u16, headers: &[(&str, &str)], body: &str) {
        let id = self.id(role);
        self.head(role, status, headers);
        self.conversation.handle_body(id, body.as_bytes(), self.now);
        self.drain();
        if self.live.iter().any(|(_, live)| *live == id) {
            self.end(role);
        }
    }

    /// Answers a poll with a complete page.
    pub fn page(&mut self, page: &str) {
        self.answer(
            Role::Messages,
            200,
            &[("content-type", "application/json")],
            page,
        );
    }

    /// A complete turn, from the message to the end of the stream.
    pub fn turn(&mut self, text: &str, body: &str) {
        self.send(text);
        self.stream(body);
        self.end(Role::Chat);
    }
}

/// An update as one line.
pub fn word(update: &Update<'_>) -> String {
    match update {
        Update::Meta {
            conversation_id,
            is_replaced,
        } => {
            let id = conversation_id.as_ref().map_or("-", |id| id.as_str());
            format!("meta {id}{}", if *is_replaced { " instead" } else { "" })
        }
        Update::Delta { text } => format!("delta {text}"),
        Update::Done { message_id, .. } => {
            format!("done {}", message_id.as_ref().map_or("-", |id| id.as_str()))
        }
        Update::Human { message, .. } => format!("human {}", message.as_deref().unwrap_or("-")),
        Update::Unknown { event, data } => format!("unknown {event} {data}"),
        Update::Recovering { error } => format!("recovering: {error}"),
        Update::Recovered { message, missing } => {
            format!("recovered {}: {} + {missing}", message.id, message.content)
        }
        Update::TurnEnded { end, .. } => match &**end {
            TurnEnd::Failed(error) => format!("turn failed: {error}"),
            end => format!("turn {}", format!("{end:?}").to_lowercase()),
        },
        Update::State(state) => format!("state {state}"),
        Update::Message(message) => format!("{} {}: {}", message.role, message.id, message.content),
        Update::Delayed {
            what,
            delay,
            reason,
        } => format!("{what:?} delayed {:.1}: {reason:?}", delay.as_secs_f64()),
        Update::HandoffFailed { error } => format!("handoff failed: {error}"),
        Update::Rated { rating, .. } => format!("rated {rating:?}"),
        Update::RatingFailed { error, .. } => format!("rating failed: {error}"),
        other => format!("{other:?}"),
    }
}
