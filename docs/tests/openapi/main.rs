//! Holds `openapi.yaml` against the Rust types and against what the sandbox answers.

mod corpus;
mod document;
mod exchange;
mod fields;
mod mutations;
mod sandbox;
mod types;
