//! A client in another process and in virtual time, for lives.
//!
//! It is commanded as `highchat_conformance::remote` describes, without `next`. Every command
//! also has the time, `now`, in ms, and there are more commands:
//!
//! | `do` | with | the answer has |
//! | --- | --- | --- |
//! | `drain` | | `said`: a `request`, an `abort` or an `update` each; `due`, in ms |
//! | `step` | `exchange`, and `head`, `body`, `end` or `lost` | |
//! | `timeout` | | |

use core::time::Duration;
use std::sync::Arc;

use highchat_conformance::Driver as _;
use highchat_conformance::remote::{Process, Remote, read_update};
use highchat_proto::time::Instant;
use highchat_proto::{Config, ConversationId, Endpoint, Message, Rating, Saved, State};
use serde_json::{Value, json};

use crate::standing::Standing;
use crate::world::client::{Client, Said};
use crate::world::step::Step;

/// A session in virtual time, for lives.
#[derive(Debug)]
pub struct RemoteLife {
    remote: RemoteStanding,
    endpoint: Arc<Endpoint>,
    config: Config,
}

impl RemoteLife {
    /// A client at the beginning of a life.
    #[must_use]
    pub fn new(process: &Arc<Process>, endpoint: Arc<Endpoint>, config: Config) -> Self {
        let remote = RemoteStanding(Remote::open(process, &endpoint, &config, None));
        Self {
            remote,
            endpoint,
            config,
        }
    }

    fn ask(&self, command: &Value) -> Value {
        let answer = self.remote.0.command(&command.to_string());
        serde_json::from_str(&answer).expect("an answer is JSON")
    }
}

/// The conversation of a session in the other process.
#[derive(Debug)]
pub struct RemoteStanding(Remote);

impl Standing for RemoteStanding {
    fn id(&self) -> Option<ConversationId> {
        self.0.status().id
    }

    fn state(&self) -> State {
        self.0.status().state
    }

    fn is_polling(&self) -> bool {
        self.0.status().is_polling
    }

    fn turn_in_progress(&self) -> bool {
        self.0.status().turn_in_progress
    }

    fn save(&self) -> Saved {
        self.0.save()
    }
}

impl Client for RemoteLife {
    type Conversation = RemoteStanding;

    fn send(&mut self, message: Message, now: Instant) -> bool {
        let command = json!({ "do": "send", "text": message.as_str(), "now": ms(now) });
        self.ask(&command)["accepted"] == true
    }

    fn rate(&mut self, rating: Rating, now: Instant) -> bool {
        let rating = u8::from(rating == Rating::Up);
        let command = json!({ "do": "rate", "rating": rating, "now": ms(now) });
        self.ask(&command)["accepted"] == true
    }

    fn cancel(&mut self, now: Instant) {
        self.ask(&json!({ "do": "cancel", "now": ms(now) }));
    }

    fn conversation(&self) -> &RemoteStanding {
        &self.remote
    }

    fn resume(&mut self, saved: Option<Saved>, now: Instant) {
        let (endpoint, config) = (&self.endpoint, &self.config);
        self.remote
            .0
            .open_again(endpoint, config, saved.as_ref(), ms(now));
    }

    fn drain(&mut self, now: Instant, hear: &mut dyn FnMut(Said<'_>) -> bool) -> Option<Instant> {
        let answer = self.ask(&json!({ "do": "drain", "now": ms(now) }));
        for said in answer["said"].as_array().expect("a list") {
            if let Some(request) = said["request"].as_object() {
                let text = |name: &str| request[name].as_str().unwrap_or_default();
                let number = request["exchange"].as_u64().expect("a number");
                hear(Said::Request(
                    number,
                    text("target"),
                    text("body").as_bytes(),
                ));
            } else if let Some(number) = said["abort"].as_u64() {
                hear(Said::Abort(number));
            } else if let Some(update) = read_update(&said["update"].to_string()) {
                hear(Said::Update(update));
            }
        }
        let due = answer["due"].as_f64()?;
        Some(Instant::from_origin(Duration::from_secs_f64(due / 1000.0)))
    }

    fn handle(&mut self, exchange: u64, step: &Step, now: Instant) {
        let mut command = json!({ "do": "step", "exchange": exchange, "now": ms(now) });
        match step {
            Step::Head(head) => {
                command["head"] = json!({
                    "status": head.status,
                    "contentType": head.content_type,
                    "retryAfter": head.retry_after,
                });
            }
            Step::Body(bytes) => command["body"] = json!(bytes),
            Step::End => command["end"] = true.into(),
            // `fetch` does not say whether a request that failed was sent.
            Step::Lost | Step::NotSent => command["lost"] = true.into(),
        }
        self.ask(&command);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.ask(&json!({ "do": "timeout", "now": ms(now) }));
    }
}

fn ms(now: Instant) -> f64 {
    let micros = u32::try_from(now.since_origin().as_micros() % 1000).unwrap_or_default();
    let millis = u32::try_from(now.since_origin().as_millis()).unwrap_or(u32::MAX);
    f64::from(millis) + f64::from(micros) / 1000.0
}
