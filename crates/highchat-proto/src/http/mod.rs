//! HTTP: checked requests out, judged answers in.

mod answer;
mod credentials;
mod endpoint;
mod head;
mod proxy;
mod request;
mod retry_after;
mod roots;
mod variables;

pub use answer::Answer;
pub use credentials::{Credentials, InvalidCredentials};
pub use endpoint::{Endpoint, InvalidBaseUrl};
pub use head::Head;
pub use proxy::NamedProxy;
pub use request::{Method, Request};
pub use roots::{InvalidRoots, Roots};
pub use variables::InvalidVariables;
