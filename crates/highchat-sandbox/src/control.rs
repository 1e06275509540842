//! The control API, for programs that run beside the client under test.
//!
//! Only programs of this machine can use it. Requests from web pages of other origins are
//! refused, even if the host name of the page points to this machine.

use bytes::Bytes;
use http::header::HeaderValue;
use http::{Method, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::fault::{Fault, Faults, Plan};
use crate::journal::{End, Journal, Request};
use crate::net::answer::{self, Body};
use crate::net::guard;
use crate::net::refusal::Refusal;
use crate::verdict::{Limits, Verdict};

/// The prefix of all paths of the control API. Requests to them are not in the journal.
pub(crate) const PREFIX: &str = "/sandbox/";

/// Answers a request to a path under [`PREFIX`].
pub(crate) fn answer(
    request: &Request,
    journal: &Journal,
    plan: &mut Plan,
    limits: Limits,
) -> Result<Response<Body>, Refusal> {
    guard::admit(&request.headers)?;
    let path = request.path.strip_prefix(PREFIX).unwrap_or_default();
    let shown = match (path, &request.method) {
        ("requests", &Method::GET) => requests(journal),
        ("verdict", &Method::GET) => verdict(journal, limits),
        ("faults", &Method::GET) => faults(plan),
        ("faults", &Method::POST) => inject(plan, &request.body)?,
        ("faults", &Method::DELETE) => {
            plan.clear();
            faults(plan)
        }
        ("cancelled", &Method::POST) => {
            journal.cancelled();
            json!({ "ok": true })
        }
        ("requests" | "verdict", _) => return Err(Refusal::method_not_allowed("GET")),
        ("faults", _) => return Err(Refusal::method_not_allowed("GET, POST, DELETE")),
        ("cancelled", _) => return Err(Refusal::method_not_allowed("POST")),
        _ => return Err(Refusal::no_such_path()),
    };
    Ok(answer::json(StatusCode::OK, &shown))
}

fn requests(journal: &Journal) -> Value {
    let requests = journal.requests();
    let requests: Vec<Value> = requests.iter().map(request).collect();
    json!({ "requests": requests })
}

fn request(request: &Request) -> Value {
    let headers = request.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        json!([name.as_str(), value])
    });
    let (ended_at, end) = match request.ended {
        Some((at, end)) => (Some(at), Some(end)),
        None => (None, None),
    };
    json!({
        "at": request.at.as_secs_f64(),
        "connection": request.connection,
        "method": request.method.as_str(),
        "path": request.path,
        "query": request.query,
        "headers": headers.collect::<Vec<_>>(),
        "body": String::from_utf8_lossy(&request.body),
        "answered_at": request.answered_at.map(|at| at.as_secs_f64()),
        "status": request.status.map(|status| status.as_u16()),
        "retry_after": request.retry_after.as_ref().map(HeaderValue::to_str).and_then(Result::ok),
        "ended_at": ended_at.map(|at| at.as_secs_f64()),
        "end": end.map(|end| match end {
            End::Whole => "whole",
            End::ClientLeft => "client_left",
            End::Fault => "fault",
        }),
    })
}

fn verdict(journal: &Journal, limits: Limits) -> Value {
    let verdict = Verdict::of_journal(journal, limits);
    let findings = verdict.findings().iter().map(|finding| {
        json!({
            "at": finding.at.as_secs_f64(),
            "misstep": finding.misstep.name(),
            "detail": finding.detail,
        })
    });
    json!({
        "good": verdict.is_good(),
        "requests": verdict.requests(),
        "findings": findings.collect::<Vec<_>>(),
    })
}

fn faults(plan: &Plan) -> Value {
    let known = Fault::ALL.iter().map(
        |fault| json!({ "name": fault.name(), "amount": fault.amount(), "line": fault.line() }),
    );
    json!({
        "faults": known.collect::<Vec<_>>(),
        "always": plan.always().to_string(),
        "next": plan.next().map(Faults::to_string).collect::<Vec<_>>(),
    })
}

/// The body of `POST /sandbox/faults`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultRequest {
    next: Option<Vec<String>>,
    always: Option<Vec<String>>,
}

fn inject(plan: &mut Plan, body: &Bytes) -> Result<Value, Refusal> {
    let malformed =
        || Refusal::invalid("Սպասվում էր {\"next\": [անուններ]} կամ {\"always\": [անուններ]}։");
    let request: FaultRequest = serde_json::from_slice(body).map_err(|_| malformed())?;
    let faults_of = |names: Vec<String>| names.join(",").parse::<Faults>();
    let unknown = |_| Refusal::invalid("Այդպիսի վնասվածք չկա. տես GET /sandbox/faults։");
    let next = request.next.map(faults_of).transpose().map_err(unknown)?;
    let always = request.always.map(faults_of).transpose().map_err(unknown)?;
    if let Some(next) = next {
        plan.inject(next);
    }
    if let Some(always) = always {
        plan.set_always(always);
    }
    Ok(faults(plan))
}
