//! Line editing in `highchat chat` while a person's messages arrive.

use core::time::Duration;

use highchat_sandbox::{Person, Sandbox};

use crate::support::*;

use terminal::*;

const CTRL_A: &str = "\u{1}";
const CTRL_R: &str = "\u{12}";
const CTRL_U: &str = "\u{15}";
const CTRL_W: &str = "\u{17}";
const CTRL_Y: &str = "\u{19}";
const BACKSPACE: &str = "\u{7f}";
const LEFT: &str = "\u{1b}[D";
const PASTE: &str = "\u{1b}[200~";
const PASTE_END: &str = "\u{1b}[201~";

/// A chat in a handoff. The person writes when a test calls [`write`](Self::write).
struct Chat {
    sandbox: Sandbox,
    terminal: Terminal,
    conversation: String,
    written: usize,
}

impl Chat {
    fn start(size: Size) -> Self {
        let builder = Sandbox::builder().key(KEY).rate_limit(0);
        let builder = builder.token_delay(Duration::ZERO);
        let sandbox = builder.person(Person::absent()).start().unwrap();
        let command = to("chat", sandbox.base_url(), &["--poll-interval=0.05"]);
        let mut terminal = Terminal::run_sized(&command, size);
        terminal.until_prompt();
        terminal.press("/human\r");
        terminal.until_row("note: a person answers");
        terminal.until_prompt();
        let conversation = sandbox.inbox().waiting()[0].id.to_string();
        Self {
            sandbox,
            terminal,
            conversation,
            written: 0,
        }
    }

    fn press(&mut self, keys: &str) {
        self.terminal.press(keys);
    }

    /// Lets the person write a message, and waits until it appears.
    fn write(&mut self) {
        self.written += 1;
        let text = format!("նամակ {}", self.written);
        let inbox = self.sandbox.inbox();
        inbox.reply(&self.conversation, &*text).unwrap();
        self.terminal.until_row(&format!("person: {text}"));
    }

    /// Waits until the last row is the prompt with this line.
    fn until_line(&self, line: &str) {
        let line = format!("> {line}");
        self.terminal
            .until(|rows| rows.last().is_some_and(|row| row == line.trim_end()));
    }

    fn until_sent(&self, text: &str) {
        until(|| {
            sent_messages(&self.sandbox)
                .last()
                .is_some_and(|sent| sent == text)
        });
        self.terminal.until_prompt();
    }

    fn leave(mut self) {
        self.press(CTRL_D);
        assert_eq!(self.terminal.end(), (0, true));
    }
}

fn sent_messages(sandbox: &Sandbox) -> Vec<String> {
    let requests = sandbox.requests();
    let bodies = requests.iter().filter(|request| request.path == "/v1/chat");
    bodies
        .map(|request| {
            let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
            body["message"].as_str().unwrap().into()
        })
        .collect()
}

#[test]
fn a_message_that_arrives_while_a_line_is_typed_loses_no_letter() {
    let mut chat = Chat::start((24, 80));
    for (begun, rest) in [
        ("կես", " տող"),
        ("ա", "բ"),
        ("ողջույն 👋🏽", "👨‍👩‍👧 վերջ"),
        ("ե\u{301}", "\u{301}ա"),
        ("👩", "\u{200d}👧"),
        ("\u{1f1e6}", "\u{1f1f2}"),
        ("漢字", "かな"),
    ] {
        chat.press(begun);
        chat.terminal.until_row(&format!("> {begun}"));
        chat.write();
        chat.press(rest);
        let line = format!("{begun}{rest}");
        chat.press("\r");
        chat.until_sent(&line);
    }
    chat.leave();
}

#[test]
fn a_message_that_arrives_between_two_keys_does_not_change_their_effect() {
    let mut chat = Chat::start((24, 80));
    chat.press("նախորդ տողը 👋\r");
    chat.until_sent("նախորդ տողը 👋");
    let cases: [(&[&str], &str); 6] = [
        // The history.
        (&[UP, BACKSPACE, "ու"], "նախորդ տողը ու"),
        (&[CTRL_R, "տո", "ղ", LEFT, "ա"], "նախորդա տողը ու"),
        // Removed text, inserted again.
        (&["մեկ երկու", CTRL_W, CTRL_W, "ա", CTRL_Y], "ամեկ "),
        (&["մեկ երկու", CTRL_U, "ե", CTRL_A, CTRL_Y], "մեկ երկուե"),
        (&["👨‍👩‍👧ե\u{301}", LEFT, BACKSPACE, "ա"], "աե\u{301}"),
        (
            &[PASTE, "մեկ\nեր", "կու 👋\r\n", PASTE_END, "ա"],
            "մեկ\nերկու 👋ա",
        ),
    ];
    for (keys, line) in cases {
        for key in keys {
            chat.press(key);
            chat.write();
        }
        chat.press("\r");
        chat.until_sent(line);
    }
    chat.leave();
}

#[test]
fn the_last_line_ends_of_a_paste_are_not_sent() {
    let mut chat = Chat::start((24, 80));
    for line_end in ["\n", "\r", "\r\n", "\n\n"] {
        chat.press(&format!("{PASTE}մեկ{line_end}երկու{line_end}{PASTE_END}"));
        chat.terminal.until_row(". երկու");
        chat.press("\r");
        let inner = if line_end == "\n\n" { "\n\n" } else { "\n" };
        chat.until_sent(&format!("մեկ{inner}երկու"));
        // The next paste needs a screen without this one.
        chat.press("\u{c}");
        chat.until_line("");
    }
    chat.leave();
}

#[test]
fn wide_letters_at_the_margin_leave_no_stale_row() {
    let mut chat = Chat::start((24, 21));
    let text: String = "漢字".repeat(15);
    chat.press(&text);
    let is_shown = |rows: &[String]| {
        let start = rows.iter().position(|row| row.starts_with("> 漢"));
        let shown = start.map(|start| rows[start..].concat().replace(' ', ""));
        shown.as_deref() == Some(&*format!(">{text}"))
    };
    chat.terminal.until(is_shown);
    chat.write();
    chat.terminal.until(is_shown);
    let prompts = chat.terminal.until(is_shown);
    let prompts = prompts.iter().filter(|row| row.starts_with("> 漢"));
    assert_eq!(prompts.count(), 1);
    chat.press(&BACKSPACE.repeat(30));
    let rows = chat.terminal.until_prompt();
    assert!(!rows.concat().contains('漢'), "{rows:#?}");
    chat.leave();
}

#[test]
fn a_line_survives_resizes_while_messages_arrive_and_is_sent_as_typed() {
    let mut chat = Chat::start((24, 80));
    let text = "այս տողը 漢字 👋🏽 երկար է ".repeat(4);
    chat.press(&text);
    let letters = |text: &str| text.replace(' ', "");
    let sizes = [(24, 40), (10, 33), (24, 79), (7, 21), (24, 100), (12, 9)];
    for (number, size) in sizes.into_iter().chain([(40, 80)]).enumerate() {
        let inbox = chat.sandbox.inbox();
        let message = format!("նամակ {number}");
        inbox.reply(&chat.conversation, message).unwrap();
        chat.terminal.resize(size);
    }
    // Text that was drawn for one width while the terminal already had another may stay
    // above.
    chat.terminal.until(|rows| {
        let line = rows.iter().rposition(|row| row.starts_with("> այս"));
        let shown = line.map(|line| letters(&rows[line..].concat()));
        let is_last = rows.iter().any(|row| row == "person: նամակ 6");
        is_last && shown == Some(letters(&format!("> {text}")))
    });
    chat.press("\r");
    chat.until_sent(&text);
    chat.leave();
}

#[test]
fn keys_typed_before_the_prompt_are_not_lost() {
    let sandbox = Sandbox::builder().key(KEY).start().unwrap();
    let mut terminal = Terminal::run(&to("chat", sandbox.base_url(), &[]));
    terminal.press("շուտ գրված 👋");
    terminal.until_row("> շուտ գրված 👋");
    terminal.press("\r");
    until(|| sent_messages(&sandbox) == ["շուտ գրված 👋"]);
    terminal.until_prompt();
    terminal.press(CTRL_D);
    assert_eq!(terminal.end(), (0, true));
}

#[test]
fn ctrl_z_at_the_prompt_stops_the_program_and_the_line_comes_back() {
    let mut chat = Chat::start((24, 80));
    chat.press("կի");
    chat.until_line("կի");
    chat.press(CTRL_Z);
    until(|| chat.terminal.is_in_line_mode());
    let start = std::time::Instant::now();
    while chat.terminal.is_in_line_mode() {
        // The first signal may arrive before the program has stopped.
        chat.terminal.signal(rexpect::process::Signal::SIGCONT);
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "the program does not continue"
        );
    }
    chat.press("սատ");
    chat.until_line("կիսատ");
    chat.write();
    chat.press("\r");
    chat.until_sent("կիսատ");
    chat.leave();
}

#[test]
fn sighup_and_sigquit_restore_the_terminal_before_the_program_ends() {
    use rexpect::process::Signal;
    for signal in [Signal::SIGHUP, Signal::SIGQUIT] {
        let mut chat = Chat::start((24, 80));
        chat.press("կիսատ");
        chat.until_line("կիսատ");
        assert!(!chat.terminal.is_in_line_mode());
        chat.terminal.signal(signal);
        until(|| !chat.terminal.is_alive());
        assert!(chat.terminal.is_in_line_mode(), "{signal}");
    }
}
