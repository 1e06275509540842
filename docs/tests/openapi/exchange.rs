//! One request and its answer, held against the operation that the description has for them.

use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use highchat_docs::{Description, Operation};
use highchat_proto::Request;
use highchat_sandbox::Sandbox;
use highchat_testing::net::answer::Answer;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

/// A request as plain text, so that one which no Rust type can hold can be made too.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// A value, and the pointer to the schema that it must fit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Part {
    pub(crate) schema: String,
    pub(crate) value: Value,
}

/// What a request, or its answer, is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    /// `operationId`, and for an answer the key of its response.
    pub(crate) place: String,
    pub(crate) parts: Vec<Part>,
}

impl From<&Request> for Asked {
    fn from(request: &Request) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
        Self {
            method: request.method().as_str().to_owned(),
            target: request.target().to_owned(),
            headers: request
                .headers()
                .map(|(name, value)| (name.to_owned(), text(value)))
                .collect(),
            body: text(request.body()),
        }
    }
}

impl Asked {
    pub(crate) fn with_body(mut self, body: &Value) -> Self {
        self.body = body.to_string();
        self
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    pub(crate) fn send(&self, sandbox: &Sandbox) -> Answer {
        let mut stream = TcpStream::connect(sandbox.addr()).expect("the sandbox listens");
        let timeout = Some(Duration::from_secs(20));
        stream.set_read_timeout(timeout).expect("a timeout");
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!(
            "host: {}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{}",
            sandbox.addr(),
            self.body.len(),
            self.body
        );
        stream.write_all(head.as_bytes()).expect("it is taken");
        let mut received = Vec::new();
        stream.read_to_end(&mut received).expect("a whole answer");
        Answer::parse(&received)
    }

    /// The operation of the request.
    fn operation<'a>(&self, description: &'a Description) -> Result<Operation<'a>, String> {
        let path = self.target.split('?').next().unwrap_or_default();
        description
            .operation(&self.method, path)
            .ok_or_else(|| format!("no operation for {} {path}", self.method))
    }

    /// The parameters and the body, with their schemas.
    ///
    /// # Errors
    ///
    /// The description has no such operation, parameter, credential or body.
    pub(crate) fn parts(&self, description: &Description) -> Result<Parts, String> {
        let operation = self.operation(description)?;
        let mut parts = Vec::new();
        let mut parameters = Vec::new();
        let list = &operation.value["parameters"];
        for place in 0..list.as_array().map_or(0, Vec::len) {
            let pointer = format!("{}/parameters/{place}", operation.pointer);
            let parameter = description.at(&pointer);
            let (name, place) = (&parameter["name"], &parameter["in"]);
            parameters.push((name.as_str(), place.as_str(), &parameter["schema"]));
        }
        let mut add = |place: &str, name: &str, value: String| {
            let wanted = (Some(name), Some(place));
            let known = parameters.iter().find(|known| (known.0, known.1) == wanted);
            let (.., schema) = known.ok_or_else(|| format!("no parameter {name} in {place}"))?;
            let reference = schema["$ref"].as_str().ok_or("a schema without a name")?;
            parts.push(Part {
                schema: reference.trim_start_matches('#').to_owned(),
                value: json!(value),
            });
            Ok::<_, String>(())
        };
        for (name, value) in &operation.path_parameters {
            add(
                "path",
                name,
                percent_decode_str(value).decode_utf8_lossy().into(),
            )?;
        }
        let schemes = description.at("/components/securitySchemes");
        let mut has_credential = false;
        if let Some(value) = self.header("authorization") {
            let scheme = schemes["key"]["scheme"].as_str().unwrap_or_default();
            let (sent, _) = value.split_once(' ').unwrap_or_default();
            has_credential = sent.eq_ignore_ascii_case(scheme);
        }
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let slug = &schemes["slug"];
            if slug["in"] == "query" && slug["name"] == *name {
                has_credential = true;
            } else {
                add("query", &name, value.into_owned())?;
            }
        }
        if !has_credential {
            return Err("neither a key nor a slug".to_owned());
        }
        let body = &operation.value["requestBody"];
        if !self.body.is_empty() {
            let content_type = self.header("content-type").unwrap_or_default();
            let schema = body["content"][content_type]["schema"]["$ref"].as_str();
            let schema = schema.ok_or_else(|| format!("no body of type {content_type}"))?;
            parts.push(Part {
                schema: schema.trim_start_matches('#').to_owned(),
                value: serde_json::from_str(&self.body).map_err(|error| error.to_string())?,
            });
        } else if body["required"] == true {
            return Err("no body".to_owned());
        }
        Ok(Parts {
            place: operation.value["operationId"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            parts,
        })
    }

    /// The headers and the body of the answer, with their schemas: each event of a reply is
    /// one part.
    ///
    /// # Errors
    ///
    /// The description has no such response, or none of that content type.
    pub(crate) fn answer_parts(
        &self,
        answer: &Answer,
        description: &Description,
    ) -> Result<Parts, String> {
        let operation = self.operation(description)?;
        let status = answer.status;
        let keys = [
            status.to_string(),
            format!("{}XX", status / 100),
            "default".to_owned(),
        ];
        let found = keys
            .iter()
            .find(|key| operation.value["responses"].get(key).is_some());
        let key = found.ok_or_else(|| format!("no response for {status}"))?;
        let response = description.at(&format!("{}/responses/{key}", operation.pointer));
        let mut parts = Vec::new();
        for name in response["headers"]
            .as_object()
            .into_iter()
            .flat_map(|all| all.keys())
        {
            let reference = response["headers"][name]["$ref"]
                .as_str()
                .unwrap_or_default();
            if let Some(value) = answer.header(&name.to_lowercase()) {
                parts.push(Part {
                    schema: format!("{}/schema", reference.trim_start_matches('#')),
                    value: json!(value),
                });
            }
        }
        if let Some(contents) = response.get("content") {
            let sent = answer.header("content-type").unwrap_or_default();
            let sent = sent.split(';').next().unwrap_or_default();
            let content = contents.get(sent);
            let content = content.ok_or_else(|| format!("no content of type {sent:?}"))?;
            let is_stream = sent == "text/event-stream";
            let schema = &content[if is_stream { "x-itemSchema" } else { "schema" }]["$ref"];
            let schema = schema.as_str().ok_or("a content without a schema")?;
            let schema = schema.trim_start_matches('#').to_owned();
            let values = if is_stream {
                let events = answer.events().into_iter();
                events
                    .map(|(event, data)| json!({ "event": event, "data": data }))
                    .collect()
            } else {
                vec![serde_json::from_str(&answer.body).map_err(|error| error.to_string())?]
            };
            parts.extend(values.into_iter().map(|value| Part {
                schema: schema.clone(),
                value,
            }));
        }
        Ok(Parts {
            place: format!(
                "{} {key}",
                operation.value["operationId"].as_str().unwrap_or_default()
            ),
            parts,
        })
    }
}

impl Parts {
    /// Holds each part against its schema.
    pub(crate) fn check(&self, description: &Description) -> Result<(), String> {
        let mut parts = self.parts.iter();
        parts.try_for_each(|part| description.check(&part.schema, &part.value))
    }
}
