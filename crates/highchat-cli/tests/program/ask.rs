//! `highchat ask`: its output and its exit status.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use highchat_sandbox::{Playback, Step};

use crate::support::*;

/// An answer of the service, and the output and exit status that it must cause.
struct Case {
    name: &'static str,
    answer: String,
    status: i32,
    stdout: &'static str,
    /// Texts that standard error must contain.
    stderr: &'static [&'static str],
    /// The lines of `--json`.
    json: &'static [&'static str],
}

fn cases() -> Vec<Case> {
    let human =
        "event: human\ndata: {\"message\":\"Արամը միացավ\",\"ts\":\"2026-06-14T10:00:00Z\"}\n\n";
    let error = "event: error\ndata: {\"message\":\"Սխալ տեղի ունեցավ\"}\n\n";
    let meta = meta("c1");
    let (one, two) = (delta("մեկ "), delta("երկու"));
    vec![
        Case {
            name: "a whole reply",
            answer: stream(&format!(
                "{meta}{one}event: ping\ndata: {{}}\n\n{two}{DONE}"
            )),
            status: 0,
            stdout: "մեկ երկու\n",
            stderr: &[],
            json: &[
                r#"{"type":"meta","conversation_id":"c1"}"#,
                r#"{"type":"delta","text":"մեկ "}"#,
                r#"{"type":"delta","text":"երկու"}"#,
                r#"{"type":"done","message_id":"m1","state":"bot","ts":"2026-06-14T10:00:00.000Z"}"#,
                r#"{"type":"end","outcome":"complete","exit_code":0,"conversation_id":"c1","state":"bot"}"#,
            ],
        },
        Case {
            name: "a reply that ends in newlines ends in one",
            answer: stream(&format!("{}{}{DONE}", delta(r"a\n\nb\n"), delta(r"\n"))),
            status: 0,
            stdout: "a\n\nb\n",
            stderr: &[],
            json: &[
                r#"{"type":"delta","text":"a\n\nb\n"}"#,
                r#"{"type":"delta","text":"\n"}"#,
                r#"{"type":"done","message_id":"m1","state":"bot","ts":"2026-06-14T10:00:00.000Z"}"#,
                r#"{"type":"end","outcome":"complete","exit_code":0,"state":"bot"}"#,
            ],
        },
        Case {
            name: "a handoff is no failure",
            answer: stream(&format!("{meta}{one}{human}")),
            status: 0,
            stdout: "մեկ \nԱրամը միացավ\n",
            stderr: &["note: ", "highchat watch c1\n"],
            json: &[
                r#"{"type":"meta","conversation_id":"c1"}"#,
                r#"{"type":"delta","text":"մեկ "}"#,
                r#"{"type":"human","message":"Արամը միացավ","ts":"2026-06-14T10:00:00Z"}"#,
                r#"{"type":"state","state":"human"}"#,
                r#"{"type":"end","outcome":"complete","exit_code":0,"conversation_id":"c1","state":"human"}"#,
            ],
        },
        Case {
            name: "done with pending_human",
            answer: stream(&format!("{one}{}", DONE.replace("bot", "pending_human"))),
            status: 0,
            stdout: "մեկ \n",
            stderr: &["note: "],
            json: &[
                r#"{"type":"delta","text":"մեկ "}"#,
                r#"{"type":"done","message_id":"m1","state":"pending_human","ts":"2026-06-14T10:00:00.000Z"}"#,
                r#"{"type":"state","state":"pending_human"}"#,
                r#"{"type":"end","outcome":"complete","exit_code":0,"state":"pending_human"}"#,
            ],
        },
        Case {
            name: "an error event",
            answer: stream(&format!("{meta}{one}{error}")),
            status: 8,
            stdout: "մեկ \n",
            stderr: &["error: Սխալ տեղի ունեցավ"],
            json: &[
                r#"{"type":"meta","conversation_id":"c1"}"#,
                r#"{"type":"delta","text":"մեկ "}"#,
                r#"{"type":"error","kind":"failed","message":"Սխալ տեղի ունեցավ"}"#,
                r#"{"type":"end","outcome":"failed","exit_code":8,"conversation_id":"c1"}"#,
            ],
        },
        Case {
            name: "a reply that is cut in a conversation without a known id",
            answer: stream(&one),
            status: 3,
            stdout: "մեկ \n",
            stderr: &["error: the reply is incomplete", "not sent again"],
            json: &[
                r#"{"type":"delta","text":"մեկ "}"#,
                r#"{"type":"error","kind":"incomplete","message":"the reply is incomplete: the stream ended before the reply did"}"#,
                r#"{"type":"end","outcome":"incomplete","exit_code":3}"#,
            ],
        },
        Case {
            name: "a connection that closes without an answer",
            answer: String::new(),
            status: 3,
            stdout: "",
            stderr: &["error: no answer came", "not sent again"],
            json: &[
                r#"{"type":"error","kind":"no_answer","message":"no answer came: the connection was lost: unexpected end of file"}"#,
                r#"{"type":"end","outcome":"incomplete","exit_code":3}"#,
            ],
        },
        Case {
            name: "400",
            answer: refusal("400 Bad Request", "", "invalid_input", "Դատարկ"),
            status: 8,
            stdout: "",
            stderr: &["error: Դատարկ (invalid_input, 400)"],
            json: &[
                r#"{"type":"error","kind":"refused","message":"Դատարկ","status":400,"code":"invalid_input"}"#,
                r#"{"type":"end","outcome":"failed","exit_code":8}"#,
            ],
        },
        Case {
            name: "401",
            answer: refusal("401 Unauthorized", "", "unauthenticated", "Սխալ բանալի"),
            status: 4,
            stdout: "",
            stderr: &[
                "error: Սխալ բանալի (unauthenticated, 401)",
                "hint: check the key",
            ],
            json: &[
                r#"{"type":"error","kind":"refused","message":"Սխալ բանալի","status":401,"code":"unauthenticated"}"#,
                r#"{"type":"end","outcome":"failed","exit_code":4}"#,
            ],
        },
        Case {
            name: "403 without a sentence",
            answer: answer("403 Forbidden", "", ""),
            status: 4,
            stdout: "",
            stderr: &["error: the service answered 403 Forbidden (403)"],
            json: &[
                r#"{"type":"error","kind":"refused","message":"the service answered 403 Forbidden","status":403}"#,
                r#"{"type":"end","outcome":"failed","exit_code":4}"#,
            ],
        },
        Case {
            name: "404",
            answer: refusal("404 Not Found", "", "not_found", "Չի գտնվել"),
            status: 6,
            stdout: "",
            stderr: &["error: Չի գտնվել (not_found, 404)", "--conversation"],
            json: &[
                r#"{"type":"error","kind":"refused","message":"Չի գտնվել","status":404,"code":"not_found"}"#,
                r#"{"type":"end","outcome":"failed","exit_code":6}"#,
            ],
        },
        Case {
            name: "429 with a longer wait than the limit",
            answer: refusal(
                "429 Too Many Requests",
                "retry-after: 300\r\n",
                "rate_limited",
                "Փորձեք",
            ),
            status: 5,
            stdout: "",
            stderr: &["error: Փորձեք (rate_limited, 429)", "in 300 s"],
            json: &[
                r#"{"type":"error","kind":"refused","message":"Փորձեք","status":429,"code":"rate_limited"}"#,
                r#"{"type":"end","outcome":"failed","exit_code":5}"#,
            ],
        },
        Case {
            name: "500 with HTML",
            answer: answer(
                "500 Internal Server Error",
                "content-type: text/html\r\n",
                "<h1>oops</h1>",
            ),
            status: 8,
            stdout: "",
            stderr: &["error: the service answered 500", "not sent again"],
            json: &[
                r#"{"type":"error","kind":"refused","message":"the service answered 500 Internal Server Error","status":500}"#,
                r#"{"type":"end","outcome":"failed","exit_code":8}"#,
            ],
        },
        Case {
            name: "HTML in a 200",
            answer: answer("200 OK", "content-type: text/html\r\n", "<h1>hi</h1>"),
            status: 8,
            stdout: "",
            stderr: &[
                "error: the service answered \"text/html\"",
                "hint: check --base-url",
            ],
            json: &[
                r#"{"type":"error","kind":"not_a_reply","message":"the service answered \"text/html\", which is no event stream"}"#,
                r#"{"type":"end","outcome":"failed","exit_code":8}"#,
            ],
        },
        Case {
            name: "an encoding that was not asked for",
            answer: stream("").replacen("\r\n\r\n", "\r\ncontent-encoding: gzip\r\n\r\n", 1),
            status: 8,
            stdout: "",
            stderr: &["error: the service answered in an encoding (\"gzip\")"],
            json: &[
                r#"{"type":"error","kind":"not_a_reply","message":"the service answered in an encoding (\"gzip\") not asked for"}"#,
                r#"{"type":"end","outcome":"failed","exit_code":8}"#,
            ],
        },
        Case {
            name: "204",
            answer: "HTTP/1.1 204 No Content\r\n\r\n".into(),
            status: 8,
            stdout: "",
            stderr: &["error: the service answered 204"],
            json: &[
                r#"{"type":"error","kind":"not_a_reply","message":"the service answered 204 No Content, which is no reply","status":204}"#,
                r#"{"type":"end","outcome":"failed","exit_code":8}"#,
            ],
        },
    ]
}

#[test]
fn the_hint_after_a_handoff_names_a_time_that_misses_nothing() {
    let human = "event: human\ndata: {\"message\":\"Մարդ 👋\",\"ts\":\"2026-06-14T10:00:07Z\"}\n\n";
    let handed_over = || stream(&format!("{}{human}", meta("c1")));
    // A conversation that began in this run is followed from its start; one that is
    // continued by its id is followed from the event.
    for (arguments, hint) in [
        (&["a"][..], "highchat watch c1\n"),
        (
            &["--conversation", "c1", "a"],
            "highchat watch c1 --after 2026-06-14T10:00:07Z\n",
        ),
    ] {
        let run = run(ask(&play(handed_over()), arguments));
        assert_eq!(run.status, Some(0), "{run:?}");
        assert!(run.stderr.ends_with(hint), "{run:?}");
    }
    // After a complete turn, it is followed from the end of that turn.
    let whole = stream(&format!("{}{}{DONE}", meta("c1"), delta("մեկ")));
    let service = play_each([whole, handed_over()]);
    let run = run_with_input(to("chat", service.base_url(), &[]), b"a\nb\n");
    let hint = "highchat watch c1 --after 2026-06-14T10:00:00.000Z\n";
    assert!(run.stderr.ends_with(hint), "{run:?}");
}

#[test]
fn each_answer_of_the_service_has_its_output_and_exit_status() {
    for case in cases() {
        let name = case.name;
        let service = play(case.answer.clone());
        let text = run(ask(&service, &["a"]));
        assert_eq!(text.status, Some(case.status), "{name}: {text:?}");
        assert_eq!(text.stdout, case.stdout, "{name}");
        for part in case.stderr {
            assert!(
                text.stderr.contains(part),
                "{name}: {part:?} in {}",
                text.stderr
            );
        }
        assert_eq!(
            text.stderr.is_empty(),
            case.stderr.is_empty(),
            "{name}: {}",
            text.stderr
        );
        assert!(!text.stderr.contains('\u{1b}'), "{name}");

        let service = play(case.answer);
        let json = run(ask(&service, &["a", "--json"]));
        assert_eq!(json.status, Some(case.status), "{name}");
        assert_eq!(json.stdout.lines().collect::<Vec<_>>(), case.json, "{name}");
        for output in [&text.stdout, &text.stderr, &json.stdout, &json.stderr] {
            assert!(!output.contains(KEY), "{name}: {output}");
        }
        assert_eq!(service.connections(), 1, "{name}: nothing is sent twice");
    }
}

#[test]
fn a_redirect_is_an_error_and_is_not_followed() {
    let elsewhere = play(stream(DONE));
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "307 Temporary Redirect",
    ] {
        let location = format!("location: {}/v1/chat\r\n", elsewhere.base_url());
        let service = play(answer(status, &location, ""));
        let run = run(ask(&service, &["a"]));
        assert_eq!(run.status, Some(8), "{run:?}");
        assert!(
            run.stderr.contains("redirects are not followed"),
            "{}",
            run.stderr
        );
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[test]
fn an_unreachable_service_gives_status_7_and_names_the_cause_once() {
    // A port that was free a moment ago and on which nothing listens.
    let gone = play("").base_url().to_string();
    let arguments = [
        "ask",
        "--base-url",
        &gone,
        "--key",
        KEY,
        "--attempts=1",
        "a",
    ];
    let text = run(highchat(arguments));
    assert_eq!(text.status, Some(7), "{text:?}");
    let place = gone.trim_start_matches("http://");
    let expected = format!("error: the service could not be reached: {place}: ");
    assert!(text.stderr.contains(&expected), "{}", text.stderr);
    let causes = text.stderr.to_lowercase().matches("refused").count();
    assert_eq!(causes, 1, "the cause, once: {}", text.stderr);
    assert!(text.stderr.contains("did not take"), "{}", text.stderr);
    assert!(!text.stderr.contains(KEY));
    let json = run(highchat(arguments.into_iter().chain(["--json"])));
    assert!(
        json.stdout.contains(r#""kind":"unreachable""#),
        "{}",
        json.stdout
    );
    assert!(
        json.stdout
            .ends_with("{\"type\":\"end\",\"outcome\":\"failed\",\"exit_code\":7}\n")
    );
}

#[test]
fn terminal_controls_in_the_services_text_are_removed() {
    let events = format!(
        "{}{}{DONE}",
        delta(r"a\u001b[3"),
        delta(r"1mb\u202e\u009b2J\u0007c\r")
    );
    let shown = run(ask(&play(stream(&events)), &["a"]));
    assert_eq!(shown.stdout, "abc\n");
    let json = run(ask(&play(stream(&events)), &["a", "--json"]));
    assert!(
        json.stdout
            .contains(r#"{"type":"delta","text":"1mb\u202e\u009b2J\u0007c\r"}"#),
        "{}",
        json.stdout
    );
    let refused = refusal(
        "400 Bad Request",
        "",
        "a\\u001b[2Jb",
        "c\\u001b]0;d\\u0007e",
    );
    let refused = run(ask(&play(refused), &["a"]));
    assert!(
        refused.stderr.contains("error: ce (ab, 400)"),
        "{}",
        refused.stderr
    );
}

#[test]
fn the_message_comes_from_the_arguments_or_from_standard_input() {
    let long_enough = "ա".repeat(4000);
    for (arguments, input, message) in [
        (vec!["մեկ", "երկու"], "no", "մեկ երկու"),
        (vec![], "մեկ\n", "մեկ"),
        (vec!["-"], "մեկ\r\n", "մեկ"),
        (vec![], "մեկ\n\n", "մեկ\n"),
        (vec![], " ", " "),
        (vec!["--", "-x"], "", "-x"),
        (vec![], long_enough.as_str(), long_enough.as_str()),
    ] {
        let service = play(stream(DONE));
        let run = run_with_input(ask(&service, &arguments), input.as_bytes());
        assert_eq!(run.status, Some(0), "{run:?}");
        let sent: serde_json::Value = serde_json::from_str(&body(&service)).unwrap();
        assert_eq!(sent, serde_json::json!({ "message": message }));
    }
}

#[test]
fn an_invalid_message_is_refused_before_anything_is_sent() {
    let long = "ա".repeat(4001);
    let endless = "a".repeat(1 << 20);
    for (arguments, input, problem) in [
        (vec![""], &b""[..], "must not be empty"),
        (vec![], b"\n", "must not be empty"),
        (vec![], b"\xFF", "not UTF-8"),
        (vec![long.as_str()], b"", "at most 4000 characters"),
        (vec![], long.as_bytes(), "at most 4000 characters"),
        (vec![], endless.as_bytes(), "at most 4000 characters"),
    ] {
        let service = play(stream(DONE));
        let text = run_with_input(ask(&service, &arguments), input);
        assert_eq!(text.status, Some(2), "{text:?}");
        assert!(text.stderr.contains(problem), "{}", text.stderr);
        assert_eq!(text.stdout, "");
        let mut command = ask(&service, &arguments);
        command.arg("--json");
        let json = run_with_input(command, input);
        assert!(
            json.stdout
                .starts_with(r#"{"type":"error","kind":"invalid_message","#),
            "{}",
            json.stdout
        );
        assert!(
            json.stdout
                .ends_with("{\"type\":\"end\",\"outcome\":\"failed\",\"exit_code\":2}\n")
        );
        assert_eq!(service.connections(), 0);
    }
}

#[test]
fn conversation_and_visitor_come_from_flags_or_the_environment() {
    let service = play(stream(DONE));
    run(ask(
        &service,
        &["a", "--conversation", "c9", "--visitor", "v9"],
    ));
    let flags = r#"{"message":"a","conversation_id":"c9","visitor_ref":"v9"}"#;
    assert_eq!(body(&service), flags);

    let service = play(stream(DONE));
    let mut command = ask(&service, &["a", "--visitor", "v9"]);
    command
        .env("HIGHCHAT_CONVERSATION", "c9")
        .env("HIGHCHAT_VISITOR", "v1");
    run(command);
    assert_eq!(body(&service), flags, "a flag beats the environment");
}

/// The target and the key of a request with these flags and this environment.
fn request_with(flags: &[&str], environment: &[(&str, &str)]) -> Result<String, String> {
    let service = play(stream(DONE));
    let mut command = highchat(["ask", "--base-url", service.base_url(), "a"]);
    command.args(flags).envs(environment.iter().copied());
    let run = run(command);
    if run.status == Some(2) {
        assert_eq!(service.connections(), 0);
        return Err(run.stderr);
    }
    assert_eq!(run.status, Some(0), "{run:?}");
    let request = String::from_utf8(service.requests().remove(0)).unwrap();
    let line = request.lines().next().unwrap();
    let header = request
        .lines()
        .find(|line| line.to_ascii_lowercase().starts_with("authorization:"))
        .map_or("", |line| line.split_once(' ').unwrap().1);
    Ok(format!("{} {header}", line.split(' ').nth(1).unwrap()))
}

#[test]
fn a_credential_flag_beats_every_credential_in_the_environment() {
    let file = std::env::temp_dir().join(format!("highchat-key-{}", std::process::id()));
    std::fs::write(&file, "hc_file\n").unwrap();
    let path = file.to_str().unwrap();
    for (flags, environment, found) in [
        (vec!["--key", "hc_flag"], vec![], "/v1/chat Bearer hc_flag"),
        (vec!["--key-file", path], vec![], "/v1/chat Bearer hc_file"),
        (vec!["--slug", "my bot"], vec![], "/v1/chat?slug=my%20bot "),
        (
            vec![],
            vec![("HIGHCHAT_KEY", "hc_env")],
            "/v1/chat Bearer hc_env",
        ),
        (
            vec![],
            vec![("HIGHCHAT_KEY_FILE", path)],
            "/v1/chat Bearer hc_file",
        ),
        (vec![], vec![("HIGHCHAT_SLUG", "env")], "/v1/chat?slug=env "),
        (
            vec!["--key", "hc_flag"],
            vec![("HIGHCHAT_SLUG", "env")],
            "/v1/chat Bearer hc_flag",
        ),
        (
            vec!["--slug", "flag"],
            vec![("HIGHCHAT_KEY", "hc_env")],
            "/v1/chat?slug=flag ",
        ),
        (
            vec!["--key", "hc_flag"],
            vec![("HIGHCHAT_KEY", "hc_env")],
            "/v1/chat Bearer hc_flag",
        ),
        (
            vec![],
            vec![("HIGHCHAT_KEY", ""), ("HIGHCHAT_SLUG", "env")],
            "/v1/chat?slug=env ",
        ),
    ] {
        assert_eq!(
            request_with(&flags, &environment).as_deref(),
            Ok(found),
            "{flags:?} {environment:?}"
        );
    }
    std::fs::remove_file(file).unwrap();
}

#[test]
fn ambiguous_or_invalid_credentials_are_a_usage_error_that_shows_no_key() {
    let missing = "/no/such/file";
    for (flags, environment, problem) in [
        (vec![], vec![], "--sandbox"),
        (vec![], vec![], "--slug"),
        (vec![], vec![], "HIGHCHAT_KEY"),
        (vec!["--key", KEY, "--slug", "s"], vec![], "--slug"),
        (vec!["--key", KEY, "--key-file", "f"], vec![], "--key-file"),
        (vec!["--key", KEY, "--sandbox"], vec![], "--sandbox"),
        (
            vec![],
            vec![("HIGHCHAT_KEY", KEY), ("HIGHCHAT_SLUG", "s")],
            "which one",
        ),
        (vec!["--key", "hc_very_secret\nb"], vec![], "white space"),
        (vec!["--key", "hc_very_secretբ"], vec![], "not ASCII"),
        (vec!["--key", ""], vec![], "empty"),
        (vec!["--key-file", missing], vec![], missing),
        (vec!["--slug", ""], vec![], "slug"),
    ] {
        let stderr = request_with(&flags, &environment).unwrap_err();
        assert!(
            stderr.contains(problem),
            "{flags:?}: {problem:?} in {stderr}"
        );
        assert!(!stderr.contains("hc_very_secret"), "{flags:?}: {stderr}");
    }
}

#[test]
fn wrong_usage_prints_to_standard_error_only() {
    for arguments in [
        vec![
            "ask",
            "--json",
            "--key",
            KEY,
            "--base-url",
            "http://chat.example",
            "a",
        ],
        vec![
            "ask",
            "--json",
            "--key",
            KEY,
            "--base-url",
            "chat.example",
            "a",
        ],
        vec!["ask", "--json", "--key", KEY, "--conversation", "..", "a"],
        vec!["ask", "--json", "--key", KEY, "--idle-timeout", "0", "a"],
        vec!["ask", "--json", "a"],
        vec!["ask", "--jsno", "a"],
        vec!["aks"],
        vec![],
    ] {
        let run = run(highchat(&arguments));
        assert_eq!(run.status, Some(2), "{arguments:?}: {run:?}");
        assert_eq!(run.stdout, "", "{arguments:?}");
        assert!(!run.stderr.is_empty(), "{arguments:?}");
        assert!(!run.stderr.contains(KEY), "{arguments:?}: {}", run.stderr);
    }
}

#[test]
fn a_host_name_that_is_not_ascii_is_refused_with_a_hint_to_punycode() {
    let arguments = ["ask", "--key", KEY, "--base-url", "https://չատ.հայ", "Բարև"];
    let refused = run(highchat(arguments));
    assert_eq!(refused.status, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("punycode"), "{}", refused.stderr);
}

#[test]
fn plain_http_to_another_host_is_refused_without_insecure_http() {
    let refused = [
        "ask",
        "--key",
        KEY,
        "--base-url",
        "http://chat.invalid",
        "a",
    ];
    let refused = run(highchat(refused));
    assert_eq!(refused.status, Some(2));
    assert!(
        refused.stderr.contains("--insecure-http"),
        "{}",
        refused.stderr
    );
    // The host does not exist, so the attempt fails.
    let asked_for = [
        "ask",
        "--key",
        KEY,
        "--base-url",
        "http://chat.invalid",
        "--insecure-http",
        "--attempts=1",
        "a",
    ];
    assert_eq!(run(highchat(asked_for)).status, Some(7));
}

#[test]
fn silence_longer_than_a_timeout_ends_the_run() {
    let silent_body = [Step::Send(stream(&delta("a")).into_bytes()), Step::Hold];
    let pings = "event: ping\ndata: {}\n\n".repeat(3);
    let mut pinging = vec![Step::Send(stream("").into_bytes())];
    for _ in 0..100 {
        pinging.push(Step::Send(pings.clone().into_bytes()));
        pinging.push(Step::Pause(core::time::Duration::from_millis(50)));
    }
    for (script, option, stdout, problem) in [
        (vec![Step::Hold], "--response-timeout", "", "no answer came"),
        (
            silent_body.to_vec(),
            "--idle-timeout",
            "a\n",
            "no data came for too long",
        ),
        (
            pinging,
            "--progress-timeout",
            "",
            "only pings came for too long",
        ),
    ] {
        let service = Playback::start(vec![script]).unwrap();
        let run = run(ask(&service, &["a", option, "0.3"]));
        assert_eq!(run.status, Some(3), "{option}: {run:?}");
        assert_eq!(run.stdout, stdout, "{option}");
        assert!(run.stderr.contains(problem), "{option}: {}", run.stderr);
        assert_eq!(service.connections(), 1, "{option}");
    }
}

/// Starts a command with pipes, so that its output can be read while the service holds the
/// stream open.
fn started(mut command: Command) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    (child, stdout)
}

fn held(events: &str) -> Playback {
    let send = Step::Send(stream(events).into_bytes());
    Playback::start(vec![vec![send, Step::Hold]]).unwrap()
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn the_reply_streams_through_a_pipe_and_a_signal_ends_it() {
    for (name, status) in [("-INT", 130), ("-TERM", 143)] {
        let service = held(&format!("{}{}", meta("c1"), delta("մեկ")));
        let (mut child, mut stdout) = started(ask(&service, &["a"]));
        let mut word = vec![0; "մեկ".len()];
        stdout.read_exact(&mut word).unwrap();
        assert_eq!(word, "մեկ".as_bytes(), "before the reply is over");
        signal(&child, name);
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "\n");
        assert_eq!(child.wait().unwrap().code(), Some(status));
    }
}

#[test]
fn an_interrupted_run_prints_its_end_line_once() {
    for (name, status) in [("-INT", 130), ("-TERM", 143)] {
        let service = held(&meta("c1"));
        let (mut child, mut stdout) = started(ask(&service, &["a", "--json"]));
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert_eq!(line, "{\"type\":\"meta\",\"conversation_id\":\"c1\"}\n");
        signal(&child, name);
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        let end = format!(
            "{{\"type\":\"end\",\"outcome\":\"cancelled\",\"exit_code\":{status},\"conversation_id\":\"c1\"}}\n"
        );
        assert_eq!(rest, end);
        assert_eq!(child.wait().unwrap().code(), Some(status));
    }
}

#[test]
fn a_broken_pipe_ends_the_program_quietly() {
    let mut script = vec![Step::Send(stream(&delta("first")).into_bytes())];
    for _ in 0..200 {
        script.push(Step::Pause(core::time::Duration::from_millis(20)));
        script.push(Step::Send(delta("more").into_bytes()));
    }
    let service = Playback::start(vec![script]).unwrap();
    let (mut child, mut stdout) = started(ask(&service, &["a"]));
    let mut word = [0; 5];
    stdout.read_exact(&mut word).unwrap();
    drop(stdout);
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    assert_eq!(stderr, "");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn colour_is_used_on_a_terminal_or_on_request() {
    let refused = || play(refusal("401 Unauthorized", "", "unauthenticated", "մ"));
    let always = run(ask(&refused(), &["a", "--color", "always"]));
    assert!(always.stderr.contains("\u{1b}["), "{:?}", always.stderr);
    let auto = run(ask(&refused(), &["a"]));
    assert!(!auto.stderr.contains('\u{1b}'), "{:?}", auto.stderr);
    for (variables, option, is_coloured) in [
        (&[("CLICOLOR_FORCE", "1")][..], "auto", true),
        (&[("CLICOLOR_FORCE", "")], "auto", false),
        (&[("CLICOLOR_FORCE", "1")], "never", false),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], "auto", false),
        (&[("NO_COLOR", "1")], "always", true),
    ] {
        let service = refused();
        let mut command = ask(&service, &["a", "--color", option]);
        command.envs(variables.iter().copied());
        let run = run(command);
        let found = run.stderr.contains('\u{1b}');
        assert_eq!(
            found, is_coloured,
            "{variables:?} {option}: {:?}",
            run.stderr
        );
    }
}

#[test]
fn a_note_says_that_a_number_after_wait_is_part_of_the_message() {
    let reply = || play(stream(&format!("{}{DONE}", meta("c1"))));
    for (arguments, message, is_noted) in [
        (&["--wait", "30", "բարև"][..], "30 բարև", true),
        (&["բարև", "--wait", "30"], "բարև 30", true),
        (&["--wait=30", "30", "բարև"], "30 բարև", false),
        (&["--wait", "բարև"], "բարև", false),
        (&["30", "բարև"], "30 բարև", false),
    ] {
        let service = reply();
        let run = run(ask(&service, arguments));
        assert_eq!(run.status, Some(0), "{run:?}");
        assert_eq!(body(&service), format!("{{\"message\":\"{message}\"}}"));
        let found = run.stderr.contains("--wait=SECONDS");
        assert_eq!(found, is_noted, "{arguments:?}: {}", run.stderr);
    }
}
