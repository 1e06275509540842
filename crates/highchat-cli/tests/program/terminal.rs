//! `highchat chat` at a terminal.

use core::time::Duration;

use highchat_sandbox::{Person, Playback, Sandbox, Step};
use rexpect::process::Signal;

use crate::support::*;

use terminal::*;

const SOON: &str = "--poll-interval=0.1";

/// A sandbox that streams slowly.
fn sandbox() -> Sandbox {
    let builder = Sandbox::builder().key(KEY).rate_limit(0);
    let builder = builder.token_delay(Duration::from_millis(20));
    let person = Person::absent()
        .says(Duration::from_millis(1500), "Ես Արամն եմ")
        .hands_back(Duration::from_millis(3000));
    builder.person(person).start().unwrap()
}

fn chat(base_url: &str) -> Terminal {
    let terminal = Terminal::run(&to("chat", base_url, &[SOON]));
    terminal.until_prompt();
    terminal
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

fn row(rows: &[String], start: &str) -> usize {
    rows.iter()
        .position(|row| row.starts_with(start))
        .unwrap_or_else(|| panic!("no {start:?} in {rows:#?}"))
}

#[test]
fn a_persons_messages_appear_above_the_edited_line() {
    let sandbox = sandbox();
    let mut terminal = chat(sandbox.base_url());
    terminal.press("/human\r");
    terminal.until_row("note: a person answers now");
    // Longer than a row, in letters of two bytes.
    let line = "այս տողը դեռ գրվում է, ".repeat(5);
    terminal.press(&line);
    let rows = terminal.until_row("note: the bot is back");
    let (human, person) = (row(&rows, "> /human"), row(&rows, "person: Ես Արամն եմ"));
    let back = row(&rows, "note: the bot is back");
    assert!(human < person && person < back, "{rows:#?}");
    let letters = |text: &str| text.replace(' ', "");
    let rows = terminal.until(|rows| {
        let start = row(rows, "note: the bot is back") + 1;
        letters(&rows[start..].concat()) == letters(&format!("> {line}"))
    });
    let typed = rows.iter().filter(|row| row.starts_with("> այս")).count();
    assert_eq!(typed, 1, "the line is shown once: {rows:#?}");

    terminal.press("վերջ\r");
    until(|| {
        sent_messages(&sandbox)
            .last()
            .is_some_and(|sent| *sent == format!("{line}վերջ"))
    });
    terminal.until_prompt();
    terminal.press(CTRL_D);
    assert_eq!(terminal.end(), (0, true));
}

#[test]
fn no_key_is_lost_while_messages_appear_above() {
    let human = "{\"message\":\"\",\"ts\":\"2026-06-14T10:00:00Z\"}";
    let handoff = stream(&format!("{}event: human\ndata: {human}\n\n", meta("c1")));
    let messages: Vec<_> = (0..40).map(|n| ("agent", format!("{n}"))).collect();
    let messages: Vec<_> = messages
        .iter()
        .map(|(role, text)| (*role, &**text))
        .collect();
    let pages = (1..=messages.len()).map(|n| page("human", &messages[..n]));
    let back = page("bot", &messages);
    let service = play_each([handoff].into_iter().chain(pages).chain([back]));
    let arguments = ["--poll-interval=0.05"];
    let mut terminal = Terminal::run(&to("chat", service.base_url(), &arguments));
    terminal.until_prompt();
    terminal.press("a\r");
    terminal.until_row("note: a person answers now");
    terminal.until_prompt();
    // If the terminal were in line mode, it would handle the backspace itself.
    let mut typed = String::from("> ");
    while service.connections() < 42 {
        if typed.len() < 60 {
            typed.push('a');
            terminal.press("a");
        }
        terminal.press("x\u{7f}");
        std::thread::sleep(Duration::from_millis(3));
    }
    let rows = terminal.until(|rows| {
        let back = rows.iter().any(|row| row == "note: the bot is back");
        back && rows.last() == Some(&typed)
    });
    assert!(rows.contains(&String::from("person: 39")), "{rows:#?}");
    terminal.press("\u{15}\u{4}");
    assert_eq!(terminal.end(), (0, true));
}

#[test]
fn keys_typed_while_a_reply_streams_wait_for_the_prompt() {
    let sandbox = sandbox();
    let mut terminal = chat(sandbox.base_url());
    terminal.press("/long 60\r");
    terminal.until_row("Սա երկար");
    terminal.press("կապx\u{7f}");
    let rows = terminal.until(|rows| rows.last().is_some_and(|row| row == "> կապ"));
    assert_eq!(rows.concat().matches("կապ").count(), 1, "{rows:#?}");
    terminal.press("\r");
    until(|| sent_messages(&sandbox) == ["/long 60", "կապ"]);
    // Ctrl-D may be typed before the prompt appears.
    terminal.press(CTRL_D);
    assert_eq!(terminal.end(), (0, true));
}

#[test]
fn a_reply_keeps_streaming_while_the_terminal_is_resized() {
    let sandbox = sandbox();
    let mut terminal = chat(sandbox.base_url());
    terminal.press("/long 60\r");
    terminal.until_row("Սա երկար");
    for columns in 0..40 {
        terminal.resize((24, 60 + columns % 20));
    }
    let rows = terminal.until_prompt();
    let notes = |rows: &[String]| rows.iter().any(|row| row.contains("error"));
    assert!(!notes(&rows), "{rows:#?}");
    assert_eq!(sent_messages(&sandbox), ["/long 60"]);
    terminal.press(CTRL_D);
    assert_eq!(terminal.end(), (0, true));
    let requests = sandbox.requests();
    assert_eq!(requests.len(), 1, "no recovery was needed: {requests:#?}");
}

#[test]
fn the_user_can_write_to_the_person_at_any_time() {
    let sandbox = sandbox();
    let mut terminal = chat(sandbox.base_url());
    terminal.press("/human\r");
    terminal.until_row("note: a person answers now");
    terminal.until_prompt();
    terminal.press("դուք մա՞րդ եք\r");
    until(|| sent_messages(&sandbox) == ["/human", "դուք մա՞րդ եք"]);
    terminal.until_row("person: Ես Արամն եմ");
    terminal.until_row("note: the bot is back");
    terminal.until_prompt();
    terminal.press("/quit\r");
    assert_eq!(terminal.end(), (0, true));
}

#[test]
fn ctrl_c_stops_a_reply_that_streams_and_returns_to_the_prompt() {
    let sandbox = sandbox();
    let mut terminal = chat(sandbox.base_url());
    terminal.press("/long 10000\r");
    terminal.until_row("Սա երկար");
    terminal.press(CTRL_C);
    terminal.until_row("note: stopped");
    terminal.until_prompt();
    until(|| sandbox.open_replies() == 0);
    terminal.press("Բարև\r");
    terminal.until_row("Բարև ձեզ");
    terminal.until_prompt();
    assert_eq!(
        sent_messages(&sandbox),
        ["/long 10000", "Բարև"],
        "nothing is sent again"
    );
    terminal.press(CTRL_D);
    assert_eq!(terminal.end(), (0, true));
}

#[test]
fn ctrl_c_stops_a_reply_that_has_not_begun() {
    let service = Playback::start([vec![Step::Hold], vec![Step::send(stream(DONE))]]).unwrap();
    let mut terminal = chat(service.base_url());
    terminal.press("a\r");
    until(|| !service.requests().is_empty());
    terminal.press(CTRL_C);
    terminal.until_row("note: stopped");
    terminal.until_prompt();
    terminal.press("b\r");
    until(|| service.requests().len() == 2);
    terminal.until_prompt();
    terminal.press("/quit\r");
    assert_eq!(terminal.end(), (0, true));
}

#[test]
fn ctrl_c_directly_after_a_line_is_not_kept_for_the_next_prompt() {
    let sandbox = sandbox();
    let mut terminal = chat(sandbox.base_url());
    for turn in 1..=20 {
        terminal.press(&format!("/long 10000\r{CTRL_C}"));
        terminal.until(|rows| {
            let stopped = rows
                .iter()
                .rposition(|row| row.starts_with("note: stopped"));
            let sent = rows.iter().rposition(|row| row.starts_with("> /long"));
            stopped > sent && rows.last().is_some_and(|row| row == ">")
        });
        until(|| sandbox.open_replies() == 0);
        assert!(sent_messages(&sandbox).len() <= turn);
        terminal.press("\u{c}");
        terminal.until(|rows| rows == [">"]);
    }
    terminal.press(CTRL_D);
    assert_eq!(terminal.end(), (0, true));
}

#[test]
fn ctrl_c_twice_at_once_leaves() {
    let sandbox = sandbox();
    let mut terminal = chat(sandbox.base_url());
    terminal.press(&CTRL_C.repeat(2));
    assert_eq!(terminal.end(), (130, true));
}

#[test]
fn ctrl_c_at_an_empty_prompt_shows_a_hint_and_twice_leaves() {
    let sandbox = sandbox();
    let mut terminal = chat(sandbox.base_url());
    terminal.press("կիսատ");
    terminal.until_row("> կիսատ");
    terminal.press(CTRL_C);
    let rows = terminal.until_prompt();
    let hints = |rows: &[String]| {
        let hints = rows.iter().filter(|row| row.contains("Ctrl-C again"));
        hints.count()
    };
    assert_eq!(hints(&rows), 0, "the first Ctrl-C only drops the line");
    terminal.press(CTRL_C);
    terminal.until(|rows| hints(rows) == 1 && rows.last().is_some_and(|row| row == ">"));
    terminal.press("Բարև\r");
    terminal.until_row("Բարև ձեզ");
    terminal.until_prompt();
    terminal.press(CTRL_C);
    terminal.until(|rows| hints(rows) == 2 && rows.last().is_some_and(|row| row == ">"));
    terminal.press(CTRL_C);
    assert_eq!(terminal.end(), (130, true));
    assert_eq!(sent_messages(&sandbox), ["Բարև"]);
}

#[test]
fn a_line_can_be_edited_and_recalled() {
    let sandbox = sandbox();
    let mut terminal = chat(sandbox.base_url());
    // All keys at once, as in a paste without brackets. None may be lost.
    terminal.press("մեկ\r");
    terminal.until_row("Դուք գրեցիք");
    terminal.until_prompt();
    terminal.press(UP);
    terminal.until(|rows| rows.last().is_some_and(|row| row == "> մեկ"));
    terminal.press("\u{7f}\u{7f}րկու\r");
    until(|| sent_messages(&sandbox) == ["մեկ", "մրկու"]);
    terminal.until_prompt();
    terminal.press("\u{1b}[200~երկու\nտող\u{1b}[201~");
    terminal.until_row("> երկու");
    terminal.press("\r");
    until(|| sent_messages(&sandbox).len() == 3);
    assert_eq!(sent_messages(&sandbox)[2], "երկու\nտող");
    terminal.until_prompt();
    terminal.press(CTRL_D);
    assert_eq!(terminal.end(), (0, true));
}

#[test]
fn a_closed_conversation_offers_the_rating() {
    let sandbox = sandbox();
    let mut terminal = chat(sandbox.base_url());
    terminal.press("/close\r");
    let rows = terminal.until_row("note: was it helpful?");
    assert!(
        row(&rows, "note: the conversation is closed") < row(&rows, "note: was it helpful?"),
        "{rows:#?}"
    );
    terminal.until_prompt();
    terminal.press("/rate up շնորհակալություն\r");
    terminal.until_row("note: the rating was taken");
    terminal.until_prompt();
    let requests = sandbox.requests();
    let rated = requests.last().unwrap();
    assert_eq!(
        rated.body,
        r#"{"rating":1,"comment":"շնորհակալություն"}"#.as_bytes()
    );
    terminal.press("/id\r");
    let id = rated.path.split('/').nth(3).unwrap();
    terminal.until_row(&format!("note: conversation {id}"));
    terminal.press(CTRL_D);
    assert_eq!(terminal.end(), (0, true));
}

#[test]
fn a_failure_is_reported_and_the_prompt_comes_back() {
    let unauthenticated = refusal("401 Unauthorized", "", "unauthenticated", "Սխալ բանալի");
    let service = play_each([unauthenticated, stream(&format!("{}{DONE}", delta("լավ")))]);
    let mut terminal = chat(service.base_url());
    terminal.press("a\r");
    terminal.until_row("error: Սխալ բանալի (unauthenticated, 401)");
    terminal.until_row("hint: check the key");
    terminal.until_prompt();
    terminal.press("b\r");
    terminal.until_row("լավ");
    terminal.until_prompt();
    terminal.press(CTRL_D);
    assert_eq!(
        terminal.end(),
        (0, true),
        "the status does not report earlier failures to a person"
    );
}

#[test]
fn sigterm_at_the_prompt_restores_the_terminal() {
    let sandbox = sandbox();
    let mut terminal = chat(sandbox.base_url());
    terminal.signal(Signal::SIGTERM);
    assert_eq!(terminal.end(), (143, true));
}

#[test]
fn terminal_controls_in_a_message_above_the_line_are_removed() {
    let human = "{\"message\":\"ա\\u001b[2Jբ\",\"ts\":\"2026-06-14T10:00:00Z\"}";
    let service = play_each([
        stream(&format!("{}event: human\ndata: {human}\n\n", meta("c1"))),
        page("bot", &[("agent", "գ\u{1b}[2Jդ\u{202e}ե")]),
    ]);
    let mut terminal = chat(service.base_url());
    terminal.press("a\r");
    terminal.until_row("աբ");
    terminal.until_row("person: գդե");
    let rows = terminal.until_row("note: the bot is back");
    row(&rows, "> a");
    terminal.press(CTRL_D);
    assert_eq!(terminal.end(), (0, true));
}

#[test]
fn a_dumb_terminal_reads_plain_lines() {
    let sandbox = sandbox();
    let mut command = to("chat", sandbox.base_url(), &[]);
    command.env("TERM", "dumb");
    let mut terminal = Terminal::run(&command);
    terminal.until_row(">");
    terminal.press("Բարև\n");
    terminal.until_row("Բարև ձեզ");
    terminal.until_prompt();
    terminal.press(CTRL_D);
    assert_eq!(terminal.end(), (0, true));
    assert_eq!(sent_messages(&sandbox), ["Բարև"]);
}

/// Continues the program, as `fg` of a shell does, until it has changed the terminal's mode
/// again.
fn continue_program(terminal: &mut Terminal) {
    let until = std::time::Instant::now() + Duration::from_secs(30);
    while terminal.is_in_line_mode() {
        // The first signal may arrive before the program has stopped.
        terminal.signal(Signal::SIGCONT);
        assert!(
            std::time::Instant::now() < until,
            "the program does not continue"
        );
    }
}

#[test]
fn a_message_is_sent_while_a_poll_hangs() {
    let human = "{\"message\":\"\",\"ts\":\"2026-06-14T10:00:00Z\"}";
    let handoff = stream(&format!("{}event: human\ndata: {human}\n\n", meta("c1")));
    let service = Playback::start([
        vec![Step::send(handoff)],
        vec![Step::Hold],
        vec![Step::send(stream(&format!("{}{DONE}", delta("լավ"))))],
    ])
    .unwrap();
    let mut terminal = chat(service.base_url());
    terminal.press("a\r");
    terminal.until_row("note: a person answers now");
    terminal.until_prompt();
    until(|| service.requests().len() == 2);
    terminal.press("b\r");
    terminal.until_row("լավ");
    terminal.until_prompt();
    terminal.press(CTRL_D);
    assert_eq!(terminal.end(), (0, true));
    assert!(service.requests()[2].starts_with(b"POST /v1/chat "));
}

#[test]
fn ctrl_z_while_a_reply_streams_restores_the_terminal_for_the_shell() {
    let service = Playback::start([vec![
        Step::send(stream(&format!("{}{}", meta("c1"), delta("մեկ "))).trim_end()),
        Step::Hold,
    ]])
    .unwrap();
    let mut terminal = chat(service.base_url());
    assert!(!terminal.is_in_line_mode());
    terminal.press("a\r");
    until(|| !service.requests().is_empty());
    for _ in 0..2 {
        terminal.press(CTRL_Z);
        until(|| terminal.is_in_line_mode());
        continue_program(&mut terminal);
    }
    terminal.press(CTRL_C);
    terminal.until_row("note: stopped");
    terminal.until_prompt();
    terminal.press(CTRL_D);
    assert_eq!(terminal.end(), (0, true));
}

#[test]
fn the_edited_line_is_drawn_again_after_a_stop() {
    let sandbox = sandbox();
    let mut terminal = chat(sandbox.base_url());
    terminal.press("կի");
    terminal.until_row("> կի");
    terminal.signal(Signal::SIGTSTP);
    until(|| terminal.is_in_line_mode());
    continue_program(&mut terminal);
    terminal.press("սատ");
    terminal.until(|rows| rows.last().is_some_and(|row| row == "> կիսատ"));
    terminal.press("\r");
    until(|| sent_messages(&sandbox) == ["կիսատ"]);
    terminal.until_prompt();
    terminal.press(CTRL_D);
    assert_eq!(terminal.end(), (0, true));
}

#[test]
fn json_lines_are_complete_lines_on_a_terminal() {
    let reply = stream(&format!("{}{}{DONE}", meta("c1"), delta("մեկ")));
    let service = play_each([reply.clone(), reply]);
    let mut terminal = Terminal::run(&to("chat", service.base_url(), &["--json"]));
    terminal.until_prompt();
    for turn in 1..=2 {
        terminal.press("a\r");
        let rows = terminal.until(|rows| {
            let dones = rows
                .iter()
                .filter(|row| row.starts_with("{\"type\":\"done\""));
            dones.count() == turn && rows.last().is_some_and(|row| row == ">")
        });
        let deltas = rows
            .iter()
            .filter(|row| *row == "{\"type\":\"delta\",\"text\":\"մեկ\"}");
        assert_eq!(deltas.count(), turn, "{rows:#?}");
    }
    terminal.press(CTRL_D);
    assert_eq!(terminal.end(), (0, true));
}

#[test]
fn a_message_that_arrives_while_an_armenian_line_is_typed_loses_no_letter() {
    let sandbox = sandbox();
    let mut terminal = chat(sandbox.base_url());
    terminal.press("/human\r");
    terminal.until_row("note: a person answers now");
    terminal.until_prompt();
    terminal.press("կես");
    terminal.until_row("person: Ես Արամն եմ");
    terminal.until(|rows| rows.last().is_some_and(|row| row == "> կես"));
    terminal.press(" տող");
    terminal.until(|rows| rows.last().is_some_and(|row| row == "> կես տող"));
    terminal.press("\r");
    until(|| sent_messages(&sandbox) == ["/human", "կես տող"]);
    terminal.until_prompt();
    terminal.press(CTRL_D);
    assert_eq!(terminal.end(), (0, true));
}
