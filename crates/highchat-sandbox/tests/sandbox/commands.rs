use core::time::Duration;

use highchat_sandbox::Fault;

use crate::client::{quick, say, transcript};

#[test]
fn help_lists_the_commands_and_no_others() {
    let sandbox = quick().start().unwrap();

    let text = say(&sandbox, "/help").text();

    let mut listed: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_once(" — "))
        .map(|(command, _)| command)
        .collect();
    listed.sort_unstable();
    assert_eq!(
        listed,
        [
            "/close",
            "/error",
            "/fault NAME",
            "/help",
            "/human",
            "/long N",
            "/pending",
            "/slow"
        ]
    );
}

#[test]
fn error_ends_a_reply_after_some_text() {
    let sandbox = quick().start().unwrap();

    let answer = say(&sandbox, "/error");

    assert_eq!(answer.names(), ["meta", "delta", "error"]);
    let message = answer.last()["message"].as_str().unwrap().to_owned();
    assert_eq!(message, "Պատասխանը չհաջողվեց ավարտել։ Փորձեք մի փոքր ուշ։");
    let (state, messages) = transcript(&sandbox, &answer.conversation_id());
    assert_eq!(state, "bot");
    assert_eq!(messages.len(), 1, "the reply is not stored");
}

#[test]
fn slow_has_pauses_with_pings() {
    let sandbox = quick()
        .ping_interval(Duration::from_millis(200))
        .start()
        .unwrap();

    let answer = say(&sandbox, "/slow");

    assert_eq!(
        answer.names(),
        ["meta", "delta", "ping", "delta", "ping", "delta", "done"]
    );
}

#[test]
fn long_has_the_requested_number_of_words() {
    let sandbox = quick().start().unwrap();

    let answer = say(&sandbox, "/long 1000");

    assert_eq!(answer.text().split(' ').count(), 1000);
    assert_eq!(answer.events().len(), 1002);
}

#[test]
fn an_unknown_command_is_an_ordinary_message() {
    let sandbox = quick().start().unwrap();

    let answer = say(&sandbox, "/dance");

    assert!(answer.text().starts_with("Դուք գրեցիք՝ «/dance»։"));
    assert_eq!(answer.last()["state"], "bot");
}

#[test]
fn help_lists_every_fault_with_its_description() {
    let sandbox = quick().start().unwrap();

    let text = say(&sandbox, "/help").text();

    for fault in Fault::ALL {
        assert!(text.contains(fault.name()) && text.contains(fault.line()));
    }
}

#[test]
fn commands_show_every_kind_of_event() {
    let sandbox = quick()
        .ping_interval(Duration::from_millis(50))
        .start()
        .unwrap();
    let mut names: Vec<String> = ["/slow", "/human", "/error"]
        .iter()
        .flat_map(|message| say(&sandbox, message).names())
        .collect();
    names.sort_unstable();
    names.dedup();

    assert_eq!(names, ["delta", "done", "error", "human", "meta", "ping"]);
}

#[test]
fn an_invalid_fault_command_is_answered_with_the_reason_and_without_faults() {
    let sandbox = quick().start().unwrap();
    for (message, why) in [
        ("/fault 429-seconds hello", "«hello» անունով վնասվածք չկա։"),
        ("/fault cut Բարև 👋", "«Բարև» անունով վնասվածք չկա։"),
        ("/fault cats /long 3", "«cats» անունով վնասվածք չկա։"),
        ("/fault cr-lf:3", "«cr-lf:3». այս վնասվածքը չափ չունի։"),
        ("/fault cut:x", "«cut:x». այստեղ պետք է թիվ լինի"),
    ] {
        let answer = say(&sandbox, message);

        assert_eq!(answer.status, 200, "{message}");
        assert_eq!(answer.names(), ["meta", "delta", "done"], "{message}");
        let text = answer.text();
        assert!(text.starts_with(why), "{message}: {text}");
        assert!(text.contains("/fault cut,cr-lf /long 100"), "{text}");
        assert!(!text.contains("stall-pings"), "not the whole list: {text}");
    }
}

#[test]
fn a_long_invalid_name_is_shortened_in_the_answer() {
    let sandbox = quick().start().unwrap();

    let text = say(&sandbox, &format!("/fault {}", "ծ".repeat(3000))).text();

    assert!(text.chars().count() < 400, "{text}");
}
