//! A request and its answer, cut at every byte: the reply is either whole or incomplete, and
//! the message is sent only once.

use crate::support::*;

const TEXTS: [&str; 3] = ["Բարև Ձեզ։ ", "Ինչո՞վ կարող եմ ", "օգնել 🙂"];

fn events() -> String {
    let [one, two, three] = TEXTS.map(delta);
    [META, &one, PING, &two, &three, DONE].concat()
}

/// The bytes of a reply on the wire.
#[derive(Default)]
struct Wire {
    bytes: Vec<u8>,
    head_len: usize,
    /// For each byte, whether it belongs to the body.
    is_body: Vec<bool>,
    is_close_delimited: bool,
}

impl Wire {
    /// The same reply in each framing.
    fn all() -> [Self; 3] {
        let events = events();
        let mut close_delimited = Self::new("");
        close_delimited.push(events.as_bytes(), true);
        close_delimited.is_close_delimited = true;
        let mut of_known_length = Self::new(&format!("content-length: {}\r\n", events.len()));
        of_known_length.push(events.as_bytes(), true);
        let mut chunked = Self::new("transfer-encoding: chunked\r\n");
        // The chunks end inside events and inside letters.
        for chunk in events.as_bytes().chunks(37) {
            chunked.push(format!("{:x}\r\n", chunk.len()).as_bytes(), false);
            chunked.push(chunk, true);
            chunked.push(b"\r\n", false);
        }
        chunked.push(b"0\r\n\r\n", false);
        [close_delimited, of_known_length, chunked]
    }

    fn new(framing: &str) -> Self {
        let mut wire = Self::default();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n{framing}\r\n");
        wire.push(head.as_bytes(), false);
        wire.head_len = head.len();
        wire
    }

    fn push(&mut self, bytes: &[u8], is_body: bool) {
        self.bytes.extend(bytes);
        self.is_body.resize(self.bytes.len(), is_body);
    }
}

fn run(script: Vec<Turn>, writes: Cuts, reads: Cuts) -> World {
    let mut world = World::new(script);
    (world.writes, world.reads) = (writes, reads);
    world.send("Բարև");
    world.run();
    assert_eq!(world.open_pipes(), 0);
    world
}

/// How many times the message was sent, at least in part.
fn sent(world: &World) -> usize {
    let is_message = |(_, bytes): &&(_, Vec<u8>)| bytes.starts_with(b"P");
    world.written.iter().filter(is_message).count()
}

#[test]
fn a_reply_that_is_read_in_pieces_of_any_length_is_the_same() {
    for wire in Wire::all() {
        let script = || vec![answers(wire.bytes.clone(), Ending::Ends)];
        let whole = run(script(), Cuts::default(), Cuts::default());
        let expected = (whole.log(), whole.written);
        assert!(expected.0.contains("Done"), "{}", expected.0);
        for len in 1..wire.bytes.len() {
            let cut = run(script(), Cuts::default(), Cuts::every(len));
            assert_eq!((cut.log(), cut.written), expected, "pieces of {len}");
            let two = vec![len, wire.bytes.len()];
            let cut = run(script(), Cuts::default(), Cuts::of(two));
            assert_eq!((cut.log(), cut.written), expected, "cut at {len}");
        }
    }
}

#[test]
fn a_request_that_is_written_in_pieces_of_any_length_is_the_same() {
    let script = || vec![says(reply(&events()))];
    let whole = run(script(), Cuts::default(), Cuts::default());
    let expected = (whole.log(), whole.written);
    let len = expected.1[0].1.len();
    for len in 1..=len {
        let cut = run(script(), Cuts::every(len), Cuts::default());
        assert_eq!((cut.log(), cut.written), expected, "pieces of {len}");
    }
}

#[test]
fn a_pipe_that_is_lost_at_any_byte_of_the_request_sends_no_message_twice() {
    let whole = run(vec![says(reply(DONE))], Cuts::default(), Cuts::default());
    let len = whole.written[0].1.len();
    for hang in 1..=len {
        for piece in [1, 7, len] {
            // The service would accept a second request.
            let script = vec![Turn::Hangs(hang), says(reply(DONE))];
            let world = run(script, Cuts::every(piece), Cuts::default());
            assert_eq!(sent(&world), 1, "lost at {hang}");
            let end = "failed: no answer came: the connection was lost: lost";
            assert_eq!(world.updates(), [end], "lost at {hang}: {}", world.log());
        }
    }
}

#[test]
fn a_message_goes_out_later_if_its_pipe_cannot_be_opened() {
    let script = vec![Turn::IsAway, Turn::IsAway, says(reply(DONE))];
    let world = run(script, Cuts::default(), Cuts::default());
    assert_eq!(sent(&world), 1);
    assert_eq!(
        world.updates(),
        [
            "Message delayed: NotSent",
            "Message delayed: NotSent",
            "done",
            "Done"
        ]
    );
}

/// The expected end of a turn if its pipe ends or is lost after `cut` bytes of the reply.
fn end_at(wire: &Wire, cut: usize, ending: Ending) -> &'static str {
    let body_len = wire.is_body[..cut].iter().filter(|it| **it).count();
    let ends_in_order = wire.is_close_delimited && ending == Ending::Ends;
    // A whole event of a known type needs its blank line only if the connection may have been
    // lost before that line.
    let is_whole =
        body_len == events().len() || ends_in_order && body_len >= events().trim_end().len();
    if cut < wire.head_len {
        match ending {
            Ending::Ends => {
                "failed: no answer came: the connection was lost: the service closed it"
            }
            _ => "failed: no answer came: the connection was lost: lost",
        }
    } else if is_whole {
        "Done"
    } else if ends_in_order {
        "failed: the reply is incomplete: the stream ended before the reply did"
    } else {
        "failed: the reply is incomplete: the connection was lost"
    }
}

#[test]
fn a_reply_that_ends_at_any_byte_is_whole_or_cut() {
    for wire in Wire::all() {
        for ending in [Ending::Ends, Ending::Fails] {
            for cut in 0..=wire.bytes.len() {
                let script = vec![answers(&wire.bytes[..cut], ending)];
                let world = run(script, Cuts::default(), Cuts::every(64));
                let expected = end_at(&wire, cut, ending);
                let end = world.updates().pop();
                assert_eq!(end, Some(expected), "{ending:?} at {cut}: {}", world.log());
                assert_eq!(sent(&world), 1, "{ending:?} at {cut}");
            }
        }
    }
}
