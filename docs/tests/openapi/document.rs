//! The document by itself.

use std::collections::BTreeSet;

use highchat_docs::Description;
use serde_json::{Value, json};

/// Calls `visit` with each value and its pointer.
fn walk(value: &Value, pointer: &str, visit: &mut impl FnMut(&str, &Value)) {
    visit(pointer, value);
    let mut go = |key: &str, value: &Value| {
        let key = key.replace('~', "~0").replace('/', "~1");
        walk(value, &format!("{pointer}/{key}"), visit);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| go(key, value)),
        Value::Array(items) => {
            for (place, value) in items.iter().enumerate() {
                go(&place.to_string(), value);
            }
        }
        _ => {}
    }
}

#[test]
fn each_reference_leads_to_a_component_and_each_component_is_used() {
    let description = Description::read();
    let mut used = BTreeSet::new();
    walk(description.document(), "", &mut |pointer, value| {
        if let Some(reference) = value["$ref"].as_str() {
            let target = reference
                .strip_prefix('#')
                .expect("a reference into this file");
            assert!(
                description.document().pointer(target).is_some(),
                "{pointer}: {target}"
            );
            used.insert(target.to_owned());
        }
    });
    let mut components = BTreeSet::new();
    for (kind, all) in description.document()["components"].as_object().unwrap() {
        if kind != "securitySchemes" {
            let names = all.as_object().unwrap().keys();
            components.extend(names.map(|name| format!("/components/{kind}/{name}")));
        }
    }
    assert_eq!(used, components);
}

#[test]
fn each_part_says_whether_the_text_a_sample_or_a_decision_is_its_source() {
    let description = Description::read();
    let methods = ["get", "post"];
    let mut parts = 0;
    walk(description.document(), "", &mut |pointer, value| {
        let keys: Vec<_> = pointer.split('/').skip(1).collect();
        let is_part = match keys[..] {
            ["servers", _] => true,
            ["components", _, _] => true,
            ["paths", _, method] => methods.contains(&method),
            ["paths", _, _, "requestBody"] | ["paths", _, _, "parameters" | "responses", _] => true,
            [.., "properties", _] => true,
            [.., "anyOf", _] => value.get("$ref").is_none() && value["type"] != "null",
            _ => false,
        };
        // What a reference outside of a schema leads to is a part itself.
        let is_reference = value.get("$ref").is_some() && value.as_object().unwrap().len() == 1;
        if !is_part || is_reference {
            return;
        }
        parts += 1;
        let source = value["x-source"].as_str().unwrap_or_default();
        assert!(
            ["text", "sample", "decision"].contains(&source),
            "{pointer}"
        );
        let description = value["description"].as_str().unwrap_or_default();
        assert!(
            source != "decision" || !description.is_empty(),
            "{pointer} is not explained"
        );
    });
    assert!(parts > 70, "{parts}");
}

#[test]
fn it_says_that_the_service_itself_was_never_tried() {
    let description = Description::read();
    for pointer in ["/info/description", "/servers/0/description"] {
        let text = description.at(pointer).as_str().unwrap();
        assert!(text.contains("Nothing here was tried against"), "{pointer}");
    }
}

#[test]
fn the_operations_are_the_three_of_the_text_and_take_a_key_or_a_slug() {
    let description = Description::read();
    let mut found = Vec::new();
    for (path, item) in description.document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap();
            let responses: Vec<_> = responses.keys().map(String::as_str).collect();
            found.push(format!("{method} {path}: {}", responses.join(" ")));
            assert_eq!(operation.get("security"), None, "{method} {path}");
        }
    }
    assert_eq!(
        found,
        [
            "post /v1/chat: 200 400 401 404 429 default",
            "get /v1/conversations/{id}/messages: 200 400 401 404 429 default",
            "post /v1/conversations/{id}/rating: 2XX 400 401 404 429 default",
        ]
    );
    assert_eq!(
        description.document()["security"],
        json!([{ "key": [] }, { "slug": [] }])
    );
}

#[test]
fn the_events_of_the_union_are_those_of_its_discriminator() {
    let description = Description::read();
    let union = description.at("/components/schemas/ReplyEvent");
    let of_union: BTreeSet<_> = union["oneOf"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["$ref"].as_str().unwrap())
        .collect();
    let mapping = union["discriminator"]["mapping"].as_object().unwrap();
    let mapped: BTreeSet<_> = mapping
        .values()
        .map(|event| event.as_str().unwrap())
        .collect();
    assert_eq!(of_union, mapped);
    for (event, reference) in mapping {
        let pointer = reference.as_str().unwrap().trim_start_matches('#');
        assert_eq!(
            description.at(pointer)["properties"]["event"]["const"],
            json!(event)
        );
    }
}

#[test]
fn each_example_fits_its_schema() {
    let description = Description::read();
    let mut examples = 0;
    walk(description.document(), "", &mut |pointer, value| {
        let Some(example) = value.get("example") else {
            return;
        };
        examples += 1;
        let checked = match example.as_str() {
            None => description.check(&format!("{pointer}/schema"), example),
            Some(stream) => stream.trim_end().split("\n\n").try_for_each(|event| {
                let (name, data) = event.split_once("\ndata: ").unwrap();
                let name = name.strip_prefix("event: ").unwrap();
                let data: Value = serde_json::from_str(data).unwrap();
                let event = json!({ "event": name, "data": data });
                description.check(&format!("{pointer}/x-itemSchema"), &event)
            }),
        };
        checked.unwrap();
    });
    assert_eq!(examples, 4);
}
