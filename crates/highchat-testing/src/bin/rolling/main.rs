//! Restarts proxies behind nginx while visitors talk, and counts what the visitors lose.
//!
//! Everything is real: nginx with the configuration of `docs/restart-without-losing-a-reply.md`,
//! three programs `highchat proxy`, and visitors with addresses of their own. Most visitors use
//! `highchat-hyper`; every fifth only reads the stream, as a page without our clients does. The
//! service is the sandbox, in this process. Linux only.

#![expect(clippy::print_stdout, reason = "this program prints what it counted")]

mod balancer;
mod counter;
mod proxies;
mod visitors;

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::collections::HashMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use highchat_sandbox::{Rule, Sandbox, Script};

use balancer::Nginx;
use counter::Counter;
use proxies::Proxy;
use visitors::{End, Visit};

const USAGE: &str = "rolling PROGRAM PAGE DIRECTORY
PROGRAM is `highchat`, PAGE has the configuration of nginx, and DIRECTORY is for keys and logs.";

const VISITORS: usize = 500;
const PROXIES: usize = 3;
const KEY: &str = "hc_rolling";
/// A reply has five words, so that each takes six seconds.
const TOKEN_DELAY: Duration = Duration::from_millis(1200);
/// How many messages a visitor sends at most.
const MAX_TURNS: usize = 12;
/// How long a proxy may take to end after SIGTERM: longer than a reply, and shorter than the
/// bound of a drain, so that no stream is cut.
const DRAIN_PATIENCE: Duration = Duration::from_secs(28);

fn message(visitor: usize, turn: usize) -> String {
    format!("Բարև 👋 {visitor}-{turn}")
}

fn reply(visitor: usize, turn: usize) -> String {
    format!("Ձեր համարը {visitor}-{turn} է 🙏")
}

/// Starts a service whose reply to each message is different.
fn service() -> Sandbox {
    let mut script = Script::new();
    for visitor in 0..VISITORS {
        for turn in 0..MAX_TURNS {
            let rule = Rule::text(message(visitor, turn));
            script = script.rule(rule.replies(reply(visitor, turn)));
        }
    }
    let builder = Sandbox::builder().key(KEY).token_delay(TOKEN_DELAY);
    let builder = builder.rate_limit(0).poll_interval(Duration::ZERO);
    builder.script(script).start().expect("a free port")
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [program, page, directory] = &arguments[..] else {
        println!("usage: {USAGE}");
        return ExitCode::from(2);
    };
    let directory = Path::new(directory);
    let service = Arc::new(service());
    let start = |number| Proxy::start(program, directory, service.base_url(), KEY, number);
    let mut proxies: Vec<_> = (0..PROXIES).map(start).collect();
    let ports: Vec<_> = proxies.iter().map(Proxy::port).collect();
    let page = std::fs::read_to_string(page).expect("the page can be read");
    let nginx = Nginx::start(&page, &ports, directory);

    let counter = Counter::start(&service);
    let rolled = while_visitors_talk(nginx.port(), 0, || {
        for proxy in &mut proxies {
            let status = proxy.end(DRAIN_PATIENCE);
            assert_eq!(
                status.code(),
                Some(143),
                "a drained proxy ends with {status}"
            );
            proxy.start_again();
        }
    });
    for visit in &rolled {
        assert_eq!(visit.end, End::Whole, "{visit:?}");
    }
    let last = rolled.iter().map(|visit| visit.turn).max().unwrap_or(0);

    // One message each, and the drain of one proxy is cut short.
    let killed = while_visitors_talk(nginx.port(), last + 1, || {
        // Most streams are open then, unless the machine is very slow.
        let began = Instant::now();
        while service.open_replies() < VISITORS * 4 / 5 && began.elapsed() < 5 * TOKEN_DELAY {
            thread::sleep(Duration::from_millis(50));
        }
        proxies[0].kill_while_it_drains();
    });
    let times = counter.end();

    report("restarted one by one", &rolled, &times);
    report("killed in the middle of a drain", &killed, &times);
    for visit in &killed {
        let is_right = match &visit.end {
            End::Whole => true,
            End::Recovered => visit.has_client,
            End::Cut => !visit.has_client,
            // Without a word of a conversation's first reply, nobody can look for it.
            End::Failed(_) => visit.text.is_empty(),
        };
        assert!(is_right, "{visit:?}");
    }
    let count = |end: &End| killed.iter().filter(|visit| visit.end == *end).count();
    assert!(count(&End::Recovered) > 0, "no reply was recovered");
    assert!(count(&End::Cut) > 0, "no stream was cut");
    ExitCode::SUCCESS
}

/// Lets all visitors talk until `work` is done and their last reply is over.
fn while_visitors_talk(port: u16, turn: usize, work: impl FnOnce()) -> Vec<Visit> {
    let is_over = Arc::new(AtomicBool::new(false));
    let talk = {
        let is_over = Arc::clone(&is_over);
        thread::spawn(move || visitors::talk(port, turn, &is_over))
    };
    work();
    is_over.store(true, Ordering::Relaxed);
    talk.join().expect("the visitors")
}

/// Prints how the replies ended. Checks each text, and how often each message came to the service.
fn report(what: &str, visits: &[Visit], times: &HashMap<String, usize>) {
    let mut ends = HashMap::new();
    for visit in visits {
        let end = match &visit.end {
            End::Failed(_) => "Failed".to_owned(),
            end => format!("{end:?}"),
        };
        *ends.entry(end).or_insert(0) += 1;
        let sent = message(visit.visitor, visit.turn);
        assert_eq!(
            times.get(&sent),
            Some(&1),
            "how often {sent} came: {visit:?}"
        );
        let expected = reply(visit.visitor, visit.turn);
        match visit.end {
            End::Whole | End::Recovered => assert_eq!(visit.text, expected),
            End::Cut | End::Failed(_) => assert!(expected.starts_with(&visit.text), "{visit:?}"),
        }
    }
    println!(
        "{what}: {} messages, each sent once; {ends:?}",
        visits.len()
    );
}
