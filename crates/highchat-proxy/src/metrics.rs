//! Counters, and the page that shows them in the text format of Prometheus.
//!
//! Written here instead of taken from a crate: the format has one line for each value, and a
//! crate would add a registry and locks.

pub(crate) mod outcome;
pub(crate) mod request_log;

use core::fmt::Write;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use http::StatusCode;

use crate::metrics::outcome::Outcome;

/// The routes with a counter of their own. `other` counts all unknown paths.
const ROUTES: [&str; 7] = [
    "chat",
    "messages",
    "rating",
    "preflight",
    "healthz",
    "readyz",
    "other",
];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The counters since the start of the proxy.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    requests: [[AtomicU64; CLASSES.len()]; ROUTES.len()],
    left: AtomicU64,
    streams: [AtomicU64; Outcome::ALL.len()],
    bytes: AtomicU64,
    limited: AtomicU64,
    upstream_failures: AtomicU64,
    key_refusals: AtomicU64,
    polls: [AtomicU64; PollSource::ALL.len()],
    searches_found: AtomicU64,
    searches_not_found: AtomicU64,
    search_requests: AtomicU64,
    redis: RedisCounters,
}

/// The upper bounds of the histogram of calls to Redis, in microseconds.
const BOUNDS: [u64; 7] = [500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000];

#[derive(Debug, Default)]
struct RedisCounters {
    losses: AtomicU64,
    missed: AtomicU64,
    shared_polls: AtomicU64,
    calls: AtomicU64,
    micros: AtomicU64,
    /// How many calls took at most each of the bounds.
    at_most: [AtomicU64; BOUNDS.len()],
}

/// Where the answer to a poll came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PollSource {
    /// A request to the service of its own.
    Service,
    /// The request of another visitor, which was under way.
    Shared,
    /// A recent answer.
    Remembered,
}

impl PollSource {
    const ALL: [Self; 3] = [Self::Service, Self::Shared, Self::Remembered];

    const fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Shared => "shared",
            Self::Remembered => "remembered",
        }
    }
}

/// What is true now, for the page.
pub(crate) struct Gauges {
    pub(crate) under_way: usize,
    pub(crate) streams: usize,
    pub(crate) held: usize,
    pub(crate) is_ready: bool,
    pub(crate) redis: RedisGauges,
}

/// What is true now about the limits that are shared through Redis. All is zero without Redis.
#[derive(Default)]
pub(crate) struct RedisGauges {
    pub(crate) is_reached: bool,
    pub(crate) proxies: u32,
    /// How many messages this proxy may send in any minute.
    pub(crate) allowed: usize,
}

impl Metrics {
    pub(crate) fn answered(&self, route: &str, status: StatusCode) {
        let route = ROUTES.iter().position(|name| *name == route);
        let route = &self.requests[route.unwrap_or(ROUTES.len() - 1)];
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES.len());
        add(&route[class - 1], 1);
        if status == StatusCode::TOO_MANY_REQUESTS {
            add(&self.limited, 1);
        }
    }

    /// Counts a visitor who left before the answer.
    pub(crate) fn left(&self) {
        add(&self.left, 1);
    }

    pub(crate) fn streamed(&self, outcome: Outcome, bytes: u64) {
        add(&self.streams[outcome as usize], 1);
        add(&self.bytes, bytes);
    }

    pub(crate) fn upstream_failed(&self) {
        add(&self.upstream_failures, 1);
    }

    pub(crate) fn key_refused(&self) {
        add(&self.key_refusals, 1);
    }

    pub(crate) fn polled(&self, source: PollSource) {
        add(&self.polls[source as usize], 1);
    }

    /// Counts a request of a search for a cut reply.
    pub(crate) fn asked_in_search(&self) {
        add(&self.search_requests, 1);
    }

    /// Counts a search that ended before its visitor left.
    pub(crate) fn searched(&self, is_found: bool) {
        let count = if is_found {
            &self.searches_found
        } else {
            &self.searches_not_found
        };
        add(count, 1);
    }

    /// Counts that Redis no longer answers.
    #[cfg(feature = "redis")]
    pub(crate) fn redis_lost(&self) {
        add(&self.redis.losses, 1);
    }

    /// Counts a request that was limited without Redis.
    #[cfg(feature = "redis")]
    pub(crate) fn redis_missed(&self) {
        add(&self.redis.missed, 1);
    }

    /// Counts a poll that another proxy had sent.
    #[cfg(feature = "redis")]
    pub(crate) fn poll_shared(&self) {
        add(&self.redis.shared_polls, 1);
    }

    /// Counts a call that Redis answered.
    #[cfg(feature = "redis")]
    pub(crate) fn redis_answered(&self, time: core::time::Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        add(&self.redis.calls, 1);
        add(&self.redis.micros, micros);
        for (bound, count) in BOUNDS.iter().zip(&self.redis.at_most) {
            add(count, u64::from(micros <= *bound));
        }
    }

    /// Returns the page with all counters and the given gauges.
    pub(crate) fn render(&self, now: &Gauges) -> String {
        let mut text = String::new();
        let page = &mut text;
        heading(page, "requests_total", "counter", "Requests answered.");
        for (route, classes) in ROUTES.iter().zip(&self.requests) {
            for (class, count) in CLASSES.iter().zip(classes) {
                let count = count.load(Relaxed);
                if count > 0 {
                    let labels = format!("{{endpoint=\"{route}\",status=\"{class}\"}}");
                    sample(page, "requests_total", &labels, count);
                }
            }
        }
        heading(
            page,
            "streams_total",
            "counter",
            "Streams that ended, by outcome.",
        );
        for (outcome, count) in Outcome::ALL.iter().zip(&self.streams) {
            let labels = format!("{{outcome=\"{}\"}}", outcome.name());
            sample(page, "streams_total", &labels, count.load(Relaxed));
        }
        heading(
            page,
            "polls_total",
            "counter",
            "Polls, by where the answer came from.",
        );
        for (source, count) in PollSource::ALL.iter().zip(&self.polls) {
            let labels = format!("{{source=\"{}\"}}", source.name());
            sample(page, "polls_total", &labels, count.load(Relaxed));
        }
        heading(
            page,
            "searches_total",
            "counter",
            "Searches for a cut reply, by result.",
        );
        for (result, count) in [
            ("found", &self.searches_found),
            ("not_found", &self.searches_not_found),
        ] {
            let labels = format!("{{result=\"{result}\"}}");
            sample(page, "searches_total", &labels, count.load(Relaxed));
        }
        let counters = [
            (
                "search_requests_total",
                "Requests to the service in searches for a cut reply.",
                &self.search_requests,
            ),
            (
                "requests_left_total",
                "Requests whose visitor left before the answer.",
                &self.left,
            ),
            (
                "stream_bytes_total",
                "Bytes sent to visitors in streams.",
                &self.bytes,
            ),
            (
                "limited_total",
                "Requests answered with 429.",
                &self.limited,
            ),
            (
                "upstream_failures_total",
                "Requests without a usable answer from the service.",
                &self.upstream_failures,
            ),
            (
                "key_refused_total",
                "Requests for which the service refused the key.",
                &self.key_refusals,
            ),
        ];
        for (name, help, count) in counters {
            heading(page, name, "counter", help);
            sample(page, name, "", count.load(Relaxed));
        }
        heading(page, "requests", "gauge", "Requests under way.");
        sample(page, "requests", "", now.under_way as u64);
        heading(page, "streams", "gauge", "Streams open.");
        sample(page, "streams", "", now.streams as u64);
        heading(
            page,
            "held_bytes",
            "gauge",
            "Bytes of incomplete request bodies and of unread answers.",
        );
        sample(page, "held_bytes", "", now.held as u64);
        heading(page, "ready", "gauge", "Whether new requests are accepted.");
        sample(page, "ready", "", u64::from(now.is_ready));
        self.redis.render(page, &now.redis);
        text
    }
}

impl RedisCounters {
    fn render(&self, page: &mut String, now: &RedisGauges) {
        for (name, help, value) in [
            (
                "redis_up",
                "Whether Redis answers, so that limits are shared.",
                u64::from(now.is_reached),
            ),
            (
                "redis_proxies",
                "Proxies that share the limits, as last known.",
                now.proxies.into(),
            ),
            (
                "redis_messages",
                "Messages a minute that this proxy may send now.",
                now.allowed as u64,
            ),
        ] {
            heading(page, name, "gauge", help);
            sample(page, name, "", value);
        }
        for (name, help, count) in [
            (
                "redis_losses_total",
                "How often Redis stopped answering.",
                &self.losses,
            ),
            (
                "redis_missed_total",
                "Requests that were limited without Redis.",
                &self.missed,
            ),
            (
                "redis_polls_total",
                "Polls answered by what another proxy had asked.",
                &self.shared_polls,
            ),
        ] {
            heading(page, name, "counter", help);
            sample(page, name, "", count.load(Relaxed));
        }
        let help = "Seconds of calls to Redis.";
        heading(page, "redis_seconds", "histogram", help);
        for (bound, count) in BOUNDS.iter().zip(&self.at_most) {
            let labels = format!("{{le=\"{}\"}}", seconds(*bound));
            sample(page, "redis_seconds_bucket", &labels, count.load(Relaxed));
        }
        let calls = self.calls.load(Relaxed);
        sample(page, "redis_seconds_bucket", "{le=\"+Inf\"}", calls);
        let sum = seconds(self.micros.load(Relaxed));
        // Writing into a string cannot fail.
        let _ = writeln!(page, "highchat_proxy_redis_seconds_sum {sum}");
        sample(page, "redis_seconds_count", "", calls);
    }
}

/// Exact for less than 285 years.
fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Relaxed);
}

fn heading(page: &mut String, name: &str, kind: &str, help: &str) {
    // Writing into a string cannot fail.
    let _ = writeln!(page, "# HELP highchat_proxy_{name} {help}");
    let _ = writeln!(page, "# TYPE highchat_proxy_{name} {kind}");
}

fn sample(page: &mut String, name: &str, labels: &str, value: u64) {
    let _ = writeln!(page, "highchat_proxy_{name}{labels} {value}");
}
