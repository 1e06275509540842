//! Streams of replies through the proxy, and how they end.

use core::time::Duration;
use std::io::Read as _;

use highchat_sandbox::Step;

use crate::relay::Relay;
use crate::support::*;

const TICK: Duration = Duration::from_millis(60);

#[test]
fn events_are_passed_on_as_soon_as_the_service_sends_them() {
    let service = play([vec![
        Step::send(format!("{STREAM}{META}{}", delta("a"))),
        Step::AwaitRequest,
        Step::send(delta("b")),
        Step::AwaitRequest,
        Step::send(DONE),
    ]]);
    let proxy = TestProxy::start(service.base_url(), |_| ());
    let mut stream = Call::chat("ա").open(&proxy);

    // The service waits for ever with the next event; this event must arrive now.
    read_until(&mut stream, &delta("a"));
    assert_eq!(proxy.counter("highchat_proxy_streams "), 1);
    drop(service);
    // The connection to the service was cut in the middle of the reply.
    let rest = read_until(&mut stream, "\r\n0\r\n\r\n");
    assert!(rest.contains("event: error\ndata: {\"message\":"), "{rest}");
}

#[test]
fn a_reply_sent_in_single_bytes_arrives_complete() {
    let mut script = vec![Step::send(STREAM)];
    script.extend(
        META.bytes()
            .chain(DONE.bytes())
            .map(|byte| Step::send([byte])),
    );
    let service = play([script]);
    let proxy = TestProxy::start(service.base_url(), |_| ());

    assert_eq!(Call::chat("ա").send(&proxy).body, format!("{META}{DONE}"));
}

#[test]
fn a_reply_that_is_cut_anywhere_ends_with_an_error_event_between_events() {
    let reply = format!(
        "{META}: c\n\n{}{}",
        delta("ա"),
        delta("b").replace('\n', "\r\n")
    );
    let cuts: Vec<usize> = (0..=reply.len()).collect();
    let scripts = cuts.iter().map(|cut| {
        let mut bytes = STREAM.as_bytes().to_vec();
        bytes.extend_from_slice(&reply.as_bytes()[..*cut]);
        vec![Step::Send(bytes)]
    });
    let service = play(scripts.collect::<Vec<_>>());
    let proxy = TestProxy::start(service.base_url(), |_| ());
    for cut in cuts {
        let got = Call::chat("ա").send(&proxy);
        // The proxy sends comments if this machine stands still.
        let before = got.before_error().replace(COMMENT, "");
        // A known event that lacks only its blank line counts as whole and gets one.
        let before = before.strip_suffix("\n\n").unwrap_or(&before);
        assert!(
            reply.starts_with(before.trim_end_matches(['\r', '\n'])),
            "cut at {cut}: {before:?}"
        );
        let lost = cut - before.len().min(cut);
        assert!(lost <= delta("b").len() + 8, "cut at {cut}");
    }
    until(|| {
        proxy.counter("highchat_proxy_streams_total{outcome=\"cut\"}") == reply.len() as u64 + 1
    });
}

#[test]
fn a_reset_and_a_broken_chunk_end_a_reply_with_an_error_event() {
    let chunked = STREAM.replace("\r\n\r\n", "\r\ntransfer-encoding: chunked\r\n\r\n");
    let chunk = format!("{chunked}{:x}\r\n{META}\r\n", META.len());
    let service = play([
        vec![
            Step::send(format!("{STREAM}{META}")),
            Step::Pause(TICK),
            Step::Reset,
        ],
        vec![Step::send(format!("{chunk}ff\r\nevent: done"))],
        vec![Step::send(format!("{chunk}zz\r\n"))],
        vec![Step::send(format!("{chunk}0\r\n\r\n"))],
    ]);
    let proxy = TestProxy::start(service.base_url(), |_| ());
    for _ in 0..4 {
        assert_eq!(Call::chat("ա").send(&proxy).before_error(), META);
    }
}

#[test]
fn a_reply_is_the_same_in_any_framing_and_after_interim_responses() {
    let reply = format!("{META}{}{DONE}", delta("ա"));
    let head = STREAM.strip_suffix("\r\n").unwrap();
    let chunks: String = reply
        .split_inclusive('"')
        .map(|chunk| format!("{:x};x=y\r\n{chunk}\r\n", chunk.len()))
        .collect();
    let chunks = format!("{head}transfer-encoding: chunked\r\n\r\n{chunks}0\r\nx: y\r\n\r\n");
    let length = format!("{head}content-length: {}\r\n\r\n{reply}", reply.len());
    let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n";
    let old = format!("{STREAM}{reply}").replace("HTTP/1.1", "HTTP/1.0");
    let answers = [length, format!("{interim}{chunks}"), chunks, old];
    let whole = answers.iter().map(|answer| vec![Step::send(&**answer)]);
    let bytes = answers.iter().map(|answer| {
        let steps = answer.bytes().map(|byte| Step::send([byte]));
        steps.collect()
    });
    let service = play(whole.chain(bytes).collect::<Vec<_>>());
    let proxy = TestProxy::start(service.base_url(), |_| ());
    for _ in 0..2 {
        for answer in &answers {
            assert_eq!(Call::chat("ա").send(&proxy).body, reply, "{answer}");
        }
    }
}

#[test]
fn nothing_is_added_after_done_human_or_error() {
    let human = "event: human\ndata: {\"message\":\"m\",\"ts\":\"2026-06-14T10:00:00Z\"}\n\n";
    let error = "event: error\ndata: {\"message\":\"m\"}\n\n";
    let ends = [DONE, human, error].map(|end| format!("{META}{end}"));
    let unfinished = [DONE.trim_end(), DONE].map(|end| format!("{META}{end}"));
    let after = format!("{META}{DONE}event: del");
    let replies = ends.iter().chain(&unfinished).chain([&after]);
    let service = play(
        replies
            .clone()
            .map(|reply| vec![Step::send(format!("{STREAM}{reply}"))])
            .collect::<Vec<_>>(),
    );
    let proxy = TestProxy::start(service.base_url(), |_| ());
    for reply in replies {
        let whole = reply.strip_suffix("event: del").unwrap_or(reply);
        assert_eq!(
            Call::chat("ա").send(&proxy).body.trim_end(),
            whole.trim_end()
        );
    }
    until(|| proxy.counter("highchat_proxy_streams_total{outcome=\"whole\"}") == 6);
}

#[test]
fn a_stream_ends_after_its_last_event_if_the_service_does_not_close_it() {
    let service = play([vec![
        Step::send(format!("{STREAM}{META}{DONE}")),
        Step::Hold,
    ]]);
    let proxy = TestProxy::start(service.base_url(), |config| config.settle_timeout = TICK);

    assert_eq!(Call::chat("ա").send(&proxy).body, format!("{META}{DONE}"));
    assert!(service.wait_for_close(0, LONG));
}

#[test]
fn a_silent_reply_gets_comments_and_then_an_error_event() {
    let service = play([vec![Step::send(format!("{STREAM}{META}")), Step::Hold]]);
    let proxy = TestProxy::start(service.base_url(), |config| {
        config.keepalive = TICK;
        config.idle_timeout = 10 * TICK;
    });

    let got = Call::chat("ա").send(&proxy);

    // On a busy machine the first comment may come before the reply.
    let (_, comments) = got.before_error().split_once(META).unwrap();
    assert!(comments.len() >= 2 * COMMENT.len(), "{comments}");
    assert_eq!(got.before_error().replace(COMMENT, ""), META);
    assert!(service.wait_for_close(0, LONG));
    until(|| proxy.counter("highchat_proxy_streams_total{outcome=\"silent\"}") == 1);
}

#[test]
fn a_comment_is_never_written_inside_an_event() {
    let cr_lf = DONE.replace('\n', "\r\n");
    let first_line = cr_lf.find('\n').unwrap();
    for (done, pieces) in [(DONE, [19, 20]), (&*cr_lf, [first_line, first_line + 1])] {
        let [first, second] = pieces;
        let service = play([vec![
            Step::send(format!("{STREAM}{META}{}", &done[..first])),
            Step::Pause(TICK / 2),
            Step::send(&done[first..second]),
            Step::Pause(4 * TICK),
            Step::send(&done[second..]),
        ]]);
        let proxy = TestProxy::start(service.base_url(), |config| config.keepalive = TICK);

        let got = Call::chat("ա").send(&proxy);

        assert!(got.body.contains(COMMENT));
        assert_eq!(got.body.replace(COMMENT, ""), format!("{META}{done}"));
        assert!(got.body.ends_with(done), "{}", got.body);
    }
}

#[test]
fn a_reply_with_only_pings_ends_with_an_error_event() {
    let ping = "event: ping\ndata: {}\n\n";
    let mut script = vec![Step::send(STREAM)];
    script.extend((0..10_000).flat_map(|_| [Step::send(ping), Step::Pause(TICK / 20)]));
    let service = play([script]);
    let proxy = TestProxy::start(service.base_url(), |config| {
        config.progress_timeout = 3 * TICK
    });

    let got = Call::chat("ա").send(&proxy);

    assert_eq!(got.before_error().replace(ping, ""), "");
}

#[test]
fn a_stream_begins_with_comments_if_the_head_is_late() {
    let service = play([vec![Step::send(format!("{STREAM}{META}{DONE}"))]]);
    let relay = Relay::start(service.addr());
    let proxy = TestProxy::start(&relay.base_url(), |config| config.keepalive = TICK);

    let got = Call::chat("ա").send_to_late(&relay, &proxy);

    assert!(got.body.starts_with(COMMENT), "{}", got.body);
    assert_eq!(got.body.replace(COMMENT, ""), format!("{META}{DONE}"));
}

#[test]
fn a_late_refusal_becomes_an_error_event_with_its_message() {
    let body = "{\"error\":{\"code\":\"rate_limited\",\"message\":\"սպասեք\"}}";
    let head = format!("HTTP/1.1 429 No\r\ncontent-length: {}\r\n\r\n", body.len());
    let service = play([vec![Step::send(head + body)]]);
    let relay = Relay::start(service.addr());
    let proxy = TestProxy::start(&relay.base_url(), |config| config.keepalive = TICK);

    let got = Call::chat("ա").send_to_late(&relay, &proxy);

    assert_eq!(got.before_error().replace(COMMENT, ""), "");
    assert!(
        got.body
            .ends_with("event: error\ndata: {\"message\":\"սպասեք\"}\n\n")
    );
}

#[test]
fn a_request_without_an_answer_times_out() {
    let service = play([vec![Step::Hold], vec![Step::Hold]]);
    let proxy = TestProxy::start(service.base_url(), |config| {
        config.keepalive = TICK;
        config.response_timeout = 3 * TICK;
    });

    assert_eq!(
        Call::chat("ա")
            .send(&proxy)
            .before_error()
            .replace(COMMENT, ""),
        ""
    );
    assert_eq!(Call::messages("c1").send(&proxy).refusal().0, 504);
    assert!(service.wait_for_close(0, LONG) && service.wait_for_close(1, LONG));
}

#[test]
fn an_event_that_is_too_long_ends_the_reply_with_an_error_event() {
    let mut bytes = format!("{STREAM}{META}data: ").into_bytes();
    bytes.resize(8 << 20, b'x');
    let service = play([vec![Step::Send(bytes), Step::Hold]]);
    let proxy = TestProxy::start(service.base_url(), |_| ());

    assert_eq!(Call::chat("ա").send(&proxy).before_error(), META);
    until(|| proxy.counter("highchat_proxy_streams ") == 0);
}

#[test]
fn a_slow_visitor_slows_the_service_down_and_gets_the_whole_reply() {
    let text = "x".repeat(1000);
    let event = delta(&text);
    let mut reply = format!("{STREAM}{META}");
    while reply.len() < 16 << 20 {
        reply.push_str(&event);
    }
    reply.push_str(DONE);
    let len = reply.len() - STREAM.len();
    let service = play([vec![Step::send(reply)]]);
    let proxy = TestProxy::start(service.base_url(), |_| ());
    let mut stream = Call::chat("ա").open(&proxy);
    read_until(&mut stream, META);
    // The buffers cannot hold the whole reply, so the service must wait.
    until(|| {
        let before = proxy.server.proxy().metrics();
        std::thread::sleep(TICK);
        before == proxy.server.proxy().metrics()
    });
    assert!(!service.wait_for_close(0, Duration::ZERO));

    let mut rest = Vec::new();
    while !rest.ends_with(b"\r\n0\r\n\r\n") {
        let mut chunk = [0; 65_536];
        let read = stream.read(&mut chunk).unwrap();
        assert!(read > 0, "a whole answer");
        rest.extend_from_slice(&chunk[..read]);
    }

    assert!(String::from_utf8_lossy(&rest).contains("event: done"));
    until(|| proxy.counter("highchat_proxy_stream_bytes_total ") == len as u64);
}
