//! A service that repeats the key in its answers. The program must never show the key.

use crate::support::*;

/// A sentence of the service that contains the key.
fn sentence() -> String {
    format!("Բանալին՝ {KEY}, մերժված է 🔑{KEY}")
}

const SHOWN: &str = "Բանալին՝ …, մերժված է 🔑…";

/// Answers that contain the key, and whether the program shows the sentence.
fn answers() -> Vec<(&'static str, String, bool)> {
    let json = "content-type: application/json\r\n";
    let body = |error: String| format!("{{\"error\":{error}}}");
    let string = body(format!("\"{}\"", sentence()));
    let object = body(format!(
        "{{\"code\":\"unauthenticated\",\"message\":\"{}\"}}",
        sentence()
    ));
    let event = format!("event: error\ndata: {{\"message\":\"{}\"}}\n\n", sentence());
    let begun = format!("{}{}", meta("c1"), delta("մեկ "));
    vec![
        (
            "refused",
            refusal("401 Unauthorized", "", "unauthenticated", &sentence()),
            true,
        ),
        (
            "a code",
            refusal("403 Forbidden", "", KEY, &sentence()),
            true,
        ),
        (
            "too many",
            refusal(
                "429 Too Many Requests",
                "retry-after: 500\r\n",
                "rate_limited",
                &sentence(),
            ),
            true,
        ),
        (
            "failed",
            answer("500 Internal Server Error", json, &object),
            true,
        ),
        ("a string", answer("400 Bad Request", json, &string), true),
        ("an error in a 200", answer("200 OK", json, &object), true),
        ("an event", stream(&event), true),
        (
            "an event after text",
            stream(&format!("{begun}{event}")),
            true,
        ),
        (
            "a type",
            answer("200 OK", &format!("content-type: text/{KEY}\r\n"), "a"),
            false,
        ),
        (
            "an encoding",
            answer("200 OK", &format!("content-encoding: {KEY}\r\n"), "a"),
            false,
        ),
        (
            "a place",
            answer("302 Found", &format!("location: /{KEY}\r\n"), ""),
            false,
        ),
    ]
}

#[track_caller]
fn check(case: &str, run: &Run, is_sentence_shown: bool) {
    let shown = format!("{}{}", run.stdout, run.stderr);
    assert!(!shown.contains(KEY), "{case}: {run:?}");
    assert_eq!(shown.contains(SHOWN), is_sentence_shown, "{case}: {run:?}");
    assert!(!matches!(run.status, None | Some(0)), "{case}: {run:?}");
}

#[test]
fn a_key_in_an_answer_to_a_message_is_not_shown() {
    for (case, answer, is_sentence_shown) in answers() {
        for form in [&[][..], &["--json"], &["-vv"], &["--json", "-vv"]] {
            let service = play(&*answer);
            let mut command = ask(&service, form);
            command.args(["--attempts", "1", "Բարև 👋"]);
            check(case, &run(command), is_sentence_shown);

            let service = play(&*answer);
            let mut command = to("chat", service.base_url(), form);
            command.args(["--attempts", "1"]);
            let run = run_with_input(command, "Բարև 👋\n".as_bytes());
            check(case, &run, is_sentence_shown);
        }
    }
}

#[test]
fn a_key_in_an_answer_to_a_poll_or_a_rating_is_not_shown() {
    let refused = || refusal("401 Unauthorized", "", "unauthenticated", &sentence());
    let human = "event: human\ndata: {\"message\":\"Մարդ\"}\n\n";
    let handed_over = || stream(&format!("{}{human}", meta("c1")));
    let whole = || stream(&format!("{}{}{DONE}", meta("c1"), delta("մեկ")));
    for form in [&["-vv"][..], &["-vv", "--json"]] {
        let service = play_each([handed_over(), refused()]);
        let mut command = ask(&service, form);
        command.args(["--wait", "--poll-interval=0.1", "Բարև 👋"]);
        check("ask --wait", &run(command), true);

        let service = play(refused());
        let mut command = to("watch", service.base_url(), form);
        command.arg("c1");
        check("watch", &run(command), true);

        let service = play(refused());
        let mut command = to("rate", service.base_url(), form);
        command.args(["c1", "up"]);
        check("rate", &run(command), true);

        // The end of the input may interrupt the rating, which is then sent once more.
        let service = play_each([whole(), refused(), refused()]);
        let command = to("chat", service.base_url(), form);
        let run = run_with_input(command, "Բարև 👋\n/rate up\n".as_bytes());
        check("/rate", &run, true);
    }
}
