use core::time::Duration;

use highchat_proto::{Config, Endpoint, Saved};
use highchat_sandbox::{Request, Sandbox};

use crate::driver::Driver;
use crate::seen::Seen;
use crate::trial::{Course, Trial};

/// Sends the messages of a trial over an endpoint, which leads to the sandbox, and follows each
/// to its end. `open` opens a session: a new one, or one that continues what was saved.
///
/// # Panics
///
/// The driver panics, or a reply ends before the place at which the trial cancels or restarts.
pub fn converse<D: Driver>(
    open: impl Fn(Endpoint, Config, Option<Saved>) -> D,
    trial: &Trial,
    sandbox: &Sandbox,
    endpoint: &Endpoint,
) -> Seen {
    let open = |saved| open(endpoint.clone(), trial.config(), saved);
    let mut driver = open(None);
    let mut messages = trial.messages();
    let last = messages.pop().expect("a trial has a message");
    for message in messages {
        driver.say(&message);
        if let Course::AfterACancel(begun) = trial.course {
            hear(&mut driver, begun);
            sandbox.note_cancel();
            driver.cancel();
        }
        while driver.next().is_some() {}
    }
    if trial.course == Course::ById {
        let id = driver.status().id.expect("the conversation has begun");
        driver = open(Some(Saved::new(id)));
    }
    until_all_ended(sandbox);

    let mut seen = Seen::default();
    driver.say(&last);
    if let Course::Restarted(begun) = trial.course {
        seen = hear(&mut driver, begun);
        let saved = driver.save();
        drop(driver);
        until_all_ended(sandbox);
        driver = open(Some(saved));
    }
    while let Some(update) = driver.next() {
        seen.note(&update);
    }
    seen
}

/// Follows a reply until this part of its text has come.
pub(crate) fn hear(driver: &mut impl Driver, begun: &str) -> Seen {
    let mut seen = Seen::default();
    while seen.text.len() < begun.len() {
        let update = driver.next().expect("the reply goes on");
        seen.note(&update);
        assert!(seen.outcome.is_none(), "the reply goes on: {seen:?}");
    }
    assert_eq!(seen.text, begun);
    seen
}

/// Waits until the service has noticed the end of each exchange. It has stored each reply then.
pub(crate) fn until_all_ended(sandbox: &Sandbox) {
    let have_all_ended =
        |requests: &[Request]| requests.iter().all(|request| request.ended.is_some());
    let patience = Duration::from_secs(30);
    let in_time = sandbox.wait_until(patience, have_all_ended);
    assert!(in_time, "the client ends each exchange that is over");
}
