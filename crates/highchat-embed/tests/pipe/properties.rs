//! Properties over random services, drivers and cuts.

use core::time::Duration;

use highchat_embed::Embed;
use highchat_proto::time::Instant;
use highchat_proto::{ConversationId, Message, Rating, Saved, State};
use highchat_testing::oracles::hostile;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::*;

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn events() -> impl Strategy<Value = String> {
    let event = select(vec![
        META.to_owned(),
        delta("Բարև"),
        delta("\\ud83d"),
        PING.to_owned(),
        ": comment\r\n\r".to_owned(),
        HUMAN.to_owned(),
        DONE.to_owned(),
        "event: error\ndata: {\"message\":\"e\"}\n\n".to_owned(),
        "event: delta\ndata: broken\n\n".to_owned(),
    ]);
    vec(event, 0..6).prop_map(|events| events.concat())
}

fn head() -> impl Strategy<Value = String> {
    let early = select(vec![
        "",
        "",
        "\r\n",
        "HTTP/1.1 103 Early Hints\r\na: b\r\n\r\n",
    ]);
    let version = select(vec!["HTTP/1.1", "HTTP/1.1", "HTTP/1.0"]);
    let status = select(vec![
        "200 OK", "200 OK", "200 OK", "404 No", "429 Slow", "500 Oops",
    ]);
    let header = select(vec![
        "connection: close\r\n",
        "connection: keep-alive\r\n",
        "retry-after: 1\r\n",
        "content-encoding: gzip\r\n",
    ]);
    let stream = "content-type: text/event-stream\r\n";
    let kind = select(vec![stream, stream, "content-type: application/json\r\n"]);
    (early, version, status, kind, vec(header, 0..2)).prop_map(
        |(early, version, status, kind, headers)| {
            format!("{early}{version} {status}\r\n{kind}{}", headers.concat())
        },
    )
}

fn body() -> impl Strategy<Value = String> {
    let pages = ["human", "bot"].map(|state| {
        let answer = page(state, &["one"]);
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    });
    let refusal = r#"{"error":{"code":"not_found","message":"Ոչ"}}"#.to_owned();
    let [human, bot] = pages;
    prop_oneof![4 => events(), 2 => select(vec![human, bot, refusal, String::new()])]
}

/// An answer in any framing, valid or invalid.
fn any_answer() -> impl Strategy<Value = Vec<u8>> {
    let trailer = select(vec!["\r\n", "x: y\r\n\r\n", "x\r\n", ""]);
    (head(), body(), 0..5_u8, 1..40_usize, trailer).prop_map(
        |(head, body, framing, len, trailer)| match framing {
            0 => [&head, "\r\n", &body].concat().into(),
            1 | 2 => format!("{head}content-length: {}\r\n\r\n{body}", body.len()).into(),
            _ => {
                let mut bytes = format!("{head}transfer-encoding: chunked\r\n\r\n").into_bytes();
                for chunk in body.as_bytes().chunks(len) {
                    bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
                    bytes.extend([chunk, b"\r\n"].concat());
                }
                bytes.extend(format!("0\r\n{trailer}").bytes());
                bytes
            }
        },
    )
}

fn turn(start: Start) -> impl Strategy<Value = Turn> {
    // A request that waits for the only pipe goes out as soon as an answer is whole. Unrequested
    // bytes after the answer would be read before or after that, depending on the cuts.
    let unasked = if start.has_one_pipe { 0..1 } else { 1..9 };
    let ending = || {
        select(vec![
            Ending::Stays,
            Ending::Stays,
            Ending::Ends,
            Ending::Fails,
        ])
    };
    prop_oneof![
        8 => (any_answer(), ending()).prop_map(|(bytes, ending)| answers(bytes, ending)),
        2 => (any_answer(), any::<prop::sample::Index>(), ending()).prop_map(|(bytes, at, ending)| {
            answers(&bytes[..at.index(bytes.len())], ending)
        }),
        1 => (vec(any::<u8>(), 0..40), ending()).prop_map(|(bytes, ending)| answers(bytes, ending)),
        1 => (any_answer(), vec(any::<u8>(), unasked))
            .prop_map(|(answer, more)| says([answer, more].concat())),
        1 => Just(Turn::IsAway),
        1 => Just(Turn::IsSilent),
        1 => (1..200_usize).prop_map(Turn::Hangs),
    ]
}

#[derive(Clone, Debug)]
enum Step {
    Send,
    Rate,
    Cancel,
    CheckNow,
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Send),
        1 => Just(Step::Rate),
        1 => Just(Step::Cancel),
        1 => Just(Step::CheckNow),
        5 => (0..70_000_u64).prop_map(Step::Pass),
    ]
}

fn cuts() -> impl Strategy<Value = Cuts> {
    prop_oneof![
        Just(vec![1]),
        vec(1..9_usize, 1..20),
        vec(1..2000_usize, 1..20)
    ]
    .prop_map(Cuts::of)
}

/// How a conversation begins.
#[derive(Clone, Copy, Debug)]
struct Start {
    has_one_pipe: bool,
    is_handoff: bool,
}

fn start() -> impl Strategy<Value = Start> {
    (any::<bool>(), any::<bool>()).prop_map(|(has_one_pipe, is_handoff)| Start {
        has_one_pipe,
        is_handoff,
    })
}

fn play(turns: &[Turn], steps: &[Step], start: Start, writes: Cuts, reads: Cuts) -> World {
    let (endpoint, config) = (endpoint("https://chat.example"), seeded());
    let mut embed = if start.is_handoff {
        let saved = Saved::new(ConversationId::new("c1").unwrap()).with_state(State::Human);
        Embed::resume(endpoint, config, saved, Instant::ORIGIN)
    } else {
        Embed::new(endpoint, config)
    };
    if start.has_one_pipe {
        embed = embed.with_one_pipe();
    }
    let mut world = World::over(embed, turns.to_vec());
    (world.writes, world.reads) = (writes, reads);
    for step in steps {
        let now = world.now;
        match step {
            Step::Send => {
                // It is refused while the previous turn is not over.
                let _ = world.embed.send(Message::new("Ողջույն").unwrap(), now);
            }
            Step::Rate => {
                let _ = world.embed.commands(now).rate(Rating::Up, None);
            }
            Step::Cancel => world.embed.cancel(now),
            Step::CheckNow => world.embed.commands(now).check_now(),
            Step::Pass(millis) => {
                world.pass(Duration::from_millis(*millis));
            }
        }
        world.pass(Duration::ZERO);
    }
    world.pass(Duration::from_secs(200));
    world
}

/// The log, and separately the lines about closed pipes. Their place in the log depends on the
/// cuts: a pipe that is dropped in the middle of a piece is closed after the piece.
fn told(world: &World) -> (Vec<String>, Vec<String>) {
    let lines = world.log();
    let lines = lines.lines().map(str::to_owned);
    let (mut closed, others): (Vec<_>, _) = lines.partition(|line| line.contains("> close"));
    closed.sort();
    (others, closed)
}

proptest! {
    #![proptest_config(config(600))]

    #[test]
    fn any_cut_of_the_bytes_gives_the_same_updates_and_the_same_bytes(
        (start, turns) in start().prop_flat_map(|start| (Just(start), vec(turn(start), 0..8))),
        steps in vec(step(), 1..8),
        writes in cuts(),
        reads in cuts(),
    ) {
        let whole = play(&turns, &steps, start, Cuts::default(), Cuts::default());
        let cut = play(&turns, &steps, start, writes, reads);
        prop_assert_eq!(told(&whole), told(&cut));
        prop_assert_eq!(whole.written, cut.written);
    }
}

proptest! {
    #![proptest_config(config(2000))]

    #[test]
    fn random_bytes_break_nothing_and_send_no_message_twice(
        data in vec(any::<u8>(), 0..600),
    ) {
        hostile::drive(&data);
    }
}
