//! `highchat chat` with standard input that is not a terminal: each line is one message.

use crate::support::*;

#[test]
fn each_line_is_one_message_of_the_same_conversation() {
    let sandbox = quick_sandbox();
    let command = to("chat", sandbox.base_url(), &["--visitor", "v1"]);
    let input = "իմ անունը Անի է\n\nինչպե՞ս է իմ անունը\r\n/id\n/rate up լավ էր\nվերջ";
    let run = run_with_input(command, input.as_bytes());
    assert_eq!(run.status, Some(0), "{run:?}");
    assert_eq!(run.stdout.lines().count(), 3, "{}", run.stdout);
    assert!(run.stdout.contains("Անի"), "{}", run.stdout);
    assert!(!run.stdout.contains('>'), "no prompt: {}", run.stdout);
    assert!(run.stderr.contains("rating was taken"), "{}", run.stderr);
    let requests = sandbox.requests();
    let paths: Vec<_> = requests.iter().map(|request| &*request.path).collect();
    assert_eq!(paths.len(), 4);
    assert!(paths[2].ends_with("/rating"), "it waits for the rating");
    let id = paths[2].split('/').nth(3).unwrap();
    let rating = sandbox.rating(id).unwrap();
    assert!(format!("{rating:?}").contains("լավ էր"), "{rating:?}");
    for request in requests.iter().filter(|request| request.path == "/v1/chat") {
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(body["visitor_ref"], "v1");
    }
    let last: serde_json::Value = serde_json::from_slice(&requests[3].body).unwrap();
    assert_eq!(last["conversation_id"], id);
}

#[test]
fn after_a_failure_the_next_line_is_sent_and_the_last_failure_gives_the_status() {
    let failing = [
        stream(&format!("{}{}{DONE}", meta("c1"), delta("մեկ"))),
        refusal("401 Unauthorized", "", "unauthenticated", "Չէ"),
        refusal("400 Bad Request", "", "invalid_input", "Սխալ"),
        stream(&format!("{}{DONE}", delta("երկու"))),
    ];
    let service = play_each(failing.clone());
    let command = to("chat", service.base_url(), &[]);
    let text = run_with_input(command, b"1\n2\n\xFF\n3\n4\n");
    assert_eq!(text.status, Some(8), "{text:?}");
    assert_eq!(text.stdout, "մեկ\nերկու\n");
    for part in ["error: Չէ", "not UTF-8", "error: Սխալ"] {
        assert!(text.stderr.contains(part), "{}", text.stderr);
    }
    assert_eq!(service.connections(), 4);

    let service = play_each(failing);
    let command = to("chat", service.base_url(), &["--json"]);
    let json = run_with_input(command, b"1\n2\n3\n4\n");
    let lines: Vec<serde_json::Value> = json
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let types: Vec<_> = lines
        .iter()
        .map(|line| line["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        types,
        [
            "meta", "delta", "done", "error", "error", "delta", "done", "end"
        ]
    );
    assert_eq!(lines[7]["exit_code"], 8);
    assert_eq!(lines[7]["outcome"], "failed");
}

#[test]
fn a_conversation_is_continued_and_new_begins_another() {
    let reply = || stream(&format!("{}{}{DONE}", meta("c2"), delta("ա")));
    let service = play_each([reply(), reply(), reply()]);
    let command = to("chat", service.base_url(), &["--conversation", "c1"]);
    let run = run_with_input(command, "մեկ\nերկու\n/new\n /help\n/quit\nerr\n".as_bytes());
    assert_eq!(run.status, Some(0), "{run:?}");
    let bodies: Vec<_> = service
        .requests()
        .iter()
        .map(|request| {
            let request = String::from_utf8(request.clone()).unwrap();
            request.split_once("\r\n\r\n").unwrap().1.to_string()
        })
        .collect();
    assert_eq!(
        bodies,
        [
            r#"{"message":"մեկ","conversation_id":"c1"}"#,
            r#"{"message":"երկու","conversation_id":"c2"}"#,
            r#"{"message":" /help"}"#,
        ]
    );
}

#[test]
fn invalid_commands_and_messages_give_a_script_status_2() {
    let service = play_each([]);
    for (input, problem) in [
        ("/rate up\n", "no conversation to rate yet"),
        ("/rate well\n", "/rate up or /rate down"),
        (&*"ա".repeat(4001), "at most 4000 characters"),
        (&*"a".repeat(100_000), "longer than any message"),
    ] {
        let run = run_with_input(to("chat", service.base_url(), &[]), input.as_bytes());
        assert_eq!(run.status, Some(2), "{run:?}");
        assert!(run.stderr.contains(problem), "{}", run.stderr);
    }
    let help = run_with_input(to("chat", service.base_url(), &[]), b"/help\n/id\n");
    assert_eq!(help.status, Some(0));
    for command in ["/rate up|down", "/new", "/id", "/quit"] {
        assert!(help.stderr.contains(command), "{}", help.stderr);
    }
    assert!(help.stderr.contains("not begun"), "{}", help.stderr);
    assert_eq!(help.stdout, "");
    assert_eq!(service.connections(), 0);
}

#[test]
fn a_script_that_ends_in_a_handoff_prints_how_to_follow_it() {
    let sandbox = quick_sandbox();
    let command = to("chat", sandbox.base_url(), &[]);
    let run = run_with_input(command, "/human\nի՞նչ կա\n".as_bytes());
    assert_eq!(run.status, Some(0), "{run:?}");
    let id = sandbox.inbox().conversations()[0].id.clone();
    let hint = format!("highchat watch {id}\n");
    assert!(run.stderr.ends_with(&hint), "{}", run.stderr);
}

#[test]
fn a_signal_ends_a_script() {
    let service = highchat_sandbox::Playback::start([vec![
        highchat_sandbox::Step::send(stream(&delta("մեկ"))),
        highchat_sandbox::Step::Hold,
    ]])
    .unwrap();
    let mut command = to("chat", service.base_url(), &["--json"]);
    let mut child = command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, b"a\nb\n").unwrap();
    until(|| service.connections() == 1);
    let id = child.id().to_string();
    let kill = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status();
    assert!(kill.unwrap().success());
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!(run.status, Some(130), "{run:?}");
    assert!(
        run.stdout.ends_with("\"exit_code\":130}\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_note_says_that_the_next_line_waits_for_recovery() {
    let reply = stream(&format!("{}{}{DONE}", meta("c1"), delta("մեկ")));
    let service = play_each([
        reply.clone(),
        answer("500 Internal Server Error", "", ""),
        // Recovery stops at this answer.
        refusal("404 Not Found", "", "not_found", "Չկա"),
        reply,
    ]);
    let command = to("chat", service.base_url(), &[]);
    let run = run_with_input(command, "ա\nբ\nգ\n".as_bytes());
    assert_eq!(run.status, Some(8), "{run:?}");
    assert_eq!(run.stdout, "մեկ\nմեկ\n");
    let note = "500 Internal Server Error; checking for up to 20 s whether the service has the \
                reply; the next message has to wait";
    assert!(run.stderr.contains(note), "{}", run.stderr);
}
