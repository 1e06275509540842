//! `Reader`, which reads a reply one event at a time.

use core::time::Duration;

use highchat_proto::failure::Cut;
use highchat_proto::reply::Reader;
use highchat_proto::time::Instant;
use highchat_proto::{Config, Credentials, Endpoint, Event};

const DELTA: &str = "event: delta\ndata: {\"text\":\"a\"}\n\n";
const DONE: &str = "event: done\ndata: {\"message_id\":\"m\",\"state\":\"bot\",\
                    \"ts\":\"2026-06-14T10:00:00Z\"}\n\n";

const KEY: &str = "hc_secret";

fn endpoint() -> Endpoint {
    Endpoint::new("https://chat.example", Credentials::key(KEY).unwrap()).unwrap()
}

fn seconds(seconds: u64) -> Instant {
    Instant::ORIGIN + Duration::from_secs(seconds)
}

/// A step of a reply's body: a chunk, a lost connection, or silence until a time in seconds.
#[derive(Clone)]
enum Body {
    Chunk(&'static str),
    Lost,
    Silent(u64),
}

use Body::{Chunk, Lost, Silent};

/// Reads the whole body. Returns the events in short form, how often the reader asked for
/// bytes, and how the reply ended.
fn read(body: &[Body]) -> (String, usize, Result<(), Cut>) {
    let mut reader = Reader::new(&endpoint(), &Config::default(), Instant::ORIGIN);
    let (mut events, mut asked, mut now) = (String::new(), 0, Instant::ORIGIN);
    let mut body = body.iter();
    loop {
        loop {
            match reader.advance(now) {
                Ok(None) => break,
                Err(cut) => return (events, asked, Err(cut)),
                Ok(Some(_)) => {}
            }
            asked += 1;
            match body.next() {
                Some(Chunk(chunk)) => reader.handle_body(chunk.as_bytes().into()),
                Some(Lost) => reader.handle_interruption(),
                Some(Silent(until)) => {
                    now = seconds(*until);
                    reader.handle_timeout(now);
                }
                None => reader.handle_end(),
            }
        }
        match reader.event(now) {
            Ok(Some(Event::Delta { text })) => events.push_str(&text),
            Ok(Some(Event::Done { .. })) => events.push('.'),
            Ok(Some(event)) => panic!("{event:?}"),
            Ok(None) => return (events, asked, Ok(())),
            Err(cut) => return (events, asked, Err(cut)),
        }
    }
}

#[test]
fn the_reader_asks_for_bytes_only_after_it_has_used_the_earlier_ones() {
    let both = concat!(
        "event: delta\ndata: {\"text\":\"a\"}\n\n",
        "event: delta\ndata: {\"text\":\"b\"}\n\n"
    );
    let mut reader = Reader::new(&endpoint(), &Config::default(), Instant::ORIGIN);
    assert_eq!(reader.advance(seconds(0)), Ok(Some(seconds(60))));
    reader.handle_body(both.as_bytes().into());
    for expected in ["a", "b"] {
        assert_eq!(reader.advance(seconds(1)), Ok(None));
        let text = expected.into();
        assert_eq!(reader.event(seconds(1)), Ok(Some(Event::Delta { text })));
        assert_eq!(
            reader.event(seconds(1)),
            Ok(None),
            "each event is returned once"
        );
    }
    assert_eq!(reader.advance(seconds(1)), Ok(Some(seconds(61))));
}

#[test]
fn each_end_of_a_reply_is_reported() {
    let silent = [1, 30, 61].map(Silent);
    let cases: [(&[Body], &str, Result<(), Cut>); 7] = [
        (&[Chunk(DELTA), Chunk(DONE)], "a.", Ok(())),
        // The reader does not wait for bytes after the last event.
        (&[Chunk(DONE), Lost], ".", Ok(())),
        (&[Chunk(DELTA)], "a", Err(Cut::Truncated)),
        (&[Chunk(DELTA), Lost], "a", Err(Cut::Interrupted)),
        (&silent, "", Err(Cut::Idle)),
        (
            &[Chunk("event: delta\ndata: {\"text\":\"\\ud83d\"}\n\n")],
            "\u{FFFD}",
            Err(Cut::Truncated),
        ),
        // The last blank line may be missing.
        (&[Chunk(DELTA), Chunk(DONE.trim_ascii_end())], "a.", Ok(())),
    ];
    for (body, events, end) in cases {
        let (found, _, ended) = read(body);
        assert_eq!((&*found, ended), (events, end));
    }
}

const PING: &str = "event: ping\ndata: {}\n\n";

/// Reads pings that always come, and shows each for `away`. Each step takes 1 s. Returns the time
/// in seconds at which the reply was cut, without the time that the pings were shown.
fn cut_by_pings(chunk: &str, away: Duration) -> (u64, Cut) {
    let mut reader = Reader::new(&endpoint(), &Config::default(), Instant::ORIGIN);
    let (mut now, mut shown) = (Instant::ORIGIN, Duration::ZERO);
    loop {
        reader.resume(now);
        let found = loop {
            let step = reader.advance(now);
            now = now + Duration::from_secs(1);
            match step {
                Ok(Some(_)) => reader.handle_body(chunk.to_owned().into()),
                Ok(None) => break reader.event(now).map(drop),
                Err(cut) => break Err(cut),
            }
        };
        if let Err(cut) = found {
            return ((now.since_origin() - shown).as_secs(), cut);
        }
        (now, shown) = (now + away, shown + away);
    }
}

#[test]
fn pings_that_always_come_are_no_progress_however_long_the_application_takes() {
    for away in [0, 1, 1000].map(Duration::from_secs) {
        for count in [1, 3, 1000] {
            let (at, cut) = cut_by_pings(&PING.repeat(count), away);
            assert_eq!(cut, Cut::NoProgress, "{count}");
            assert!((300..=302).contains(&at), "{count} pings a chunk: {at}");
        }
    }
    // A line that never ends.
    let (at, cut) = cut_by_pings("x", Duration::ZERO);
    assert_eq!((at, cut), (301, Cut::NoProgress));
}

#[test]
fn the_events_do_not_depend_on_how_the_body_is_cut() {
    let body: &'static str = concat!(
        "event: delta\ndata: {\"text\":\"a\"}\n\n: b\n\nevent: delta\ndata: {\"text\":\"c\"}\n\n",
        "event: done\ndata: {\"message_id\":\"m\",\"state\":\"bot\",\"ts\":\"2026-06-14T10:00:00Z\"}\n\n"
    );
    for size in 1..body.len() {
        let chunks = body.as_bytes().chunks(size);
        let chunks: Vec<_> = chunks
            .map(|chunk| Chunk(core::str::from_utf8(chunk).unwrap()))
            .collect();
        let (events, asked, end) = read(&chunks);
        assert_eq!((&*events, end), ("ac.", Ok(())), "{size}");
        assert_eq!(asked, chunks.len(), "{size}");
    }
}
