//! The rules of the verdict for each request of a client.

use core::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use http::{Method, StatusCode};
use serde::Deserialize;

use super::finding::Misstep;
use crate::api::state::State;
use crate::clock::{TimeScale, parse};
use crate::fault::REDIRECTED;
use crate::journal::Request;
use crate::net::query;

/// A poll that comes later than this is a new series of polls.
const MAX_POLL_GAP: Duration = Duration::from_secs(30);

/// How much earlier than allowed a request may come because of inexact clocks.
const TOLERANCE: Duration = Duration::from_millis(50);

/// How long a connection may stay open when the client needs nothing more from it.
const SETTLE: Duration = Duration::from_secs(5);

/// A request, with the message in it if there is one.
pub(super) struct JudgedRequest<'a> {
    request: &'a Request,
    message: Option<Message>,
}

impl<'a> JudgedRequest<'a> {
    pub(super) fn new(request: &'a Request) -> Self {
        let is_chat = request.method == Method::POST && request.path == "/v1/chat";
        let message = is_chat.then(|| serde_json::from_slice(&request.body));
        Self {
            request,
            message: message.and_then(Result::ok),
        }
    }
}

/// The shortest times between two requests of a client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Between the answer to a poll and the next poll.
    poll_gap: Duration,
    /// Between a 429 that names no time and the same request.
    retry_gap: Duration,
}

impl Limits {
    /// Returns the limits for a client with this poll interval. An eighth less is accepted,
    /// because the API says "every ~4s" and clients add jitter.
    pub(crate) fn new(poll_interval: Duration, scale: TimeScale) -> Self {
        Self {
            poll_gap: scale.real(poll_interval - poll_interval / 8),
            retry_gap: scale.real(Duration::from_secs(1)),
        }
    }
}

/// Judges a request, and calls `found` for each finding. `before` are the earlier requests, and
/// `cancels` are the times at which the client cancelled its requests.
pub(super) fn judge(
    judged: &JudgedRequest<'_>,
    before: &[JudgedRequest<'_>],
    cancels: &[Duration],
    now: Duration,
    limits: Limits,
    found: &mut impl FnMut(Misstep, String),
) {
    let request = judged.request;
    check_request(request, found);
    if let Some(message) = &judged.message {
        check_repetition(request, message, before, limits, found);
    } else if request.method == Method::GET && request.path.ends_with("/messages") {
        check_poll(request, before, limits, found);
    }
    if let Some(since) = kept_open(request, cancels, now) {
        let words = format!(
            "a connection was open {:.1} s too long",
            since.as_secs_f64()
        );
        found(Misstep::KeptOpen, words);
    }
}

/// Checks a request without its history.
fn check_request(request: &Request, found: &mut impl FnMut(Misstep, String)) {
    if request.path == REDIRECTED {
        let with = if request.headers.contains_key(AUTHORIZATION) {
            "with the key"
        } else {
            "without a key"
        };
        return found(
            Misstep::FollowedRedirect,
            format!("a redirect was followed, {with}"),
        );
    }
    let is_missing = request.status == Some(StatusCode::METHOD_NOT_ALLOWED)
        || request.status == Some(StatusCode::NOT_FOUND) && !request.facts.is_known_path;
    if is_missing {
        let detail = format!("the API has no {} {}", request.method, request.path);
        return found(Misstep::NoSuchEndpoint, detail);
    }
    if request.facts.key_in_query {
        let detail = format!("the query of {} contains a key", request.path);
        found(Misstep::KeyInQuery, detail);
    }
    if request.headers.contains_key(COOKIE) {
        found(Misstep::Cookie, format!("{} has a cookie", request.path));
    }
    let content_type = request.headers.get(CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|value| value.split(';').next());
    let is_json = media_type.is_some_and(|it| it.trim().eq_ignore_ascii_case("application/json"));
    if request.method == Method::POST && !is_json {
        let sent_as = content_type.unwrap_or("nothing");
        let detail = format!("a body was sent as {sent_as}, not application/json");
        found(Misstep::WrongContentType, detail);
    }
}

/// The fields of a message that are compared to find repetitions.
#[derive(Deserialize)]
struct Message {
    message: String,
    conversation_id: Option<String>,
    visitor_ref: Option<String>,
}

fn check_repetition(
    request: &Request,
    message: &Message,
    before: &[JudgedRequest<'_>],
    limits: Limits,
    found: &mut impl FnMut(Misstep, String),
) {
    let is_same = |earlier: &&JudgedRequest<'_>| {
        let given = earlier.request.facts.conversation_id.as_ref();
        // Two visitors or two keys may send the same message.
        let is_same_sender = earlier.request.facts.credential == request.facts.credential;
        earlier.message.as_ref().is_some_and(|other| {
            is_same_sender
                && other.message == message.message
                && other.visitor_ref == message.visitor_ref
                && (other.conversation_id == message.conversation_id
                    || message.conversation_id.is_some()
                        && given == message.conversation_id.as_ref())
        })
    };
    let Some(earlier) = before.iter().rev().find(is_same) else {
        return;
    };
    let earlier = earlier.request;
    match earlier.status.map(|status| status.as_u16()) {
        Some(429) => check_retry(request, earlier, limits, found),
        // The service has refused the message.
        Some(400..=499) => {}
        Some(_) if earlier.over_at().is_some_and(|over| over <= request.at) => {}
        Some(status) if earlier.ended.is_some_and(|(at, _)| at <= request.at) => {
            let after = match status {
                200 => "its reply broke off".to_owned(),
                status => format!("the answer {status}"),
            };
            let detail = format!("a message was sent again after {after}");
            found(Misstep::SentTwice, detail);
        }
        _ => {
            let detail = "a message was sent again while the first was under way".to_owned();
            found(Misstep::SentTwice, detail);
        }
    }
}

fn check_retry(
    request: &Request,
    refused: &Request,
    limits: Limits,
    found: &mut impl FnMut(Misstep, String),
) {
    let Some(answered_at) = refused.answered_at else {
        return;
    };
    let earliest = refused.retry_at.unwrap_or(answered_at + limits.retry_gap);
    if request.at + TOLERANCE < earliest {
        let after = request.at.saturating_sub(answered_at).as_secs_f64();
        let required = earliest.saturating_sub(answered_at).as_secs_f64();
        let detail =
            format!("a request was repeated {after:.1} s after a 429, not after {required:.1} s");
        found(Misstep::TooSoon, detail);
    }
}

fn check_poll(
    request: &Request,
    before: &[JudgedRequest<'_>],
    limits: Limits,
    found: &mut impl FnMut(Misstep, String),
) {
    let before: Vec<&Request> = before.iter().map(|judged| judged.request).collect();
    let id = request.facts.conversation_id.as_ref();
    let polls = before.iter().rev();
    let mut polls = polls.filter(|it| it.method == Method::GET && it.path == request.path);
    if let Some((last, answered_at)) = polls.next().and_then(|it| Some((it, it.answered_at?))) {
        let gap = request.at.saturating_sub(answered_at);
        let is_handed_over = matches!(last.facts.state, Some(State::Human | State::PendingHuman));
        let failed = last.status.is_some_and(|status| !status.is_success());
        if last.status == Some(StatusCode::TOO_MANY_REQUESTS) {
            check_retry(request, last, limits, found);
        } else if gap < limits.poll_gap && (is_handed_over || failed) {
            let gap = gap.as_secs_f64();
            let detail = format!("a poll came {gap:.1} s after the answer to the previous poll");
            found(Misstep::PolledTooFast, detail);
        }
        let is_over = matches!(last.facts.state, Some(State::Bot | State::Closed));
        let mut chats = before.iter().rev().take_while(|it| it.at >= last.at);
        let is_new_turn =
            chats.any(|it| it.path == "/v1/chat" && it.facts.conversation_id.as_ref() == id);
        let mut chats = before.iter().rev();
        let chat =
            chats.find(|it| it.path == "/v1/chat" && it.facts.conversation_id.as_ref() == id);
        // After a cut reply a client may poll for it in any state.
        let is_looking = chat.is_some_and(|chat| chat.over_at().is_none());
        if is_over && !is_new_turn && !is_looking && gap < MAX_POLL_GAP {
            let state = last.facts.state.map_or("", State::name);
            let detail = format!("a poll came although the state was {state}");
            found(Misstep::PolledAfterEnd, detail);
        }
    }
    if let Some(after) = query::value(request.query.as_deref(), "after") {
        let same_time = before
            .iter()
            .filter(|it| it.facts.conversation_id.as_ref() == id)
            .flat_map(|it| it.times())
            .filter(|given| parse(given).is_some() && parse(given) == parse(&after))
            .collect::<Vec<_>>();
        let is_echoed = same_time.iter().any(|given| **given == after);
        if parse(&after).is_none() {
            let detail = format!("after={after:?} is not a time");
            found(Misstep::ChangedAfter, detail);
        } else if let (Some(given), false) = (same_time.first(), is_echoed) {
            let detail = format!("after={after:?} was sent by the service as {given:?}");
            found(Misstep::ChangedAfter, detail);
        }
    }
}

/// Returns how much too long the connection of a request was open, if it was.
fn kept_open(request: &Request, cancels: &[Duration], now: Duration) -> Option<Duration> {
    let ended = request.ended.map_or(now, |(at, _)| at);
    let cancelled = cancels.iter().find(|at| **at >= request.at);
    let wanted_until = [request.over_at(), cancelled.copied()]
        .into_iter()
        .flatten()
        .min()?;
    let too_long = ended.checked_sub(wanted_until + SETTLE)?;
    (!too_long.is_zero()).then_some(too_long)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::access::Credential;
    use crate::journal::{AnswerFacts, End};
    use crate::verdict::Verdict;
    use bytes::Bytes;
    use http::HeaderMap;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Returns a request that was answered at once.
    fn asked(at: u64, method: Method, path: &str, body: &str, status: u16) -> Request {
        let head = http::Request::builder().method(method).uri(path);
        let (head, ()) = head.body(()).unwrap().into_parts();
        let mut request = Request::new(0, head, Bytes::copy_from_slice(body.as_bytes()));
        request.at = ms(at);
        request.answered_at = Some(ms(at));
        request.status = Some(StatusCode::from_u16(status).unwrap());
        request.ended = Some((ms(at), End::Whole));
        request.facts = AnswerFacts::of("c");
        request.facts.is_known_path = true;
        let json = http::HeaderValue::from_static("application/json");
        request.headers.insert(CONTENT_TYPE, json);
        request
    }

    fn chat(at: u64, status: u16) -> Request {
        asked(at, Method::POST, "/v1/chat", "{\"message\":\"a\"}", status)
    }

    /// Returns a message with a whole reply.
    fn whole(at: u64) -> Request {
        let request = chat(at, 200);
        request.be_over_at(ms(at));
        request
    }

    fn poll(at: u64, state: State) -> Request {
        let mut request = asked(at, Method::GET, "/v1/conversations/c/messages", "", 200);
        request.facts.state = Some(state);
        request
    }

    fn judged(requests: &[Request]) -> Vec<&'static str> {
        judged_with(Limits::new(ms(4000), TimeScale::default()), requests)
    }

    fn judged_with(limits: Limits, requests: &[Request]) -> Vec<&'static str> {
        let verdict = Verdict::of(requests, &[], ms(100_000), limits);
        let findings = verdict.findings().iter();
        findings.map(|finding| finding.misstep.name()).collect()
    }

    #[test]
    fn a_message_may_be_sent_again_if_it_was_refused_or_answered() {
        let mut refused_with_wait = chat(0, 429);
        refused_with_wait.retry_at = Some(ms(3000));
        let mut under_way = chat(0, 200);
        under_way.ended = None;
        for (first, second, findings) in [
            (whole(0), 10, &[][..]),
            (chat(0, 400), 10, &[]),
            (chat(0, 429), 1000, &[]),
            (chat(0, 429), 100, &["too-soon"]),
            (refused_with_wait.clone(), 3000, &[]),
            (refused_with_wait, 2900, &["too-soon"]),
            (chat(0, 200), 9000, &["sent-twice"]),
            (chat(0, 500), 9000, &["sent-twice"]),
            (chat(0, 307), 9000, &["sent-twice"]),
            (under_way, 9000, &["sent-twice"]),
        ] {
            let status = first.status;
            assert_eq!(
                judged(&[first, whole(second)]),
                findings,
                "{status:?} {second}"
            );
        }
    }

    #[test]
    fn another_message_or_another_conversation_is_not_a_repetition() {
        let mut other = chat(1, 200);
        other.body = Bytes::from_static(b"{\"message\":\"b\"}");
        let mut elsewhere = chat(1, 200);
        elsewhere.body = Bytes::from_static(b"{\"message\":\"a\",\"conversation_id\":\"d\"}");
        let mut here = chat(1, 200);
        here.body = Bytes::from_static(b"{\"message\":\"a\",\"conversation_id\":\"c\"}");

        assert_eq!(judged(&[chat(0, 500), other]), [""; 0]);
        assert_eq!(judged(&[chat(0, 500), elsewhere]), [""; 0]);
        assert_eq!(judged(&[chat(0, 500), here]), ["sent-twice"]);
    }

    #[test]
    fn the_same_message_of_another_visitor_or_key_is_not_a_repetition() {
        let by = |at, visitor: &str, key| {
            let mut request = chat(at, 500);
            let body = serde_json::json!({ "message": "Բարև 👋", "visitor_ref": visitor });
            request.body = Bytes::from(body.to_string());
            request.facts.credential = Some(Credential::Key(key));
            request
        };

        assert_eq!(judged(&[by(0, "Անի", 0), by(1, "Գոռ", 0)]), [""; 0]);
        assert_eq!(judged(&[by(0, "Անի", 0), by(1, "Անի", 1)]), [""; 0]);
        assert_eq!(
            judged(&[by(0, "Անի", 0), by(1, "Գոռ", 0), by(2, "Անի", 0)]),
            ["sent-twice"]
        );
    }

    #[test]
    fn polls_keep_four_seconds_and_end_with_the_handoff() {
        let handed = |at| poll(at, State::Human);
        assert_eq!(judged(&[handed(0), handed(3600)]), [""; 0]);
        assert_eq!(judged(&[handed(0), handed(3000)]), ["polled-too-fast"]);
        let mut failed = poll(0, State::Human);
        failed.status = Some(StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(judged(&[failed, handed(100)]), ["polled-too-fast"]);

        let over = |at| poll(at, State::Bot);
        assert_eq!(
            judged(&[whole(0), over(1), over(4001)]),
            ["polled-after-end"]
        );
        assert_eq!(judged(&[whole(0), over(1), over(40_001)]), [""; 0]);
        assert_eq!(judged(&[whole(0), over(1), whole(2), over(4001)]), [""; 0]);
        // The reply was cut, so the client may poll for it.
        assert_eq!(judged(&[chat(0, 200), over(1000), over(4001)]), [""; 0]);
    }

    #[test]
    fn an_eighth_less_than_the_poll_interval_is_accepted() {
        let handed = |at| poll(at, State::Human);
        for (interval, gap, findings) in [
            (200, 175, &[][..]),
            (200, 174, &["polled-too-fast"]),
            (8000, 7000, &[]),
            (8000, 6999, &["polled-too-fast"]),
            (0, 0, &[]),
        ] {
            let limits = Limits::new(ms(interval), TimeScale::default());
            let found = judged_with(limits, &[handed(0), handed(gap)]);
            assert_eq!(found, findings, "{gap} of {interval} ms");
            // With a time scale, in real time.
            let limits = Limits::new(50 * ms(interval), TimeScale::new(50));
            let found = judged_with(limits, &[handed(0), handed(gap)]);
            assert_eq!(found, findings, "{gap} of {interval} ms");
        }
        let limits = Limits::new(ms(4000), TimeScale::new(50));
        assert_eq!(judged_with(limits, &[chat(0, 429), whole(20)]), [""; 0]);
        assert_eq!(judged_with(limits, &[chat(0, 429), chat(0, 429)]), [""; 0]);
    }

    #[test]
    fn after_must_be_exactly_a_time_of_the_service() {
        let mut given = poll(0, State::Human);
        given.facts.times = vec!["2026-06-14T10:00:00.000Z".to_owned()];
        for (after, findings) in [
            ("2026-06-14T10:00:00.000Z", &[][..]),
            ("2026-06-14T10%3A00%3A00.000Z", &[]),
            ("2026-06-14T10:00:00Z", &["changed-after"]),
            ("2026-06-14T12:00:00.000%2B02:00", &["changed-after"]),
            ("2026-06-14T12:00:00.000+02:00", &["changed-after"]),
            ("2026-06-14T11:00:00Z", &[]),
        ] {
            let mut echoed = poll(4000, State::Human);
            echoed.query = Some(format!("after={after}"));
            assert_eq!(judged(&[given.clone(), echoed]), findings, "{after}");
        }
    }

    #[test]
    fn a_connection_must_close_soon_after_the_reply_or_a_cancel() {
        let mut open = whole(0);
        open.ended = None;
        assert_eq!(judged(&[open]), ["kept-open"]);
        let mut left = whole(0);
        left.ended = Some((ms(2500), End::ClientLeft));
        assert_eq!(judged(&[left]), [""; 0]);

        let mut stalled = chat(0, 200);
        stalled.ended = Some((ms(8000), End::ClientLeft));
        let requests = [stalled];
        assert!(
            Verdict::of(
                &requests,
                &[],
                ms(9000),
                Limits::new(ms(4000), TimeScale::default())
            )
            .is_good()
        );
        assert!(
            Verdict::of(
                &requests,
                &[ms(7000)],
                ms(9000),
                Limits::new(ms(4000), TimeScale::default())
            )
            .is_good()
        );
        assert!(
            !Verdict::of(
                &requests,
                &[ms(1000)],
                ms(9000),
                Limits::new(ms(4000), TimeScale::default())
            )
            .is_good()
        );
    }

    #[test]
    fn some_findings_need_only_one_request() {
        let mut followed = asked(0, Method::POST, REDIRECTED, "", 404);
        let bearer = http::HeaderValue::from_static("Bearer [redacted]");
        followed.headers.insert(AUTHORIZATION, bearer);
        let verdict = Verdict::of(
            &[followed],
            &[],
            ms(1),
            Limits::new(ms(4000), TimeScale::default()),
        );
        assert_eq!(
            verdict.to_string(),
            "followed-redirect: a redirect was followed, with the key (at 0.000 s)\n\
             1 request, 1 finding"
        );

        let mut unknown = asked(0, Method::GET, "/v2", "", 404);
        unknown.facts.is_known_path = false;
        assert_eq!(judged(&[unknown]), ["no-such-endpoint"]);
        assert_eq!(
            judged(&[asked(0, Method::PUT, "/v1/chat", "", 405)]),
            ["no-such-endpoint"]
        );

        let mut odd = whole(0);
        odd.headers = HeaderMap::new();
        odd.headers
            .insert(COOKIE, http::HeaderValue::from_static("a=b"));
        odd.facts.key_in_query = true;
        let findings = ["key-in-query", "cookie", "wrong-content-type"];
        assert_eq!(judged(&[odd]), findings);
    }
}
