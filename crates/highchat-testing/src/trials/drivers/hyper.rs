//! A session of the crate highchat-hyper, for scenarios and trials.

use highchat_hyper::Client;
use highchat_proto::{Config, Endpoint};
use tokio::runtime::{Builder, Runtime};

use super::asynchronous::{Adapter, AsyncSession};

/// A session with its own runtime.
pub type HyperSession = AsyncSession<Client>;

impl Adapter for Client {
    fn create(endpoint: Endpoint, config: Config) -> Self {
        Self::with_config(endpoint, config)
    }

    fn runtime() -> Runtime {
        Builder::new_current_thread().enable_all().build().unwrap()
    }
}
