//! A whole conversation with a heap: a message and its reply, a handoff, and a message of the
//! person. The program plays the service.

#![no_std]
#![no_main]

extern crate alloc;

use alloc::string::String;

use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprintln};
use embedded_alloc::LlffHeap;
use highchat_bare_metal::recording::{CHUNKS, REPLY, STREAM};
use highchat_bare_metal::{report, stack};
use highchat_proto::time::Instant;
use highchat_proto::{
    Config, Conversation, Credentials, Endpoint, Head, Message, Output, Request, RequestId, State,
    Update,
};
use panic_semihosting as _;

#[global_allocator]
static HEAP: LlffHeap = LlffHeap::empty();

/// The size of the heap, in bytes. A program that needs more panics.
const HEAP_SIZE: usize = 16 * 1024;

/// The reply that hands over to a person.
const HANDOFF: &str = "event: human\ndata: {\"message\":\"Սպասեք 🙏\",\
                       \"ts\":\"2026-06-14T10:01:00Z\"}\n\n";
/// The page of a poll: the person's message, and the state `bot`.
const PAGE: &str = "{\"state\":\"bot\",\"messages\":[{\"id\":\"m2\",\"role\":\"supervisor\",\
                    \"content\":\"Ողջույն 👋\",\"created_at\":\"2026-06-14T10:01:05Z\"}]}";

#[entry]
fn main() -> ! {
    // SAFETY: it is called once, before anything is allocated.
    unsafe {
        embedded_alloc::init!(HEAP, HEAP_SIZE);
    }
    for size in CHUNKS {
        let before = HEAP.used();
        let mut most = 0;
        let used = stack::used_by(|| most = talk(size, before));
        assert!(HEAP.used() == before, "some memory was not released");
        report::stack(size, used);
        hprintln!("heap {} {}", size, most);
    }
    report::reply(REPLY);
    report::flash();
    debug::exit(debug::EXIT_SUCCESS);
    unreachable!("QEMU has ended");
}

/// Plays a conversation with bodies in chunks of this size. Returns the most bytes of heap that
/// it used.
fn talk(size: usize, before: usize) -> usize {
    let credentials = Credentials::key("hc_xxx").expect("a key");
    let endpoint = Endpoint::new("https://chat.example", credentials).expect("a base URL");
    let mut conversation = Conversation::new(endpoint, Config::default());
    let mut now = Instant::ORIGIN;
    let mut shown = String::new();
    let mut most = 0;
    for (text, stream) in [("Բարև", STREAM), ("Մարդ կանչեք 🙂", HANDOFF)] {
        let message = Message::new(text).expect("a short text");
        conversation.send(message, now).expect("no turn before it");
        loop {
            most = most.max(HEAP.used() - before);
            match conversation.poll_output() {
                Output::Transmit(id, request) => {
                    let (content_type, body) = match is_poll(&request) {
                        true => ("application/json", PAGE),
                        false => ("text/event-stream", stream),
                    };
                    let chunks = body.as_bytes().chunks(size);
                    let held = answer(&mut conversation, id, content_type, chunks, now);
                    most = most.max(held - before);
                }
                Output::Abort(_) => {}
                Output::Update => {
                    let update = conversation.update().expect("it was announced");
                    show(&update, &mut shown);
                }
                Output::Wait(Some(when)) => {
                    now = when;
                    conversation.handle_timeout(now);
                }
                Output::Wait(None) => break,
            }
        }
    }
    assert!(*conversation.state() == State::Bot, "the bot is not back");
    let expected = ["Բարև, աշխարհ։", "Սպասեք 🙏", "Ողջույն 👋"];
    assert!(shown == expected.concat(), "another text");

    let saved = conversation.save();
    let endpoint = Endpoint::new("https://chat.example", Credentials::none()).expect("a base URL");
    let resumed = Conversation::resume(endpoint, Config::default(), saved, now);
    assert!(resumed.id() == conversation.id(), "another conversation");
    most.max(HEAP.used() - before)
}

fn is_poll(request: &Request) -> bool {
    assert!(request.host() == "chat.example", "another host");
    match request.target().split('?').next() {
        Some("/v1/chat") => false,
        Some("/v1/conversations/c1/messages") => true,
        _ => panic!("another target"),
    }
}

/// Answers a request. Returns the most bytes of heap that were in use during that.
fn answer<'b>(
    conversation: &mut Conversation,
    id: RequestId,
    content_type: &str,
    chunks: impl Iterator<Item = &'b [u8]>,
    now: Instant,
) -> usize {
    let mut most = 0;
    let mut head = Head::new(200);
    head.header("content-type", content_type.as_bytes());
    conversation.handle_response(id, head, now);
    for chunk in chunks {
        conversation.handle_body(id, chunk, now);
        most = most.max(HEAP.used());
    }
    conversation.handle_end(id, now);
    most
}

fn show(update: &Update<'_>, shown: &mut String) {
    shown.push_str(update.text().unwrap_or_default());
}
