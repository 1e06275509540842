//! The OpenAPI description of the API, `openapi.yaml`, as a value that answers questions.
//!
//! The tests of this package hold it against the Rust types and against the sandbox. A client
//! in another language needs `openapi.yaml` alone.

#![forbid(unsafe_code)]

use core::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jsonschema::Validator;
use serde_json::{Value, json};

/// The description, and the validators of its schemas.
///
/// A schema is named by its JSON pointer in the document, such as
/// `/components/schemas/Page`.
#[derive(Debug)]
pub struct Description {
    document: Value,
    validators: RefCell<BTreeMap<String, Rc<Validator>>>,
}

/// An operation of the description, found for a request.
#[derive(Debug)]
pub struct Operation<'a> {
    /// The pointer to the operation.
    pub pointer: String,
    /// The operation itself.
    pub value: &'a Value,
    /// The parameters in the path, as the target has them (percent-encoded).
    pub path_parameters: BTreeMap<&'a str, String>,
}

impl Description {
    /// The description as it stands in the repository.
    ///
    /// # Panics
    ///
    /// The file is no YAML.
    #[must_use]
    pub fn read() -> Self {
        let document = yaml_serde::from_str(include_str!("../openapi.yaml"));
        Self::from_document(document.expect("the description is YAML"))
    }

    /// A description that was changed.
    #[must_use]
    pub fn from_document(document: Value) -> Self {
        Self {
            document,
            validators: RefCell::default(),
        }
    }

    /// The whole document.
    #[must_use]
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// The description without the alternatives of `anyOf` that are the authors' decisions:
    /// states, roles and codes have their known values only.
    #[must_use]
    pub fn known_values_only(&self) -> Self {
        let mut document = self.document.clone();
        close(&mut document);
        Self::from_document(document)
    }

    /// What a pointer leads to, through a `$ref` too; null if nothing is there.
    #[must_use]
    pub fn at(&self, pointer: &str) -> &Value {
        match self.document.pointer(pointer) {
            None => &Value::Null,
            Some(value) => match value["$ref"].as_str() {
                Some(reference) => self.at(reference.trim_start_matches('#')),
                None => value,
            },
        }
    }

    /// The names of the properties of an object's schema.
    #[must_use]
    pub fn properties(&self, pointer: &str) -> BTreeSet<String> {
        let properties = self.at(pointer)["properties"].as_object();
        properties
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// The strings of a list: values of an `enum`, or names of required properties.
    #[must_use]
    pub fn strings(&self, pointer: &str) -> BTreeSet<String> {
        let list = self.at(pointer).as_array().into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Holds a value against a schema.
    ///
    /// # Errors
    ///
    /// The value does not fit, or the schema cannot be compiled.
    pub fn check(&self, pointer: &str, value: &Value) -> Result<(), String> {
        let validator = self.validator(pointer)?;
        match validator.iter_errors(value).next() {
            None => Ok(()),
            Some(error) => Err(format!("{value} does not fit {pointer}: {error}")),
        }
    }

    /// The operation for a method in upper case and the path of a target.
    #[must_use]
    pub fn operation(&self, method: &str, path: &str) -> Option<Operation<'_>> {
        let paths = self.document["paths"].as_object()?;
        paths.iter().find_map(|(template, item)| {
            let path_parameters = path_parameters(template, path)?;
            let method = method.to_lowercase();
            let value = item.get(&method)?;
            let template = template.replace('~', "~0").replace('/', "~1");
            Some(Operation {
                pointer: format!("/paths/{template}/{method}"),
                value,
                path_parameters,
            })
        })
    }

    fn validator(&self, pointer: &str) -> Result<Rc<Validator>, String> {
        if let Some(known) = self.validators.borrow().get(pointer) {
            return Ok(Rc::clone(known));
        }
        // A pointer in a URI (RFC 6901, section 6).
        let fragment = pointer.replace('{', "%7B").replace('}', "%7D");
        let root = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$ref": format!("#{fragment}"),
            "components": self.document["components"],
            "paths": self.document["paths"],
        });
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&root)
            .map_err(|error| format!("{pointer} is no schema: {error}"))?;
        let validator = Rc::new(validator);
        let mut validators = self.validators.borrow_mut();
        validators.insert(pointer.to_owned(), Rc::clone(&validator));
        Ok(validator)
    }
}

/// The values of the parameters of a template such as `/v1/conversations/{id}/messages`, if
/// the path fits it.
fn path_parameters<'a>(template: &'a str, path: &str) -> Option<BTreeMap<&'a str, String>> {
    let (names, values): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    if names.len() != values.len() {
        return None;
    }
    let mut parameters = BTreeMap::new();
    for (name, value) in names.into_iter().zip(values) {
        let parameter = name
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'));
        match parameter {
            Some(parameter) => {
                parameters.insert(parameter, value.to_owned());
            }
            None if name == value => {}
            None => return None,
        }
    }
    Some(parameters)
}

fn close(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::Array(alternatives)) = fields.get_mut("anyOf") {
                alternatives.retain(|alternative| alternative["x-source"] != "decision");
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}
