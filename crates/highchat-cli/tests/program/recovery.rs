//! Recovery of a cut reply in a conversation that has another reply with the same
//! beginning.

use highchat_sandbox::{Author, Fault, Rule, Sandbox, Script};
use serde_json::Value;

use crate::support::*;

use terminal::*;

fn sandbox(script: Script) -> Sandbox {
    let builder = Sandbox::builder().key(KEY).rate_limit(0).script(script);
    builder
        .token_delay(core::time::Duration::ZERO)
        .start()
        .unwrap()
}

/// The lines of `--json`.
fn lines(run: &Run) -> Vec<Value> {
    let lines = run.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_cut_reply_is_not_completed_from_an_older_reply_of_a_continued_conversation() {
    let script = r#"{"rules":[{"text":"first","reply":"Your order is on its way to Yerevan."},{"text":"second","reply":"Your order is cancelled, and the money is on its way back.","faults":["cut:460"]}]}"#;
    let sandbox = sandbox(Script::parse(script).unwrap());
    let first = run(to("ask", sandbox.base_url(), &["--json", "first"]));
    assert_eq!(first.status, Some(0), "{first:?}");
    let end = lines(&first).pop().unwrap();
    let id = end["conversation_id"].as_str().unwrap();

    let second = run(to(
        "ask",
        sandbox.base_url(),
        &["--conversation", id, "second"],
    ));
    assert_eq!(second.status, Some(3), "{second:?}");
    assert_eq!(second.stdout, "Your order is \n");
    assert!(second.stderr.contains("incomplete"), "{second:?}");
    let requests = sandbox.requests();
    let posts = requests.iter().filter(|request| request.path == "/v1/chat");
    assert_eq!(posts.count(), 2, "nothing is sent again");
}

#[test]
fn a_cut_reply_is_not_completed_from_a_reply_that_the_user_stopped() {
    // The first reply stalls and is stopped, but the service stores all of it. The second
    // reply is cut.
    let stopped = "Ձեր պատվերը ճանապարհին է 🚚 և վաղը կհասնի Երևան, ձեր տուն 🏠";
    let own = "Ձեր պատվերը ճանապարհին էր, բայց չեղարկվեց 🙏";
    let script = Script::new()
        .rule(Rule::text("ո՞ւր է").replies(stopped).fails(Fault::Stall))
        .rule(Rule::text("չեղարկե՛ք").replies(own).fails(Fault::Cut));
    let sandbox = sandbox(script);
    let mut terminal = Terminal::run(&to("chat", sandbox.base_url(), &[]));
    terminal.until_prompt();
    terminal.press("Բարև\r");
    terminal.until_row("Բարև ձեզ");
    terminal.until_prompt();
    terminal.press("ո՞ւր է\r");
    terminal.until_row("Ձեր պատվերը ճանապարհին է");
    terminal.press(CTRL_C);
    terminal.until_row("note: stopped");
    terminal.until_prompt();
    let id = sandbox.inbox().conversations()[0].id.clone();
    let by_bot = |content: &str| {
        let transcript = sandbox.inbox().transcript(&id).unwrap();
        let mut lines = transcript.lines.iter();
        lines.any(|line| line.author == Author::Bot && line.content == content)
    };
    until(|| by_bot(stopped));
    terminal.press("չեղարկե՛ք\r");
    // A note is printed between the first part and the rest.
    let rows = terminal.until_row("ճանապարհին էր, բայց չեղարկվեց 🙏");
    terminal.until_prompt();
    assert!(by_bot(own));
    let screen = rows.join("\n");
    assert!(!screen.contains("Երևան"), "{screen}");
    terminal.press(CTRL_D);
    assert_eq!(terminal.end(), (0, true));
}
