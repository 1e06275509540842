//! Requests of the Rust types and answers of the sandbox, of every kind.

use core::time::Duration;
use std::collections::BTreeSet;

use highchat_docs::Description;
use highchat_proto::{
    ChatRequest, ConversationId, Credentials, Endpoint, Message, MessagesRequest, Rating,
    RatingRequest, Request, VisitorRef,
};
use highchat_sandbox::{Builder, Fault, Person, Sandbox};
use highchat_testing::net::answer::Answer;
use serde_json::Value;

use crate::exchange::{Asked, Part};

/// What was exchanged with sandboxes.
#[derive(Debug, Default)]
pub(crate) struct Corpus {
    /// Each request with its answer.
    pub(crate) exchanges: Vec<(Asked, Answer)>,
}

impl Corpus {
    /// Every operation, event, state, role and error code, as the sandbox gives them without
    /// further settings.
    pub(crate) fn gather() -> Self {
        let mut corpus = Self::default();
        corpus.conversation(quick().person(Person::absent()));
        corpus.ping();
        corpus.refusals();
        corpus
    }

    /// Everything that can happen to a conversation, whatever settings the sandbox has.
    pub(crate) fn conversation(&mut self, builder: Builder) {
        let sandbox = builder.start().expect("a sandbox");
        let endpoint = sandbox.endpoint();
        let chat = |text: &str| ChatRequest::new(Message::new(text).expect("a message"));
        let id = self
            .ask(&sandbox, &endpoint.chat(&chat("Բարև 👋")))
            .conversation_id();
        let id = ConversationId::new(id).expect("an id");
        let visitor = VisitorRef::new("օգտատեր-42 🙂").expect("a visitor");
        let said = |text: &str| chat(text).with_conversation(id.clone());
        let messages = MessagesRequest::new(id.clone());

        self.ask(
            &sandbox,
            &endpoint.chat(&said("Շնորհակալ եմ 🙏").with_visitor(visitor)),
        );
        self.ask(&sandbox, &endpoint.chat(&said("/error")));
        self.ask(&sandbox, &endpoint.messages(&messages));
        self.ask(&sandbox, &endpoint.chat(&said("/pending")));
        self.ask(&sandbox, &endpoint.messages(&messages));
        let inbox = sandbox.inbox();
        inbox
            .reply(id.as_str(), "Ես Անին եմ 👋")
            .expect("it waits for a person");
        let page = self.ask(&sandbox, &endpoint.messages(&messages)).json();
        let newest = page["messages"]
            .as_array()
            .and_then(|messages| messages.last());
        let newest = newest.expect("a message")["created_at"].to_string();
        let newest = newest.trim_matches('"').parse().expect("a time");
        self.ask(
            &sandbox,
            &endpoint.messages(&messages.clone().with_after(newest)),
        );
        self.ask(&sandbox, &endpoint.chat(&said("Կա՞ որևէ մեկը 🤔")));
        inbox.hand_back(id.as_str()).expect("a person has it");
        self.ask(&sandbox, &endpoint.messages(&messages));
        self.ask(&sandbox, &endpoint.chat(&said("/human")));
        inbox.hand_back(id.as_str()).expect("a person has it");
        self.ask(&sandbox, &endpoint.chat(&said("/close")));
        self.ask(&sandbox, &endpoint.messages(&messages));
        let rating = RatingRequest::new(id.clone(), Rating::Up);
        self.ask(
            &sandbox,
            &endpoint.rate(&rating.with_comment("շատ օգտակար էր 👍")),
        );
        self.ask(
            &sandbox,
            &endpoint.rate(&RatingRequest::new(id, Rating::Down)),
        );

        let slug = Credentials::slug(sandbox.slug()).expect("a slug");
        let hosted = Endpoint::new(sandbox.base_url(), slug).expect("an endpoint");
        self.ask(&sandbox, &hosted.chat(&chat("Բարև 👋")));
    }

    fn ping(&mut self) {
        let sandbox = Sandbox::builder()
            .token_delay(Duration::from_millis(200))
            .ping_interval(Duration::from_millis(50))
            .start()
            .expect("a sandbox");
        let message = Message::new("/long 2").expect("a message");
        let request = sandbox.endpoint().chat(&ChatRequest::new(message));
        self.ask(&sandbox, &request);
    }

    /// A message over the rate limit, and one with a wrong key.
    pub(crate) fn refusal(&mut self, builder: Builder) {
        let sandbox = builder.rate_limit(1).start().expect("a sandbox");
        let endpoint = sandbox.endpoint();
        let message = ChatRequest::new(Message::new("Բարև 👋").expect("a message"));
        let key = Credentials::key("hc_wrong").expect("a key");
        let wrong = Endpoint::new(sandbox.base_url(), key).expect("an endpoint");
        for endpoint in [&endpoint, &endpoint, &wrong] {
            self.ask(&sandbox, &endpoint.chat(&message));
        }
    }

    /// Each error of each operation that the sandbox can be brought to.
    fn refusals(&mut self) {
        let sandbox = quick().rate_limit(1).start().expect("a sandbox");
        let endpoint = sandbox.endpoint();
        let message = ChatRequest::new(Message::new("Բարև 👋").expect("a message"));
        let unknown = ConversationId::new("անծանոթ 👋").expect("an id");

        sandbox.inject([Fault::Html500]);
        self.ask(&sandbox, &endpoint.chat(&message));
        let id = self
            .ask(&sandbox, &endpoint.chat(&message))
            .conversation_id();
        self.ask(&sandbox, &endpoint.chat(&message));
        let id = ConversationId::new(id).expect("an id");
        sandbox.inject([Fault::Poll429, Fault::Poll500]);
        for _ in 0..2 {
            self.ask(
                &sandbox,
                &endpoint.messages(&MessagesRequest::new(id.clone())),
            );
        }

        let key = Credentials::key("hc_wrong").expect("a key");
        let wrong = Endpoint::new(sandbox.base_url(), key).expect("an endpoint");
        for (endpoint, id) in [(&wrong, id), (&endpoint, unknown)] {
            let message = message.clone().with_conversation(id.clone());
            self.ask(&sandbox, &endpoint.chat(&message));
            self.ask(
                &sandbox,
                &endpoint.messages(&MessagesRequest::new(id.clone())),
            );
            self.ask(
                &sandbox,
                &endpoint.rate(&RatingRequest::new(id, Rating::Up)),
            );
        }
    }

    fn ask(&mut self, sandbox: &Sandbox, request: &Request) -> &Answer {
        let asked = Asked::from(request);
        let answer = asked.send(sandbox);
        self.exchanges.push((asked, answer));
        let (_, answer) = self.exchanges.last().expect("it was just added");
        answer
    }

    /// Every part of every request and answer, those of the same form once.
    ///
    /// # Errors
    ///
    /// The description has no place for one.
    pub(crate) fn parts(&self, description: &Description) -> Result<Vec<Part>, String> {
        let mut parts: Vec<Part> = Vec::new();
        let mut forms = BTreeSet::new();
        for (asked, answer) in &self.exchanges {
            for found in [
                asked.parts(description)?,
                asked.answer_parts(answer, description)?,
            ] {
                for part in found.parts {
                    if forms.insert(form(&part)) {
                        parts.push(part);
                    }
                }
            }
        }
        Ok(parts)
    }
}

/// A sandbox that does not make a test wait.
pub(crate) fn quick() -> Builder {
    Sandbox::builder().token_delay(Duration::ZERO).rate_limit(0)
}

/// The part with every free text blanked: two parts of one form are held against a schema
/// with the same result.
fn form(part: &Part) -> String {
    fn blank(key: &str, value: &mut Value) {
        match value {
            Value::Object(fields) => fields.iter_mut().for_each(|(key, value)| blank(key, value)),
            Value::Array(items) => items.iter_mut().for_each(|item| blank(key, item)),
            Value::String(text) if !["event", "state", "role", "code"].contains(&key) => {
                text.truncate(0);
            }
            _ => {}
        }
    }
    let mut value = part.value.clone();
    blank("", &mut value);
    format!("{} {value}", part.schema)
}
