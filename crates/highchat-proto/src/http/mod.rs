//! HTTP: checked requests out, judged answers in.

mod answer;
mod credentials;
mod endpoint;
mod retry_after;
mod roots;

pub use answer::{Answer, is_reply};
pub use credentials::{Credentials, InvalidCredentials};
pub use endpoint::{Endpoint, InvalidBaseUrl};
pub use roots::{InvalidRoots, Roots};

pub(crate) use credentials::Secret;
