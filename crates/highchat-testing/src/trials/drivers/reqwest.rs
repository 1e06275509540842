//! A session of the crate highchat-reqwest, for scenarios and trials.

use highchat_proto::{Config, Endpoint};
use highchat_reqwest::Client;
use tokio::runtime::{Builder, Runtime};

use super::asynchronous::{Adapter, AsyncSession};

/// A session with its own runtime.
pub type ReqwestSession = AsyncSession<Client>;

impl Adapter for Client {
    fn create(endpoint: Endpoint, config: Config) -> Self {
        Self::with_config(endpoint, config)
    }

    fn runtime() -> Runtime {
        // reqwest spawns its connections: a thread of their own closes them between two calls.
        let mut runtime = Builder::new_multi_thread();
        runtime.worker_threads(1).enable_all().build().unwrap()
    }
}
