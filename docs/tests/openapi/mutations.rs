//! A description that was changed must not pass: each required field, value and limit matters.

use highchat_docs::Description;
use serde_json::{Value, json};

use crate::corpus::Corpus;
use crate::exchange::Part;
use crate::types;

/// The fields that may be left out, each with the name of its schema.
const OPTIONAL: [(&str, &str); 3] = [
    ("ChatRequest", "conversation_id"),
    ("ChatRequest", "visitor_ref"),
    ("RatingRequest", "comment"),
];

/// Holds a description against the types, and against what was exchanged with the sandbox.
fn check(description: &Description, parts: &[Part]) -> Result<(), String> {
    types::check(description)?;
    let description = description.known_values_only();
    for part in parts {
        description.check(&part.schema, &part.value)?;
        for (change, value) in changes(part) {
            if description.check(&part.schema, &value).is_ok() {
                return Err(format!(
                    "{change}: {value} fits {} all the same",
                    part.schema
                ));
            }
        }
    }
    Ok(())
}

/// The part with one thing wrong: a field is left out, or a value is of another type or an
/// unknown one.
fn changes(part: &Part) -> Vec<(String, Value)> {
    let schema = part.schema.rsplit('/').next().unwrap_or_default();
    let mut pointers = Vec::new();
    collect(&part.value, "", &mut pointers);
    let mut changes = Vec::new();
    for pointer in pointers {
        let mut wrong = part.value.clone();
        // No schema has a boolean.
        *wrong.pointer_mut(&pointer).expect("collected") = json!(false);
        changes.push((format!("{pointer} is a boolean"), wrong));
        let Some((parent, key)) = pointer.rsplit_once('/') else {
            continue;
        };
        if ["event", "state", "role", "code"].contains(&key) {
            let mut wrong = part.value.clone();
            *wrong.pointer_mut(&pointer).expect("collected") = json!("նոր");
            changes.push((format!("{pointer} is unknown"), wrong));
        }
        if OPTIONAL.contains(&(schema, key)) {
            continue;
        }
        let mut wrong = part.value.clone();
        // An entry of a list may be missing.
        if let Some(Value::Object(fields)) = wrong.pointer_mut(parent) {
            fields.remove(key);
            changes.push((format!("{pointer} is missing"), wrong));
        }
    }
    changes
}

fn collect(value: &Value, pointer: &str, pointers: &mut Vec<String>) {
    pointers.push(pointer.to_owned());
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                collect(value, &format!("{pointer}/{key}"), pointers);
            }
        }
        Value::Array(items) => {
            for (place, value) in items.iter().enumerate() {
                collect(value, &format!("{pointer}/{place}"), pointers);
            }
        }
        _ => {}
    }
}

/// Every description that differs from this one in one keyword of one schema, with the place.
fn mutants(document: &Value) -> Vec<(String, Value)> {
    let mut pointers = Vec::new();
    collect(
        &document["components"]["schemas"],
        "/components/schemas",
        &mut pointers,
    );
    let mut mutants = Vec::new();
    for pointer in pointers {
        let value = document.pointer(&pointer).expect("collected");
        let mut add = |what: &str, changed: Option<Value>| {
            let mut mutant = document.clone();
            match changed {
                Some(changed) => *mutant.pointer_mut(&pointer).expect("collected") = changed,
                None => {
                    let (parent, key) = pointer.rsplit_once('/').expect("below the root");
                    let parent = mutant.pointer_mut(parent).and_then(Value::as_object_mut);
                    parent.expect("a schema").remove(key);
                }
            }
            mutants.push((format!("{pointer} {what}"), mutant));
        };
        let keyword = pointer.rsplit('/').next().unwrap_or_default();
        // The name of a property, which is no keyword.
        if pointer.ends_with(&format!("/properties/{keyword}")) {
            continue;
        }
        match (keyword, value) {
            ("required" | "enum" | "oneOf" | "anyOf", Value::Array(items)) => {
                for place in 0..items.len() {
                    let mut fewer = items.clone();
                    let left_out = fewer.remove(place);
                    add(&format!("without {left_out}"), Some(json!(fewer)));
                }
                if keyword == "enum" || keyword == "required" {
                    let mut more = items.clone();
                    more.push(json!("նոր"));
                    add("with one more", Some(json!(more)));
                }
            }
            ("properties", Value::Object(fields)) => {
                for name in fields.keys() {
                    let mut fewer = fields.clone();
                    let property = fewer.remove(name);
                    add(&format!("without {name}"), Some(json!(fewer)));
                    fewer.insert(format!("{name}_"), property.expect("there"));
                    add(&format!("with {name}_"), Some(json!(fewer)));
                }
                let mut more = fields.clone();
                more.insert("նոր".to_owned(), json!({ "type": "string" }));
                add("with one more", Some(json!(more)));
            }
            ("minLength" | "maxLength", Value::Number(limit)) => {
                let limit = limit.as_u64().expect("a length");
                add("one less", Some(json!(limit - 1)));
                add("one more", Some(json!(limit + 1)));
                add("left out", None);
            }
            ("type", Value::String(_)) => {
                add("another", Some(json!("boolean")));
            }
            ("const", Value::String(_)) => {
                add("another", Some(json!("նոր")));
                add("left out", None);
            }
            ("format", Value::String(_)) => add("left out", None),
            _ => {}
        }
    }
    mutants
}

#[test]
fn each_change_of_a_schema_is_noticed() {
    let description = Description::read();
    let parts = Corpus::gather().parts(&description).unwrap();
    check(&description, &parts).unwrap();

    let mutants = mutants(description.document());
    let noticed = |(_, mutant): &&(String, Value)| {
        check(&Description::from_document(mutant.clone()), &parts).is_err()
    };
    let survivors: Vec<_> = mutants.iter().filter(|mutant| !noticed(mutant)).collect();
    let survivors: Vec<_> = survivors.iter().map(|(place, _)| place).collect();
    assert!(survivors.is_empty(), "{survivors:#?}");
    assert!(mutants.len() > 150, "{}", mutants.len());
}
