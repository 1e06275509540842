//! A device that talks with the service over a serial line: a message and its streaming reply, a
//! handoff to a person and back, three replies that are cut and found again, and a rating.
//!
//! The other side is the sandbox with the script `sandbox.json`; the program `modem` connects the
//! two. The device checks everything that it shows against that script.

#![no_std]
#![no_main]

extern crate alloc;

use alloc::string::String;
use core::cell::RefCell;
use core::mem::MaybeUninit;
use core::time::Duration;

use cortex_m::Peripherals;
use cortex_m::asm::wfi;
use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprintln};
use highchat_bare_metal::clock::Clock;
use highchat_bare_metal::heap::Heap;
use highchat_bare_metal::modem::{Dialler, Modem};
use highchat_bare_metal::uart::Uart;
use highchat_bare_metal::{report, stack};
use highchat_embed::device::{self, Next, Session};
use highchat_embed::{
    Config, Credentials, Embed, Endpoint, Message, Rating, State, TurnEnd, Update,
};
use panic_semihosting as _;

#[global_allocator]
static HEAP: Heap = Heap::empty();

/// The size of the heap, in bytes. A program that needs more panics.
const HEAP_SIZE: usize = 16 * 1024;
static mut HEAP_MEMORY: [MaybeUninit<u8>; HEAP_SIZE] = [MaybeUninit::uninit(); HEAP_SIZE];

/// The key of a sandbox. A device keeps its own where nobody can read it, or has a slug.
const KEY: &str = "hc_sandbox";
/// The modem calls one service only, so the host is just a header of the requests.
const BASE_URL: &str = "http://127.0.0.1";
/// The Cortex-M3 has no random numbers. A device takes a number that other devices do not have,
/// such as its serial number, so that not all of them poll at the same moments.
const SEED: u64 = 7;
/// What the service sends at most, in bytes, so that it fits in the heap. Whatever is longer is an
/// error of its exchange: the head of an answer, the event of a reply, the text of a reply that a
/// search may need, an error's body, a page of messages.
const HEAD: usize = 2048;
const EVENT: usize = 1024;
const REPLY: usize = 4096;
const ERROR: usize = 1024;
const PAGE: usize = 4096;
/// No part of the conversation takes longer.
const PATIENCE: Duration = Duration::from_secs(25);

// What the script of the sandbox says.
const QUESTION: &str = "Բարև 👋, ի՞նչ ժամերի եք աշխատում";
const ANSWER: &str =
    "Բարև ձեզ 🙂։ Մենք աշխատում ենք ամեն օր՝ ժամը 9-ից մինչև 18։ Ուրախ կլինենք ձեզ տեսնել ☕։";
const TO_A_PERSON: &str = "Ուզում եմ խոսել մարդու հետ 🙏";
const WAIT: &str = "Սպասեք, խնդրեմ 🙏։";
/// The sandbox's text when a person takes over.
const TAKEN_OVER: &str = "Զրույցին միացավ մեր աշխատակիցը։ Նա շուտով կպատասխանի ձեզ։";
const PERSON: [&str; 2] = ["Ողջույն, ես Անին եմ 👩‍💼։", "Ձեր պատվերը ճանապարհին է 📦։"];
/// Questions whose answers are cut: by the end of the connection, by its reset, and by an event
/// that is longer than the whole heap.
const CUT: [(&str, &str); 3] = [
    (
        "Իսկ ի՞նչ արժե առաքումը 📦",
        "Առաքումն անվճար է Երևանում 🚚, իսկ մարզերում արժե հազար դրամ։ Պատվերը կհասնի երկու օրում։",
    ),
    (
        "Կարո՞ղ եմ վճարել քարտով 💳",
        "Այո, ընդունում ենք բոլոր քարտերը 💳, ինչպես նաև կանխիկ՝ առաքման պահին 👍։",
    ),
    (
        "Ի՞նչ նվերներ ունեք 🎁",
        "Ունենք գրքեր 📚, խաղալիքներ 🧸, քաղցրավենիք 🍬 և, իհարկե, թարմ ծաղիկներ 💐։",
    ),
];

type Line<'a> = Session<Dialler<'a, Uart>, Clock>;

#[entry]
fn main() -> ! {
    let core = Peripherals::take().expect("it is called once");
    // SAFETY: it is called once, before anything is allocated, and nothing else uses the memory.
    unsafe { HEAP.init((&raw mut HEAP_MEMORY).cast(), HEAP_SIZE) };
    let clock = Clock::start(core.SYST);
    let modem = RefCell::new(Modem::new(Uart::start()));
    let used = stack::used_by(|| {
        let dialler = Dialler {
            modem: &modem,
            clock,
        };
        talk(dialler, clock);
    });
    assert!(HEAP.used() == 0, "some memory was not released");
    report::stack(0, used);
    report::statics(HEAP_SIZE);
    report::flash();
    debug::exit(debug::EXIT_SUCCESS);
    unreachable!("QEMU has ended");
}

/// Has the whole conversation.
fn talk(dialler: Dialler<'_, Uart>, clock: Clock) {
    let credentials = Credentials::key(KEY).expect("a key");
    let endpoint = Endpoint::new(BASE_URL, credentials).expect("a base URL");
    let config = Config::default()
        .with_event_limit(EVENT)
        .with_reply_limit(REPLY)
        .with_error_limit(ERROR)
        .with_page_limit(PAGE);
    let embed = Embed::new(endpoint, config);
    let embed = embed.with_head_limit(HEAD).with_seed(SEED);
    let mut session = Session::new(embed, dialler, clock);

    let shown = turn(&mut session, QUESTION);
    assert!(shown.text == ANSWER, "another answer");
    assert!(shown.end == Some(TurnEnd::Done), "it is not done");
    assert!(shown.deltas > 3, "it did not stream");
    report::heap("reply", HEAP.most());

    HEAP.forget();
    let shown = turn(&mut session, TO_A_PERSON);
    let rest = shown.text.strip_prefix(WAIT);
    assert!(rest == Some(TAKEN_OVER), "another text");
    assert!(shown.end == Some(TurnEnd::Human), "no person");
    assert!(shown.heard == PERSON.len(), "a message is missing");
    assert!(
        *session.conversation().state() == State::Bot,
        "the bot is not back"
    );
    report::heap("handoff", HEAP.most());

    HEAP.forget();
    for (question, answer) in CUT {
        let shown = turn(&mut session, question);
        assert!(shown.text == answer, "another answer");
        assert!(shown.end == Some(TurnEnd::Recovered), "it was not cut");
        assert!(shown.deltas > 1, "it did not stream");
    }
    report::heap("search", HEAP.most());

    let comment = String::from("Շնորհակալություն 👍");
    let rated = session.commands().rate(Rating::Up, Some(comment));
    rated.expect("there is a conversation");
    assert!(run(&mut session).is_rated, "the rating failed");
}

/// What was shown for a message.
#[derive(Default)]
struct Shown {
    text: String,
    deltas: usize,
    end: Option<TurnEnd>,
    /// The number of messages of the person.
    heard: usize,
    is_rated: bool,
}

/// Sends a message, and shows everything until nothing more is under way.
fn turn(session: &mut Line<'_>, text: &str) -> Shown {
    hprintln!("> {}", text);
    let message = Message::new(text).expect("a short text");
    session.send(message).expect("no turn before it");
    run(session)
}

fn run(session: &mut Line<'_>) -> Shown {
    let mut shown = Shown::default();
    let until = device::Clock::now(session.clock()) + PATIENCE;
    loop {
        match session.poll() {
            Next::Update(update) => shown.update(&update),
            Next::Wait(when) => {
                let now = device::Clock::now(session.clock());
                assert!(now < until, "it takes too long");
                if when > now {
                    // The next tick of the clock at the latest.
                    wfi();
                }
            }
            Next::Idle => return shown,
        }
    }
}

impl Shown {
    fn update(&mut self, update: &Update<'_>) {
        match update {
            Update::Message(message) if !message.role.is_user() => {
                hprintln!("person: {}", message.content);
                assert!(
                    PERSON.get(self.heard) == Some(&&*message.content),
                    "another message"
                );
                self.heard += 1;
            }
            Update::Message(_) => {}
            Update::TurnEnded { end, .. } => {
                hprintln!("{}", self.text);
                self.end = Some(end.clone().into_owned());
            }
            Update::Rated { .. } => self.is_rated = true,
            update => {
                self.deltas += usize::from(matches!(update, Update::Delta { .. }));
                self.text.push_str(update.text().unwrap_or_default());
            }
        }
    }
}
