//! Answers requests for messages.

use core::fmt::Write;

use super::{Author, HTML, JSON, PageAnswer, Service, millis, whole};
use crate::life::{After, Order, PageFault};
use crate::world::step::{Head, Step};
use crate::world::time::Millis;

impl Service {
    /// Answers a request for messages, with the planned fault.
    pub(crate) fn page(&mut self, after: Option<&str>, now: u64) -> PageAnswer {
        self.advance(now);
        let fault = self.pages.next().unwrap_or(PageFault::None);
        let (body, ids) = self.page_body(after.and_then(|after| self.read_time(after)), now);
        let refused = |status, retry_after| {
            let head = Head::new(status, JSON);
            whole(
                now,
                Head {
                    retry_after,
                    ..head
                },
                r#"{"error":{"message":"Փորձեք կրկին"}}"#.into(),
            )
        };
        let head = Head::new(200, JSON);
        let steps = match fault {
            PageFault::None => {
                let steps = whole(now, head, body);
                return PageAnswer {
                    steps,
                    ids: Some(ids),
                    is_gone: false,
                };
            }
            PageFault::NotSent => vec![(now, Step::NotSent)],
            PageFault::Failed => refused(503, None),
            PageFault::Limited(retry_after) => refused(429, retry_after),
            PageFault::Gone => refused(404, None),
            PageFault::Broken => whole(now, head, b"{\"state\":\"bot\",\"messages\":[".to_vec()),
            PageFault::WrongType => whole(now, Head::new(200, HTML), b"<h1>200</h1>".to_vec()),
            PageFault::Cut => {
                let half = body[..body.len() / 2].to_vec();
                vec![
                    (now, Step::Head(head)),
                    (now, Step::Body(half)),
                    (now + 2, Step::Lost),
                ]
            }
            PageFault::Stalled => vec![(now, Step::Head(head))],
        };
        PageAnswer {
            steps,
            ids: None,
            is_gone: fault == PageFault::Gone,
        }
    }

    fn page_body(&mut self, after: Option<Millis>, now: u64) -> (Vec<u8>, Vec<u32>) {
        let floor = |at: Millis| {
            if self.habits.seconds {
                at.div_euclid(1000) * 1000
            } else {
                at
            }
        };
        let mut shown: Vec<usize> = (0..self.messages.len())
            .filter(|n| {
                let message = &self.messages[*n];
                let at = floor(message.at + 1000 * i64::from(self.habits.clock_off))
                    - 1000 * i64::from(self.habits.clock_off);
                let is_asked_for = match (self.habits.after, after) {
                    (After::Ignored, _) | (_, None) => true,
                    (After::Inclusive, Some(after)) => at >= after,
                    (After::Exclusive, Some(after)) => at > after,
                };
                is_asked_for && (self.habits.lists_users || message.author != Author::User)
            })
            .collect();
        shown.sort_by_key(|n| self.messages[*n].at);
        shown.truncate(self.habits.page_len.map_or(usize::MAX, usize::from));
        match self.habits.order {
            Order::Oldest => {}
            Order::Newest => shown.reverse(),
            Order::Shuffled => self.rng.shuffle(&mut shown),
        }
        let mut body = String::with_capacity(64 + 160 * shown.len());
        let state = self.state.name();
        write!(body, "{{\"state\":\"{state}\",\"messages\":[").expect("a string takes all");
        if self.habits.odd {
            body.push_str("null,{\"id\":\"o\",\"role\":\"assistant\",\"content\":null}");
        }
        for n in &shown {
            let message = &self.messages[*n];
            let role = if message.author == Author::User {
                "user"
            } else {
                "assistant"
            };
            if !body.ends_with('[') {
                body.push(',');
            }
            let id = message.id;
            write!(body, "{{\"id\":\"m{id}\",\"role\":\"{role}\",\"content\":").expect("as above");
            let text = serde_json::to_string(&message.text).expect("a string");
            body.push_str(&text);
            body.push_str(",\"created_at\":\"");
            self.write_time(&mut body, message.at);
            body.push_str("\"}");
        }
        body.push_str("],\"ts\":\"");
        self.write_time(&mut body, millis(now));
        body.push_str("\"}");
        let ids = shown.iter().map(|n| self.messages[*n].id).collect();
        (body.into_bytes(), ids)
    }
}
