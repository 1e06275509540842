//! Makes the stream of a reply, with its fault.

use super::{EVENT_STREAM, PING_INTERVAL, PINGS, Service};
use crate::life::{Fault, How, Turn};
use crate::world::step::{Head, Step, Steps};

impl Service {
    /// The steps of the stream, with the turn's fault.
    pub(super) fn stream(turn: &Turn, events: Vec<(u64, String)>) -> Steps {
        let begins = events.first().map_or(0, |(at, _)| *at);
        let ends = events.last().map_or(0, |(at, _)| *at);
        let head = (begins, Step::Head(Head::new(200, EVENT_STREAM)));
        let Some(Fault { at, how }) = turn.fault else {
            let mut steps = vec![head];
            steps.extend(
                events
                    .into_iter()
                    .map(|(at, event)| (at, Step::Body(event.into()))),
            );
            steps.push((ends + 5, Step::End));
            return steps;
        };
        let Some(thousandths) = at else {
            return match how {
                How::Lost => vec![(begins + 30, Step::Lost)],
                _ => Vec::new(),
            };
        };
        let len: usize = events.iter().map(|(_, event)| event.len()).sum();
        let mut left = len * usize::from(thousandths) / 1000;
        let mut steps = vec![head];
        let mut cut_at = begins;
        for (at, event) in events {
            cut_at = at;
            let taken = left.min(event.len());
            steps.push((at, Step::Body(event.as_bytes()[..taken].to_vec())));
            left -= taken;
            if taken < event.len() {
                break;
            }
        }
        match how {
            How::Lost => steps.push((cut_at + 3, Step::Lost)),
            How::Ended => steps.push((cut_at + 3, Step::End)),
            How::Stalled => {}
            How::Pings => {
                let ping = |n| {
                    let ping = b"\n\nevent: ping\ndata: {}\n\n".to_vec();
                    (cut_at + n * PING_INTERVAL, Step::Body(ping))
                };
                steps.extend((1..PINGS).map(ping));
            }
            How::Broken => {
                let broken = b"\n\nevent: delta\ndata: {\"text\":\"\n\n".to_vec();
                steps.push((cut_at + 3, Step::Body(broken)));
                steps.push((cut_at + 4, Step::End));
            }
        }
        steps
    }
}
