//! `highchat proxy`, and the other commands through it.

use core::time::Duration;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use highchat_sandbox::{Playback, Step};

use crate::support::*;

use proxy::*;

#[test]
fn the_commands_work_through_the_proxy_without_a_key() {
    let sandbox = quick_sandbox();
    let key = file("commands", KEY);
    let secret = file("commands-secret", "a secret of 16 bytes and more");
    let proxy = Proxy::start(
        sandbox.base_url(),
        &[
            "--key-file",
            key.to_str().unwrap(),
            "--secret-file",
            secret.to_str().unwrap(),
        ],
    );

    let asked = proxy.through(
        "ask",
        &["--json", "--wait", "--poll-interval", "0.1", "/human"],
    );

    assert_eq!(asked.status, Some(0), "{asked:?}");
    assert!(asked.stdout.contains("Ես Արամն եմ"), "{}", asked.stdout);
    let end: serde_json::Value =
        serde_json::from_str(asked.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(end["state"], "bot");
    let id = end["conversation_id"].as_str().unwrap();
    let rated = proxy.through("rate", &[id, "up"]);
    assert_eq!(rated.status, Some(0), "{rated:?}");
    let own = id.rsplit_once('.').unwrap().0;
    assert_eq!(sandbox.rating(own).unwrap().rating, 1);
    let foreign = proxy.through("watch", &[own]);
    assert_eq!(foreign.status, Some(6), "{foreign:?}");
}

#[test]
fn each_request_is_logged_on_one_line_without_texts_ids_and_keys() {
    let service = play(stream(&format!(
        "{}{}{DONE}",
        meta("thread-7"),
        delta("secret text")
    )));
    let key = file("log", KEY);
    let proxy = Proxy::start(service.base_url(), &["--key-file", key.to_str().unwrap()]);

    let asked = proxy.through("ask", &["hidden words"]);

    assert_eq!(asked.status, Some(0), "{asked:?}");
    let line = proxy.logs("127.0.0.1 chat 200 ");
    assert!(
        line.contains(" whole ") && line.contains("B trace="),
        "{line}"
    );
    for text in ["secret", "hidden", "thread-7"] {
        assert!(!line.contains(text), "{line}");
    }
    // An invalid request gets a line too.
    let address = proxy.base_url.strip_prefix("http://").unwrap();
    let head = format!("GET / HTTP/1.1\r\nx: {}\r\n", "secret".repeat(7000));
    // The proxy may refuse the request before all of it is written.
    let _ = TcpStream::connect(address)
        .unwrap()
        .write_all(head.as_bytes());
    let line = proxy.logs("127.0.0.1 other 431 ");
    assert!(!line.contains("secret"), "{line}");
}

#[test]
fn with_log_format_json_each_line_is_an_object_with_the_values_of_the_request() {
    let service = play(stream(&format!(
        "{}{}{DONE}",
        meta("thread-7"),
        delta("Բարև 👋")
    )));
    let key = file("log-json", KEY);
    let key = key.to_str().unwrap();
    let arguments = ["--key-file", key, "--log-format", "json"];
    let proxy = Proxy::start(service.base_url(), &arguments);

    let asked = proxy.through("ask", &["Ողջույն 👋"]);

    assert_eq!(asked.status, Some(0), "{asked:?}");
    let line = proxy.logs("\"chat\"");
    assert!(
        !line.contains("Ողջույն") && !line.contains("thread-7"),
        "{line}"
    );
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["visitor"], "127.0.0.1");
    assert_eq!(
        (&line["endpoint"], &line["status"]),
        (&"chat".into(), &200.into())
    );
    assert_eq!(line["outcome"], "whole");
    assert!(
        line["bytes"].as_u64().unwrap() > 100 && line["seconds"].is_f64(),
        "{line}"
    );
    let time = line["time"].as_str().unwrap();
    assert!(time.len() > 19 && time.ends_with('Z'), "{time}");
    // The service got the same trace.
    let trace = line["trace"].as_str().unwrap();
    let request = String::from_utf8(service.requests().remove(0)).unwrap();
    assert!(
        request.contains(&format!("traceparent: 00-{trace}-")),
        "{request}"
    );
}

#[test]
fn check_config_reports_whether_the_proxy_would_start() {
    let key = file("check", KEY);
    let key = key.to_str().unwrap();
    let check = |arguments: &[&str]| {
        let mut command = highchat(["proxy", "--check-config", "--listen", "192.0.2.1:1"]);
        command.args(arguments).env_remove("CREDENTIALS_DIRECTORY");
        command.output().unwrap()
    };
    // It does not listen: this address is not this machine's.
    let sound = check(&["--key-file", key]);
    assert_eq!(sound.status.code(), Some(0), "{sound:?}");
    assert_eq!(sound.stdout, b"the configuration is valid\n");
    for wrong in [
        &["--key-file", "/nonexistent/key"][..],
        &["--key-file", key, "--base-url", "http://chat.example"],
        &["--key-file", key, "--secret-file", key],
        &["--key-file", key, "--trust", "localhost"],
    ] {
        let checked = check(wrong);
        assert_eq!(checked.status.code(), Some(2), "{checked:?}");
        let message = String::from_utf8(checked.stderr).unwrap();
        assert!(
            message.contains("error: ") && !message.contains(KEY),
            "{message}"
        );
    }
}

#[test]
fn the_url_of_redis_is_checked_and_never_shown() {
    const PASSWORD: &str = "very_secret_password";
    let key = file("redis-key", KEY);
    let key = key.to_str().unwrap();
    let url = |scheme: &str| format!("{scheme}://:{PASSWORD}@127.0.0.1:1");
    let sound = file("redis-url", &format!("{}\n", url("rediss")));
    let unsound = file("redis-wrong", &url("http"));
    let check = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = highchat(["proxy", "--check-config", "--key-file", key]);
        command.args(arguments).envs(variables.iter().copied());
        let checked = command.output().unwrap();
        let shown = [checked.stdout, checked.stderr].concat();
        let shown = String::from_utf8(shown).unwrap();
        assert!(!shown.contains(PASSWORD), "{shown}");
        checked.status.code()
    };
    let (sound, unsound) = (sound.to_str().unwrap(), unsound.to_str().unwrap());
    for (arguments, variables, status) in [
        (&["--redis", &url("redis")][..], &[][..], 0),
        (&["--redis-file", sound], &[], 0),
        (&[], &[("HIGHCHAT_REDIS", &*url("redis"))], 0),
        (&[], &[("HIGHCHAT_REDIS_FILE", sound)], 0),
        (&["--redis", &url("http")], &[], 2),
        (&["--redis", &url("redis"), "--redis-file", sound], &[], 2),
        (&["--redis-file", unsound], &[], 2),
        (&["--redis-file", "/nonexistent/redis"], &[], 2),
        (&[], &[("HIGHCHAT_REDIS", &*url("http"))], 2),
        (
            &[],
            &[
                ("HIGHCHAT_REDIS", &*url("redis")),
                ("HIGHCHAT_REDIS_FILE", sound),
            ],
            2,
        ),
    ] {
        assert_eq!(
            check(arguments, variables),
            Some(status),
            "{arguments:?} {variables:?}"
        );
    }
}

#[test]
fn a_proxy_without_its_redis_says_so_and_refuses_messages() {
    const PASSWORD: &str = "very_secret_password";
    let service = play_each([page("bot", &[("user", "Բարև 👋")])]);
    let key = file("redis-away", KEY);
    let url = format!("redis://:{PASSWORD}@127.0.0.1:1");
    let arguments = ["--key-file", key.to_str().unwrap(), "--redis", &url];
    let proxy = Proxy::start(service.base_url(), &arguments);

    let line = proxy.logs("REDIS IS AWAY");
    assert!(!line.contains(PASSWORD), "{line}");
    let body = "{\"message\":\"Բարև 👋\"}";
    let head = "POST /v1/chat HTTP/1.1\r\nhost: a\r\ncontent-type: application/json";
    let request = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let address = proxy.base_url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();

    assert!(proxy.logs(" chat 429 ").contains("127.0.0.1"));
    assert!(service.requests().is_empty());
}

#[test]
fn a_refused_key_is_logged_and_sighup_reads_the_key_again() {
    let refusal = refusal("401 Unauthorized", "", "unauthenticated", "no");
    let reply = stream(&format!("{}{}{DONE}", meta("c1"), delta("a")));
    let service = play_each([refusal, reply]);
    let key = file("reload", KEY);
    let proxy = Proxy::start(service.base_url(), &["--key-file", key.to_str().unwrap()]);

    let asked = proxy.through("ask", &["--attempts", "1", "a"]);
    assert_eq!(asked.status, Some(8), "{asked:?}");
    proxy.logs("REFUSES THE KEY");
    fs::write(&key, "hc_the_next").unwrap();
    proxy.signal("-HUP");
    proxy.logs("the key was read again");
    let asked = proxy.through("ask", &["a"]);
    assert_eq!(asked.status, Some(0), "{asked:?}");

    let sent = String::from_utf8(service.requests().remove(1)).unwrap();
    assert!(
        sent.contains("authorization: Bearer hc_the_next\r\n"),
        "{sent}"
    );
}

#[test]
fn sigterm_ends_the_proxy_without_further_output() {
    let service = play("");
    let key = file("term", KEY);
    let proxy = Proxy::start(service.base_url(), &["--key-file", key.to_str().unwrap()]);

    proxy.signal("-TERM");

    assert_eq!(proxy.end(), (String::new(), Some(143)));
}

#[test]
fn a_stream_may_finish_after_a_signal_and_a_second_signal_ends_the_proxy() {
    let held = vec![
        Step::send(stream(&format!("{}{}", meta("c1"), delta("a")))),
        Step::Hold,
    ];
    let service = Playback::start([held]).unwrap();
    let key = file("twice", KEY);
    let proxy = Proxy::start(service.base_url(), &["--key-file", key.to_str().unwrap()]);
    let mut asking = highchat(["ask", "--base-url", &proxy.base_url, "--no-key", "a"]);
    let mut asking = asking.stdout(Stdio::piped()).spawn().unwrap();
    asking
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut [0])
        .unwrap();

    proxy.signal("-INT");
    proxy.logs("ending");
    let address = proxy.base_url.trim_start_matches("http://").to_owned();
    until(|| TcpStream::connect(&address).is_err());
    assert!(
        !service.wait_for_close(0, Duration::ZERO),
        "the stream is cut"
    );
    proxy.signal("-TERM");

    assert_eq!(proxy.end().1, Some(143));
    assert!(service.wait_for_close(0, LONG));
    // `ask` would look for the rest of the reply.
    asking.kill().unwrap();
    asking.wait().unwrap();
}

#[test]
fn the_key_may_come_from_the_environment_or_from_systemd_credentials() {
    let reply = || stream(&format!("{}{DONE}", meta("c1")));
    let service = play_each([reply(), reply()]);
    let credential = file("highchat-key", KEY);
    let directory = credential.parent().unwrap().to_str().unwrap();
    for (name, value) in [("HIGHCHAT_KEY", KEY), ("CREDENTIALS_DIRECTORY", directory)] {
        let base_url = service.base_url();
        let mut command = highchat(["proxy", "--listen=127.0.0.1:0", "--base-url", base_url]);
        command.env_remove("CREDENTIALS_DIRECTORY").env(name, value);
        let proxy = Proxy::spawn(command);
        assert_eq!(proxy.through("ask", &["a"]).status, Some(0), "{name}");
    }
    for request in service.requests() {
        let request = String::from_utf8(request).unwrap();
        assert!(request.contains(&format!("authorization: Bearer {KEY}\r\n")));
    }
}

/// The value of a setting of the systemd unit in the proxy's README, with continued lines
/// joined.
fn unit_setting(setting: &str) -> String {
    let readme = include_str!("../../../highchat-proxy/README.md").replace("\\\n", " ");
    let start = format!("{setting}=");
    let value = readme.lines().find_map(|line| line.strip_prefix(&start));
    value.expect("a setting of the unit").to_owned()
}

#[test]
fn the_systemd_unit_in_the_readme_starts_reloads_and_stops_the_proxy() {
    let sandbox = quick_sandbox();
    let credential = unit_setting("LoadCredential");
    let (name, _) = credential.split_once(':').unwrap();
    let credential = file(&format!("unit/{name}"), KEY);
    let command_line = unit_setting("ExecStart");
    let mut words = command_line.split_whitespace();
    assert!(words.next().unwrap().ends_with("/highchat"));
    // Start the proxy as systemd does, but on free ports.
    let words = words.map(|word| match word.rsplit_once(':') {
        Some((host @ "127.0.0.1", _)) => format!("{host}:0"),
        _ => word.to_owned(),
    });
    let mut command = highchat(words);
    command
        .env("CREDENTIALS_DIRECTORY", credential.parent().unwrap())
        .env("HIGHCHAT_BASE_URL", sandbox.base_url());
    let proxy = Proxy::spawn(command);
    assert_eq!(proxy.through("ask", &["a"]).status, Some(0));

    proxy.run(&unit_setting("ExecReload"));
    proxy.logs("the key was read again");
    assert_eq!(proxy.through("ask", &["a"]).status, Some(0));

    proxy.signal("-TERM");
    let success = unit_setting("SuccessExitStatus").parse().ok();
    assert_eq!(proxy.end(), (String::new(), success));
}

#[test]
fn without_free_descriptors_the_proxy_continues_when_some_are_free_again() {
    let reply = stream(&format!("{}{DONE}", meta("c1")));
    let service = play(reply);
    let key = file("starved", KEY);
    let program = highchat(["proxy"]);
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -n 24; exec \"$0\" \"$@\""])
        .arg(program.get_program())
        .args([
            "proxy",
            "--listen=127.0.0.1:0",
            "--base-url",
            service.base_url(),
        ])
        .args(["--key-file", key.to_str().unwrap()])
        .stdin(Stdio::null());
    let proxy = Proxy::spawn(command);
    let address = proxy.base_url.trim_start_matches("http://").to_owned();
    let mut held: Vec<_> = (0..48)
        .map(|_| TcpStream::connect(&address).unwrap())
        .collect();
    // The first connection has an answer; the last one waits for a descriptor.
    for number in [0, 47] {
        let stream = &mut held[number];
        let soon = Some(Duration::from_millis(300));
        stream.set_read_timeout(soon).unwrap();
        let request = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
        stream.write_all(request).unwrap();
    }
    assert_eq!(held[0].read(&mut [0]).unwrap(), 1);
    assert!(held[47].read(&mut [0]).is_err());

    drop(held);

    let asked = proxy.through("ask", &["a"]);
    assert_eq!(asked.status, Some(0), "{asked:?}");
}

#[test]
fn wrong_usage_is_reported_without_the_key() {
    let key = file("usage", KEY);
    let key = key.to_str().unwrap();
    let short = file("short", "short");
    let short = short.to_str().unwrap();
    let cases: [(&[&str], &str); 8] = [
        (&[], "no key"),
        (&["--key-file", "/nonexistent/key"], "/nonexistent/key"),
        (
            &["--key-file", key, "--base-url", "http://chat.example"],
            "--insecure-http",
        ),
        (&["--key-file", key, "--secret-file", short], "16 bytes"),
        (&["--key-file", key, "--allow-origin", "*"], "origin"),
        (&["--key-file", key, "--trust", "x"], "network"),
        (&["--key-file", key, "--prefix", "x"], "prefix"),
        (
            &["--key-file", key, "--visitor-header", "x-visitor"],
            "--trust",
        ),
    ];
    for (arguments, problem) in cases {
        let mut command = highchat(["proxy", "--listen", "127.0.0.1:0"]);
        command.args(arguments).env_remove("CREDENTIALS_DIRECTORY");
        let run = run(command);
        assert_eq!(run.status, Some(2), "{run:?}");
        assert!(run.stderr.contains(problem), "{run:?}");
        assert!(
            run.stdout.is_empty() && !run.stderr.contains(KEY),
            "{run:?}"
        );
    }
}
