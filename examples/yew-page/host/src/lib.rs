//! Sessions of `highchat-reqwest` in a page. Another program commands them: the documentation of
//! `highchat_conformance::remote` describes how.

mod settings;
mod shown;

use std::cell::RefCell;
use std::collections::HashMap;

use highchat_reqwest::{
    Client, Conversation, ConversationId, Credentials, Endpoint, Message, Rating, Saved, Session,
};
use serde_json::{Value, json};
use wasm_bindgen::prelude::wasm_bindgen;

thread_local! {
    /// The sessions, by number. One that waits for its next update is not here.
    static SESSIONS: RefCell<HashMap<u64, Session>> = RefCell::default();
}

/// Carries out a command. Returns its answer.
#[wasm_bindgen]
pub async fn command(line: String) -> String {
    let command: Value = serde_json::from_str(&line).unwrap_or_default();
    let number = command["session"].as_u64().unwrap_or_default();
    let mut answer = match answer(number, &command).await {
        Ok(answer) => answer,
        Err(why) => json!({ "failed": why.to_string() }),
    };
    answer["session"] = number.into();
    answer.to_string()
}

type Result<T> = core::result::Result<T, Box<dyn core::error::Error>>;

async fn answer(number: u64, command: &Value) -> Result<Value> {
    let what = command["do"].as_str().unwrap_or_default();
    let taken = SESSIONS.with_borrow_mut(|sessions| sessions.remove(&number));
    let mut session = match (what, taken) {
        // The session ends as it is dropped.
        ("close", _) => return Ok(json!({})),
        ("open", _) => open(command)?,
        (_, Some(session)) => session,
        (_, None) => return Err(format!("no session waits for {what}").into()),
    };
    let mut answer = carry_out(what, command, &mut session).await?;
    answer["status"] = status(session.conversation());
    SESSIONS.with_borrow_mut(|sessions| sessions.insert(number, session));
    Ok(answer)
}

async fn carry_out(what: &str, command: &Value, session: &mut Session) -> Result<Value> {
    Ok(match what {
        "open" => json!({}),
        "send" => {
            let text = command["text"].as_str().unwrap_or_default();
            json!({ "accepted": session.send(Message::new(text)?).is_ok() })
        }
        "rate" => {
            let rating = if command["rating"] == 1 {
                Rating::Up
            } else {
                Rating::Down
            };
            let comment = command["comment"].as_str().map(str::to_owned);
            json!({ "accepted": session.commands().rate(rating, comment).is_ok() })
        }
        "cancel" => {
            session.cancel();
            json!({})
        }
        "save" => json!({ "saved": serde_json::to_string(&session.conversation().save())? }),
        "next" => json!({ "update": session.next().await.map(|update| shown::update(&update)) }),
        _ => return Err(format!("unknown: {what}").into()),
    })
}

fn open(command: &Value) -> Result<Session> {
    let options = &command["options"];
    let credentials = match (options["key"].as_str(), options["slug"].as_str()) {
        (Some(key), _) => Credentials::key(key)?,
        (None, Some(slug)) => Credentials::slug(slug)?,
        (None, None) => Credentials::none(),
    };
    let base_url = options["baseUrl"].as_str().unwrap_or_default();
    let endpoint = Endpoint::new(base_url, credentials)?;
    let client = Client::with_config(endpoint, settings::config(&options["settings"])?);
    Ok(match command["saved"].as_str() {
        Some(saved) => Session::resume(client, serde_json::from_str::<Saved>(saved)?),
        None => Session::new(client),
    })
}

fn status(conversation: &Conversation) -> Value {
    json!({
        "id": conversation.id().map(ConversationId::as_str),
        "state": conversation.state().as_str(),
        "isPolling": conversation.is_polling(),
        "turnInProgress": conversation.turn_in_progress(),
    })
}
