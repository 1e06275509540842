//! HTTP as plain data: the requests to send, and the checks of the responses to them.

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
