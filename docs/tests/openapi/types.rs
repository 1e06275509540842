//! The Rust types, held against the description.

use core::fmt::Debug;
use std::collections::BTreeSet;

use highchat_docs::Description;
use highchat_proto::failure::{ApiError, ErrorCode, ResponseError};
use highchat_proto::http::Answer;
use highchat_proto::sse::Decoder;
use highchat_proto::{
    ChatMessage, ChatRequest, Config, ConversationId, Credentials, Endpoint, Event, Head, Message,
    MessageId, MessagesRequest, Page, Rating, RatingRequest, Role, State, Timestamp, VisitorRef,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::fields::{fields, names};

const SCHEMAS: &str = "/components/schemas";

/// Holds the types against the description: their fields, values and limits.
///
/// # Errors
///
/// The first difference.
pub(crate) fn check(description: &Description) -> Result<(), String> {
    requests(description)?;
    events(description)?;
    pages(description)?;
    errors(description)?;
    values(description)?;
    limits(description)
}

/// Two sets that must be the same.
fn same(what: &str, ours: &BTreeSet<String>, described: &BTreeSet<String>) -> Result<(), String> {
    if ours == described {
        return Ok(());
    }
    Err(format!(
        "{what}: {ours:?} here, {described:?} in the description"
    ))
}

fn holds(what: &str, is_so: bool) -> Result<(), String> {
    is_so.then_some(()).ok_or_else(|| what.to_owned())
}

/// A schema has the fields of a type, all of them required but some.
fn object(
    description: &Description,
    pointer: &str,
    value: &impl Debug,
    optional: &[&str],
    elsewhere: &[&str],
) -> Result<(), String> {
    let mut ours = fields(value);
    ours.retain(|field| !elsewhere.contains(&&**field));
    same(pointer, &ours, &description.properties(pointer))?;
    ours.retain(|field| !optional.contains(&&**field));
    let required = description.strings(&format!("{pointer}/required"));
    same(&format!("{pointer}/required"), &ours, &required)
}

/// What is serialised has the properties of a schema: all, or the required ones.
fn serialised(
    description: &Description,
    pointer: &str,
    all: &impl Serialize,
    least: &impl Serialize,
) -> Result<(), String> {
    let keys = |value: &Value| {
        let fields = value.as_object().into_iter().flatten();
        fields
            .map(|(name, _)| name.clone())
            .collect::<BTreeSet<_>>()
    };
    let (all, least) = (json_of(all), json_of(least));
    same(pointer, &keys(&all), &description.properties(pointer))?;
    same(
        pointer,
        &keys(&least),
        &description.strings(&format!("{pointer}/required")),
    )?;
    description.check(pointer, &all)?;
    description.check(pointer, &least)
}

fn json_of(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("plain data")
}

fn requests(description: &Description) -> Result<(), String> {
    let id = ConversationId::new("զրույց-1").expect("an id");
    let message = Message::new("Բարև 👋").expect("a message");
    let visitor = VisitorRef::new("օգտատեր-42 🙂").expect("a visitor");
    let least = ChatRequest::new(message);
    let all = least
        .clone()
        .with_conversation(id.clone())
        .with_visitor(visitor);
    let pointer = format!("{SCHEMAS}/ChatRequest");
    object(
        description,
        &pointer,
        &all,
        &["conversation_id", "visitor_ref"],
        &[],
    )?;
    serialised(description, &pointer, &all, &least)?;
    description.check(
        &pointer,
        &json!({ "message": "Բարև 👋", "conversation_id": null }),
    )?;

    let least = RatingRequest::new(id.clone(), Rating::Down);
    let all = least.clone().with_comment("դանդաղ 🐢");
    let pointer = format!("{SCHEMAS}/RatingRequest");
    object(
        description,
        &pointer,
        &all,
        &["comment"],
        &["conversation_id"],
    )?;
    serialised(description, &pointer, &all, &least)?;

    let pointer = "/paths/~1v1~1conversations~1{id}~1messages/get/parameters";
    let parameters = description.at(pointer).as_array().map_or(0, Vec::len);
    let parameters = (0..parameters).filter_map(|place| {
        let parameter = description.at(&format!("{pointer}/{place}"));
        parameter["name"].as_str().map(str::to_owned)
    });
    let ours = fields(&MessagesRequest::new(id));
    let ours = ours.into_iter().map(|field| match &*field {
        "conversation_id" => "id".to_owned(),
        _ => field,
    });
    same(
        "the parameters of messages",
        &ours.collect(),
        &parameters.collect(),
    )
}

/// The data of each event, with all of its fields.
fn event_data(name: &str) -> Value {
    match name {
        "meta" => json!({ "conversation_id": "զրույց-1" }),
        "delta" => json!({ "text": "Բարև 👋" }),
        "done" => json!({ "message_id": "m1", "state": "bot", "ts": "2026-06-14T10:00:00.000Z" }),
        "human" => json!({ "message": "Ես Անին եմ 👋", "ts": "2026-06-14T10:00:00.000Z" }),
        "error" => json!({ "message": "Սխալ 😕" }),
        "ping" => json!({}),
        new => panic!("{new} is an event without a sample here"),
    }
}

/// As proto reads it; `None`: it refuses it.
fn read_event(name: &str, data: &Value) -> Option<Event<'static>> {
    let stream = format!("event: {name}\ndata: {data}\n\n");
    let mut decoder = Decoder::new();
    let frame = decoder.decode(&mut stream.as_bytes());
    let frame = frame.expect("within the limit").expect("a whole frame");
    Event::parse(frame).map(Event::into_owned).ok()
}

fn events(description: &Description) -> Result<(), String> {
    let mapping = description.at(&format!("{SCHEMAS}/ReplyEvent/discriminator/mapping"));
    let mapping = mapping.as_object().cloned().unwrap_or_default();
    let described = mapping.keys().cloned().collect();
    same("the events", &names(Event::NAMES), &described)?;
    for name in Event::NAMES {
        let data = event_data(name);
        let event = read_event(name, &data).expect("an event");
        let pointer = mapping[name]
            .as_str()
            .unwrap_or_default()
            .trim_start_matches('#');
        object(
            description,
            &format!("{pointer}/properties/data"),
            &event,
            &[],
            &[],
        )?;
        holds("an event is written as it is read", json_of(&event) == data)?;
        let parts = names(["event", "data"]);
        same(pointer, &parts, &description.properties(pointer))?;
        let whole = json!({ "event": name, "data": data });
        for pointer in [pointer, &format!("{SCHEMAS}/ReplyEvent")] {
            description.check(pointer, &whole)?;
        }
        for field in description.properties(&format!("{pointer}/properties/data")) {
            let mut without = data.clone();
            without.as_object_mut().expect("an object").remove(&field);
            let read = read_event(name, &without);
            holds(
                &format!("{name}: proto does not read {field}"),
                read.as_ref() != Some(&event),
            )?;
        }
    }
    Ok(())
}

fn pages(description: &Description) -> Result<(), String> {
    let whole = json!({
        "state": "human",
        "messages": [{
            "id": "m2",
            "role": "assistant",
            "content": "Ես Անին եմ 👋",
            "created_at": "2026-06-14T10:00:00.000Z",
        }],
        "ts": "2026-06-14T10:00:05.000Z",
    });
    let read = |page: &Value| serde_json::from_str::<Page>(&page.to_string()).expect("a page");
    let page = read(&whole);
    let message: &ChatMessage = &page.messages[0];
    let of_page = format!("{SCHEMAS}/Page");
    let of_message = format!("{SCHEMAS}/ChatMessage");
    object(description, &of_page, &page, &[], &["unreadable"])?;
    object(description, &of_message, message, &[], &[])?;
    holds("a page is written as it is read", json_of(&page) == whole)?;
    serialised(description, &of_page, &page, &page)?;
    serialised(description, &of_message, message, message)?;
    for field in description.properties(&of_page) {
        let mut without = whole.clone();
        without.as_object_mut().expect("an object").remove(&field);
        holds(
            &format!("proto does not read {field}"),
            read(&without) != page,
        )?;
    }
    for field in description.properties(&of_message) {
        let mut without = whole.clone();
        let message = without["messages"][0].as_object_mut();
        message.expect("an object").remove(&field);
        holds(
            &format!("proto does not read {field}"),
            read(&without) != page,
        )?;
    }
    Ok(())
}

/// As proto reads the answer to a rating.
fn read_error(body: &Value) -> ApiError {
    let credentials = Credentials::key("hc_sandbox").expect("a key");
    let endpoint = Endpoint::new("https://chat.example", credentials).expect("an endpoint");
    let mut answer = Answer::to_rating(Head::new(429), &endpoint, &Config::default());
    answer.handle_body(body.to_string().as_bytes());
    match answer.into_rating() {
        Err(ResponseError::Api(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn errors(description: &Description) -> Result<(), String> {
    let whole = json!({ "error": { "code": "rate_limited", "message": "Փորձեք մեկ րոպեից 🕐" } });
    let error = read_error(&whole);
    let pointer = format!("{SCHEMAS}/ErrorBody");
    let of_error = format!("{pointer}/properties/error");
    same(
        &pointer,
        &names(["error"]),
        &description.properties(&pointer),
    )?;
    let required = description.strings(&format!("{pointer}/required"));
    same(&pointer, &names(["error"]), &required)?;
    object(
        description,
        &of_error,
        &error,
        &[],
        &["status", "retry_after"],
    )?;
    description.check(&pointer, &whole)?;
    for field in description.properties(&of_error) {
        let mut without = whole.clone();
        let fields = without["error"].as_object_mut().expect("an object");
        fields.remove(&field);
        holds(
            &format!("proto does not read {field}"),
            read_error(&without) != error,
        )?;
    }
    Ok(())
}

fn values(description: &Description) -> Result<(), String> {
    let known = |schema: &str| description.strings(&format!("{SCHEMAS}/{schema}/enum"));
    let states = State::KNOWN.map(|state| state.to_string());
    same("states", &states.clone().into(), &known("KnownState"))?;
    // The API's text leaves `human` out there.
    let of_done = states
        .into_iter()
        .filter(|state| state != "human")
        .collect();
    same("states of done", &of_done, &known("KnownDoneState"))?;
    let codes = ErrorCode::KNOWN.map(|code| code.to_string());
    same("codes", &codes.into(), &known("KnownErrorCode"))?;
    let roles = Role::KNOWN.map(|role| role.to_string());
    same("roles", &roles.into(), &known("KnownRole"))?;
    let ratings = [Rating::Down, Rating::Up].map(Rating::as_number);
    let pointer = format!("{SCHEMAS}/RatingRequest/properties/rating/enum");
    holds("ratings", *description.at(&pointer) == json!(ratings))?;

    for schema in ["State", "DoneState", "Role", "ErrorCode"] {
        description.check(&format!("{SCHEMAS}/{schema}"), &json!("նոր"))?;
    }
    Ok(())
}

fn limits(description: &Description) -> Result<(), String> {
    let chat = |message: &str, visitor: &str| {
        let request = json!({ "message": message, "visitor_ref": visitor });
        description
            .check(&format!("{SCHEMAS}/ChatRequest"), &request)
            .is_ok()
    };
    for chars in [0, 1, Message::MAX_CHARS, Message::MAX_CHARS + 1] {
        let text = "😀".repeat(chars);
        let what = format!("a message of {chars} characters");
        holds(&what, chat(&text, "") == Message::new(text).is_ok())?;
    }
    for chars in [0, 1, VisitorRef::MAX_CHARS, VisitorRef::MAX_CHARS + 1] {
        let text = "😀".repeat(chars);
        let what = format!("a visitor of {chars} characters");
        holds(&what, chat("Բարև", &text) == VisitorRef::new(text).is_ok())?;
    }
    let fits = |schema: &str, text: &str| {
        description
            .check(&format!("{SCHEMAS}/{schema}"), &json!(text))
            .is_ok()
    };
    for text in ["", "զ", "զրույց-1"] {
        let (ours, described) = (ConversationId::new(text), fits("ConversationId", text));
        holds("an id of a conversation", ours.is_ok() == described)?;
        let (ours, described) = (MessageId::new(text), fits("MessageId", text));
        holds("an id of a message", ours.is_ok() == described)?;
    }
    for text in [
        "",
        "երեկ",
        "2026-06-14T10:00:00.000Z",
        "2026-06-14T14:00:00+04:00",
    ] {
        let ours: Result<Timestamp, _> = text.parse();
        holds("a time", ours.is_ok() == fits("Timestamp", text))?;
    }
    Ok(())
}

#[test]
fn the_types_and_the_description_say_the_same() {
    check(&Description::read()).unwrap();
}
