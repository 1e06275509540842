use crate::client::{quick, say, say_in};

#[test]
fn the_bot_remembers_within_a_conversation() {
    let sandbox = quick().start().unwrap();

    let id = say(&sandbox, "Իմ անունը Անի է").conversation_id();

    assert_eq!(
        say_in(&sandbox, &id, "Ի՞նչ ասացի").text(),
        "Դուք ասացիք՝ «Իմ անունը Անի է»։ Սա ձեր 2-րդ հաղորդագրությունն է։"
    );
    assert_eq!(
        say_in(&sandbox, &id, "Ի՞նչ է իմ անունը").text(),
        "Ձեր անունը Անի է։"
    );
}

#[test]
fn the_bot_does_not_remember_other_conversations() {
    let sandbox = quick().start().unwrap();
    say(&sandbox, "My name is Ani");

    let other = say(&sandbox, "What is my name?").text();

    assert!(other.starts_with("Դեռ չգիտեմ ձեր անունը։"), "{other}");
}
