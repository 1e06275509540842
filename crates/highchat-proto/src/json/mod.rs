//! JSON (RFC 8259): a reader of values that borrows from the text, and a writer.
//!
//! ```text
//!   text ──▶ Value::read (checks all of it, once) ──▶ Value::fields, items, text, number …
//!   Object::fields ──▶ Content ──▶ write ──▶ text
//! ```
//!
//! It is our own, because every client without an operating system, and the WebAssembly module of
//! the npm package, carries it: serde and serde_json were more than a third of that module. The
//! crate hifijson is small too, but it refuses lone surrogate halves, also in fields that nobody
//! reads, and reads nested values by recursion without a limit. serde_json is the oracle of the
//! tests.
//!
//! An object lists its fields once ([`Object`]). The writer writes them, and the feature `serde`
//! passes the same fields to any serializer.

#[cfg(feature = "serde")]
mod bridge;
mod scan;
mod string;
mod value;
mod write;

#[cfg(feature = "serde")]
pub(crate) use self::bridge::{as_object, read_raw};
pub(crate) use self::string::{Unescaped, escape, is_special, special_from};
pub(crate) use self::value::{Invalid, Value};
#[cfg(test)]
pub(crate) use self::write::write_string;
pub(crate) use self::write::{Content, Object, to_string};
