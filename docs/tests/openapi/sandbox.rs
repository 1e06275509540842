//! What the sandbox answers, held against the description.

use std::collections::BTreeSet;

use highchat_docs::Description;
use highchat_proto::{
    ChatRequest, ConversationId, Message, MessagesRequest, Rating, RatingRequest,
};
use highchat_sandbox::{Fault, Person, Reading};
use serde_json::{Value, json};

use crate::corpus::{Corpus, quick};
use crate::exchange::Asked;
use crate::fields::names;

/// Holds each request and answer against the description; returns the places that were met.
fn check(corpus: &Corpus, description: &Description) -> Result<BTreeSet<String>, String> {
    let mut places = BTreeSet::new();
    for (asked, answer) in &corpus.exchanges {
        asked.parts(description)?.check(description)?;
        let parts = asked.answer_parts(answer, description)?;
        parts.check(description)?;
        places.insert(parts.place);
    }
    Ok(places)
}

#[test]
fn each_response_of_the_description_is_one_that_the_sandbox_gives() {
    let description = Description::read();
    let met = check(&Corpus::gather(), &description.known_values_only()).unwrap();

    let mut described = BTreeSet::new();
    for item in description.document()["paths"]
        .as_object()
        .unwrap()
        .values()
    {
        for operation in item.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            let responses = operation["responses"].as_object().unwrap();
            described.extend(responses.keys().map(|key| format!("{id} {key}")));
        }
    }
    // The sandbox refuses what no Rust type can ask in a test of its own, below; it never
    // limits or fails a rating.
    let elsewhere = names([
        "sendMessage 400",
        "listMessages 400",
        "rateConversation 400",
        "rateConversation 429",
        "rateConversation default",
    ]);
    let described: BTreeSet<_> = described.difference(&elsewhere).cloned().collect();
    assert_eq!(met, described);
}

#[test]
fn each_event_state_role_and_code_is_one_that_the_sandbox_gives() {
    let description = Description::read();
    let mut met: BTreeSet<(String, String)> = BTreeSet::new();
    for part in Corpus::gather().parts(&description).unwrap() {
        let mut add = |schema: &str, value: &Value| {
            if let Some(text) = value.as_str() {
                met.insert((schema.to_owned(), text.to_owned()));
            }
        };
        add("event", &part.value["event"]);
        add("KnownDoneState", &part.value["data"]["state"]);
        add("KnownState", &part.value["state"]);
        add("KnownErrorCode", &part.value["error"]["code"]);
        for message in part.value["messages"].as_array().into_iter().flatten() {
            add("KnownRole", &message["role"]);
        }
    }
    // A message that is empty or too long, which the test below sends.
    met.insert(("KnownErrorCode".to_owned(), "invalid_input".to_owned()));

    let mut described = BTreeSet::new();
    for schema in [
        "KnownDoneState",
        "KnownState",
        "KnownErrorCode",
        "KnownRole",
    ] {
        let values = description.strings(&format!("/components/schemas/{schema}/enum"));
        described.extend(values.into_iter().map(|value| (schema.to_owned(), value)));
    }
    let events = description.at("/components/schemas/ReplyEvent/discriminator/mapping");
    let events = events.as_object().unwrap().keys();
    described.extend(events.map(|event| ("event".to_owned(), event.clone())));
    assert_eq!(met, described);
}

#[test]
fn what_the_sandbox_refuses_as_invalid_does_not_fit_and_the_answer_does() {
    let description = Description::read().known_values_only();
    let sandbox = quick().start().unwrap();
    let endpoint = sandbox.endpoint();
    let message = ChatRequest::new(Message::new("Բարև 👋").unwrap());
    let chat = Asked::from(&endpoint.chat(&message));
    let id = ConversationId::new(chat.send(&sandbox).conversation_id()).unwrap();
    let rating = Asked::from(&endpoint.rate(&RatingRequest::new(id.clone(), Rating::Up)));
    let mut messages = Asked::from(&endpoint.messages(&MessagesRequest::new(id)));
    messages.target += "?after=%D5%A5%D6%80%D5%A5%D5%AF";

    for refused in [
        chat.clone().with_body(&json!({})),
        chat.clone().with_body(&json!({ "message": "" })),
        chat.clone().with_body(&json!({ "message": 1 })),
        chat.clone()
            .with_body(&json!({ "message": "😀".repeat(4001) })),
        chat.with_body(&json!({ "message": "Բարև", "visitor_ref": "😀".repeat(201) })),
        rating.clone().with_body(&json!({})),
        rating.clone().with_body(&json!({ "rating": 2 })),
        rating.with_body(&json!({ "rating": "1" })),
        messages,
    ] {
        let answer = refused.send(&sandbox);
        assert_eq!(answer.status, 400, "{refused:?}");
        let parts = refused.parts(&description).unwrap();
        assert!(parts.check(&description).is_err(), "{refused:?}");
        let parts = refused.answer_parts(&answer, &description).unwrap();
        assert!(parts.place.ends_with(" 400"), "{parts:?}");
        parts.check(&description).unwrap();
    }
}

#[test]
fn a_request_without_a_key_and_a_slug_is_not_described() {
    let sandbox = quick().start().unwrap();
    let message = ChatRequest::new(Message::new("Բարև 👋").unwrap());
    let mut asked = Asked::from(&sandbox.endpoint().chat(&message));
    asked.headers.retain(|(name, _)| name != "authorization");

    assert_eq!(asked.send(&sandbox).status, 401);
    assert!(asked.parts(&Description::read()).is_err());
}

/// Two readings contradict the shapes that the samples show; one uses a role that is not
/// known. Whatever else the text may mean fits.
#[test]
fn each_reading_of_the_text_fits_except_two_that_contradict_its_samples() {
    let open = Description::read();
    let known = open.known_values_only();
    let mut refused = Vec::new();
    let mut unknown = Vec::new();
    for &reading in Reading::ALL {
        let mut corpus = Corpus::default();
        corpus.refusal(quick().reading(reading));
        // Its own conversation is gone after `/close`, which the last rating does not mind.
        corpus.conversation(quick().person(Person::absent()).reading(reading));
        if check(&corpus, &open).is_err() {
            refused.push(reading);
        } else if check(&corpus, &known).is_err() {
            unknown.push(reading);
        }
    }
    assert_eq!(refused, [Reading::TimesAsNumbers, Reading::ErrorAsString]);
    assert_eq!(unknown, [Reading::PersonRole]);
}

#[test]
fn a_reply_with_more_fields_fits_and_a_broken_one_does_not() {
    let open = Description::read();
    let sandbox = quick().start().unwrap();
    let message = ChatRequest::new(Message::new("Բարև 👋").unwrap());
    let asked = Asked::from(&sandbox.endpoint().chat(&message));
    for (fault, fits) in [
        (Fault::ExtraFields, true),
        (Fault::NoMeta, true),
        (Fault::MissingField, false),
        // A client ignores it; the description has no such event.
        (Fault::UnknownEvent, false),
        (Fault::WrongType, false),
        (Fault::JsonError200, false),
    ] {
        sandbox.inject([fault]);
        let answer = asked.send(&sandbox);
        let parts = asked.answer_parts(&answer, &open);
        let checked = parts.and_then(|parts| parts.check(&open));
        assert_eq!(checked.is_ok(), fits, "{}: {checked:?}", fault.name());
    }
}

#[test]
fn a_page_with_an_unknown_state_fits_and_one_with_a_message_without_an_id_does_not() {
    let open = Description::read();
    let known = open.known_values_only();
    for (fault, fits_open, fits_known) in [
        (Fault::PollUnknownState, true, false),
        (Fault::PollOddMessage, false, false),
        (Fault::PollDuplicates, true, true),
    ] {
        let sandbox = quick().person(Person::absent()).start().unwrap();
        let endpoint = sandbox.endpoint();
        let message = ChatRequest::new(Message::new("/human").unwrap());
        let id = Asked::from(&endpoint.chat(&message))
            .send(&sandbox)
            .conversation_id();
        sandbox.inbox().reply(&id, "Ես Անին եմ 👋").unwrap();
        sandbox.inject([fault]);
        let request = MessagesRequest::new(ConversationId::new(id).unwrap());
        let asked = Asked::from(&endpoint.messages(&request));
        let answer = asked.send(&sandbox);
        for (description, fits) in [(&open, fits_open), (&known, fits_known)] {
            let parts = asked.answer_parts(&answer, description).unwrap();
            let checked = parts.check(description);
            assert_eq!(checked.is_ok(), fits, "{}: {checked:?}", fault.name());
        }
    }
}
