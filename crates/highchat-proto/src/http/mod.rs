//! HTTP: checked requests out, judged answers in.

mod answer;
mod credentials;
mod endpoint;
mod percent;
mod proxy;
mod retry_after;
mod roots;
mod variables;

pub use answer::{Answer, is_reply};
pub use credentials::{Credentials, InvalidCredentials};
pub use endpoint::{Endpoint, InvalidBaseUrl};
pub use proxy::NamedProxy;
pub use roots::{InvalidRoots, Roots};
pub use variables::InvalidVariables;

pub(crate) use credentials::Secret;
