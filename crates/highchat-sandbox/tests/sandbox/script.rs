use core::time::Duration;

use highchat_sandbox::{Fault, Person, Rule, Script};

use crate::client::{eventually, quick, say, say_in, transcript};

#[test]
fn the_first_matching_rule_applies() {
    let script = Script::new()
        .rule(Rule::text("գին").replies("մեկ"))
        .rule(Rule::contains("գին").replies("երկու").closes())
        .rule(Rule::turn(3).replies("երեք").breaks_off());
    let sandbox = quick().script(script).start().unwrap();

    let first = say(&sandbox, " գին\n");
    assert_eq!(
        (&*first.text(), &first.last()["state"]),
        ("մեկ", &"bot".into())
    );
    let id = first.conversation_id();
    let second = say_in(&sandbox, &id, "գինը");
    assert_eq!(second.text(), "երկու");
    assert_eq!(second.last()["state"], "closed");
    let third = say_in(&sandbox, &id, "ա");
    assert_eq!(third.names(), ["meta", "delta", "error"]);
    assert!(say_in(&sandbox, &id, "ա").text().starts_with("Դուք գրեցիք"));
}

#[test]
fn the_faults_of_a_rule_apply_at_its_turn() {
    let script = Script::new().rule(Rule::turn(2).fails([Fault::Empty502, Fault::CloseDelimited]));
    let sandbox = quick().script(script).start().unwrap();

    let id = say(&sandbox, "ա").conversation_id();
    assert_eq!(say_in(&sandbox, &id, "բ").status, 502);
    let taken = say_in(&sandbox, &id, "բ");
    assert_eq!(taken.header("transfer-encoding"), None);
    assert!(
        say_in(&sandbox, &id, "բ")
            .header("transfer-encoding")
            .is_some()
    );
}

#[test]
fn the_person_of_a_script_answers_after_a_handoff() {
    let script = Script::new()
        .rule(Rule::text("մարդ").replies("Կանչում եմ։").hands_over())
        .rule(Rule::text("սպասում եմ").replies("չի երևա"))
        .person(Person::absent().says(Duration::ZERO, "Այստեղ եմ"));
    let sandbox = quick().script(script).start().unwrap();

    let answer = say(&sandbox, "մարդ");
    assert_eq!(answer.names(), ["meta", "delta", "human"]);
    let id = answer.conversation_id();
    assert_eq!(
        say_in(&sandbox, &id, "սպասում եմ").names(),
        ["meta", "human"]
    );
    assert!(eventually(|| {
        let (_, messages) = transcript(&sandbox, &id);
        messages.iter().any(|(_, content)| content == "Այստեղ եմ")
    }));
}
