//! `-v`, `completions` and `--help`.

use crate::support::*;

#[test]
fn the_log_is_printed_on_request_and_has_no_keys_and_texts() {
    let service = || {
        play_each([
            refusal(
                "429 Too Many Requests",
                "retry-after: 0\r\n",
                "rate_limited",
                "Շատ",
            ),
            stream(&format!("{}{}{DONE}", meta("c1"), delta("պատասխան"))),
        ])
    };
    for (flags, environment, info, debug) in [
        (vec!["-v"], None, true, false),
        (vec!["-vv"], None, true, true),
        (vec![], Some("1"), true, false),
        (vec![], Some("2"), true, true),
        (vec!["-v"], Some("2"), true, false),
        (vec![], Some("0"), false, false),
        (vec![], None, false, false),
    ] {
        let service = service();
        let mut command = ask(&service, &["հարցում"]);
        command.args(&flags);
        if let Some(value) = environment {
            command.env("HIGHCHAT_LOG", value);
        }
        let run = run(command);
        assert_eq!(run.status, Some(0), "{run:?}");
        assert_eq!(run.stdout, "պատասխան\n");
        let is_logged = |part: &str| run.stderr.contains(part);
        assert_eq!(
            is_logged("POST /v1/chat"),
            info,
            "{flags:?}: {}",
            run.stderr
        );
        assert_eq!(is_logged("429"), info);
        assert_eq!(is_logged("conversation c1"), info);
        assert_eq!(
            is_logged("delta of 16 bytes"),
            debug,
            "{flags:?}: {}",
            run.stderr
        );
        for secret in [KEY, "հարցում", "պատասխան"] {
            assert!(!is_logged(secret), "{}", run.stderr);
        }
    }
    let mut invalid = ask(&service(), &["a"]);
    invalid.env("HIGHCHAT_LOG", "loud");
    assert_eq!(run(invalid).status, Some(2));
}

#[test]
fn the_log_counts_the_unreadable_messages_of_a_page() {
    let good = |id: &str, content: &str| {
        format!(
            "{{\"id\":\"{id}\",\"role\":\"assistant\",\"content\":\"{content}\",\
             \"created_at\":\"2026-06-14T10:00:05Z\"}}"
        )
    };
    let (first, last) = (good("m1", "Բարև 👋"), good("m2", "Ես Արամն եմ"));
    let body = format!(
        "{{\"state\":\"bot\",\"messages\":[null,{first},\
         {{\"id\":\"m3\",\"role\":\"assistant\",\"content\":null}},{last},\
         {{\"role\":\"assistant\",\"content\":\"գաղտնի 🙈\"}}]}}"
    );
    let page = || answer("200 OK", "content-type: application/json\r\n", &body);
    let count = "3 messages of the page could not be read";
    for (flags, is_logged) in [
        (&["c1", "-v"][..], true),
        (&["c1", "-vv"], true),
        (&["c1"], false),
    ] {
        let run = run(to("watch", play(page()).base_url(), flags));
        assert_eq!(run.status, Some(0), "{run:?}");
        assert_eq!(run.stdout, "Բարև 👋\nԵս Արամն եմ\n");
        assert_eq!(run.stderr.contains(count), is_logged, "{run:?}");
        assert!(!run.stderr.contains("գաղտնի"), "{run:?}");
    }
    let service = play(page());
    let json = run(to("watch", service.base_url(), &["c1", "-v", "--json"]));
    assert!(json.stderr.contains(count), "{json:?}");
    assert_eq!(json.stdout.matches("\"type\":\"message\"").count(), 2);
}

#[test]
fn the_log_has_the_cause_of_a_failed_connection_and_not_the_key() {
    let gone = play("").base_url().to_string();
    let run = run(to("ask", &gone, &["a", "-vv", "--attempts=1"]));
    assert!(run.stderr.contains("refused"), "{}", run.stderr);
    assert!(!run.stderr.contains(KEY), "{}", run.stderr);
}

#[test]
fn each_shell_has_a_completion_script() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = run(highchat(["completions", shell]));
        assert_eq!(run.status, Some(0), "{run:?}");
        for part in ["highchat", "watch", "poll-interval"] {
            assert!(run.stdout.contains(part), "{shell}: {part}");
        }
        assert_eq!(run.stderr, "");
    }
    assert_eq!(run(highchat(["completions", "dos"])).status, Some(2));
}

#[test]
fn help_lists_every_command_option_and_variable() {
    let help = run(highchat(["--help"])).stdout;
    for command in ["ask", "chat", "watch", "rate", "sandbox", "completions"] {
        assert!(help.contains(&format!("  {command} ")), "{help}");
    }
    for command in ["ask", "chat", "watch", "rate"] {
        let help = run(highchat([command, "--help"])).stdout;
        for part in [
            "HIGHCHAT_KEY",
            "HIGHCHAT_KEY_FILE",
            "HIGHCHAT_SLUG",
            "HIGHCHAT_BASE_URL",
            "HIGHCHAT_LOG",
            "--sandbox",
            "--insecure-http",
            "--idle-timeout",
            "--progress-timeout",
            "--response-timeout",
            "--poll-interval",
            "--attempts",
            "--json",
            "--color",
            "Exit status:",
        ] {
            assert!(help.contains(part), "{command}: {part}");
        }
    }
}
