//! Writes one line into the log for each request, when the request is over.

use std::sync::Arc;
use std::time::Instant;

use http::{Response, StatusCode};
use log::Level;
use tokio::sync::watch;

use crate::front::trace::Trace;
use crate::metrics::Metrics;
use crate::metrics::outcome::Outcome;
use crate::visitor::Network;

/// A request under way. It is logged and counted when this is dropped. The log line has no
/// ids, texts or keys.
#[derive(Debug)]
pub(crate) struct RequestLog {
    metrics: Arc<Metrics>,
    under_way: watch::Sender<usize>,
    route: &'static str,
    visitor: Network,
    trace: Trace,
    began: Instant,
    status: Option<StatusCode>,
    stream: Option<(Outcome, u64)>,
}

impl RequestLog {
    pub(crate) fn begin(
        metrics: Arc<Metrics>,
        under_way: watch::Sender<usize>,
        route: &'static str,
        visitor: Network,
        trace: Trace,
    ) -> Self {
        under_way.send_modify(|count| *count += 1);
        Self {
            metrics,
            under_way,
            route,
            visitor,
            trace,
            began: Instant::now(),
            status: None,
            stream: None,
        }
    }

    pub(crate) const fn trace(&self) -> Trace {
        self.trace
    }

    /// Records the status of the answer, and returns the answer.
    pub(crate) fn with<B>(mut self, response: Response<B>) -> Response<B> {
        self.status = Some(response.status());
        response
    }

    /// Records that the answer is a stream. Its outcome is `left` until another one is set.
    pub(crate) const fn begin_stream(&mut self) {
        self.status = Some(StatusCode::OK);
        self.stream = Some((Outcome::Left, 0));
    }

    pub(crate) const fn outcome(&mut self, outcome: Outcome) {
        if let Some((ended, _)) = &mut self.stream {
            *ended = outcome;
        }
    }

    pub(crate) const fn passed(&mut self, len: usize) {
        if let Some((_, bytes)) = &mut self.stream {
            *bytes += len as u64;
        }
    }
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        let Self {
            route,
            visitor,
            trace,
            ..
        } = self;
        // Load balancers ask for these every few seconds.
        let level = match *route {
            "healthz" | "readyz" => Level::Debug,
            _ => Level::Info,
        };
        let seconds = self.began.elapsed().as_secs_f64();
        // The same values follow as fields, for a log in JSON.
        match (self.status, self.stream) {
            (Some(status), Some((outcome, bytes))) => {
                self.metrics.answered(route, status);
                self.metrics.streamed(outcome, bytes);
                let (status, outcome) = (status.as_u16(), outcome.name());
                log::log!(
                    level,
                    visitor:%, endpoint = *route, status, seconds, outcome, bytes, trace:%;
                    "{visitor} {route} {status} {seconds:.3}s {outcome} {bytes}B trace={trace}",
                );
            }
            (Some(status), None) => {
                self.metrics.answered(route, status);
                let status = status.as_u16();
                log::log!(
                    level,
                    visitor:%, endpoint = *route, status, seconds, trace:%;
                    "{visitor} {route} {status} {seconds:.3}s trace={trace}",
                );
            }
            (None, _) => {
                self.metrics.left();
                log::log!(
                    level,
                    visitor:%, endpoint = *route, seconds, outcome = "left", trace:%;
                    "{visitor} {route} - {seconds:.3}s left trace={trace}",
                );
            }
        }
        self.under_way.send_modify(|count| *count -= 1);
    }
}
