//! Counts how often each message comes to the service.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::collections::HashMap;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use highchat_sandbox::Sandbox;

/// The time between two looks. The service remembers its newest 1000 requests.
const INTERVAL: Duration = Duration::from_secs(1);

/// Counts until the end.
pub(crate) struct Counter {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<HashMap<String, usize>>,
}

impl Counter {
    pub(crate) fn start(service: &Arc<Sandbox>) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let (service, end) = (Arc::clone(service), Arc::clone(&is_over));
        let thread = thread::spawn(move || {
            // A proxy sends each request on a connection of its own.
            let mut messages = HashMap::new();
            let mut is_last = false;
            while !is_last {
                is_last = end.load(Ordering::Relaxed);
                let requests = service.requests().into_iter();
                for request in requests.filter(|request| request.path == "/v1/chat") {
                    let message = messages.entry(request.connection);
                    message.or_insert_with(|| text(&request.body));
                }
                thread::sleep(INTERVAL);
            }
            let mut times = HashMap::new();
            for message in messages.into_values() {
                *times.entry(message).or_insert(0) += 1;
            }
            times
        });
        Self { is_over, thread }
    }

    /// Returns how often each message came.
    pub(crate) fn end(self) -> HashMap<String, usize> {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().expect("the counter")
    }
}

fn text(body: &[u8]) -> String {
    let body: serde_json::Value = serde_json::from_slice(body).expect("JSON");
    body["message"].as_str().expect("a message").to_owned()
}
