//! The link to Redis: one connection on its own thread, which is opened again when it is lost.
//!
//! ```text
//!   Away ── connected, and the first report is answered ──▶ Reached
//!    ▲  ◀── 250 ms, then the next attempt                      │
//!    └────────── an error, or no answer within 100 ms ─────────┘
//! ```

use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue, Value};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep_until, timeout};

use crate::metrics::Metrics;
use crate::shared::call::Call;
use crate::shared::connection::{Driver, Target};
use crate::shared::line::Line;

/// The longest time to connect and log in. Nobody waits for it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// The time between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(250);

/// The longest and the shortest time between two reports.
const REPORT_INTERVAL: Duration = Duration::from_millis(250);
const MIN_REPORT_INTERVAL: Duration = Duration::from_millis(25);

/// How many calls may wait for the thread, and how many for Redis.
const MAX_CALLS: usize = 1024;

/// The link to Redis. When it is dropped, the proxy leaves.
pub(super) struct Link {
    jobs: mpsc::Sender<Job>,
    is_reached: Arc<AtomicBool>,
    /// The longest time for the answer to one call. Then Redis counts as away.
    patience: Duration,
    metrics: Arc<Metrics>,
    /// The thread's part, until it starts.
    unstarted: Mutex<Option<Worker>>,
    is_started: AtomicBool,
}

enum Job {
    Call(Call, Option<oneshot::Sender<Value>>),
    Leave(oneshot::Sender<()>),
}

struct Worker {
    target: Target,
    jobs: mpsc::Receiver<Job>,
    line: Arc<Line>,
    is_reached: Arc<AtomicBool>,
    /// The longest time for the answer to one call. Then Redis counts as away.
    patience: Duration,
    metrics: Arc<Metrics>,
    /// Whether the loss was logged.
    is_loss_logged: bool,
}

/// Why a connection is over.
enum End {
    Lost(String),
    Left,
}

impl Link {
    pub(super) fn new(
        target: Target,
        patience: Duration,
        line: &Arc<Line>,
        metrics: &Arc<Metrics>,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(MAX_CALLS);
        let is_reached = Arc::<AtomicBool>::default();
        let worker = Worker {
            target,
            jobs: receiver,
            line: Arc::clone(line),
            is_reached: Arc::clone(&is_reached),
            patience,
            metrics: Arc::clone(metrics),
            is_loss_logged: false,
        };
        Self {
            jobs: sender,
            is_reached,
            patience,
            metrics: Arc::clone(metrics),
            unstarted: Mutex::new(Some(worker)),
            is_started: AtomicBool::new(false),
        }
    }

    /// Starts the thread. Later calls do nothing.
    pub(super) fn start(&self) {
        if self.is_started.swap(true, SeqCst) {
            return;
        }
        let worker = self
            .unstarted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(worker) = worker else { return };
        let started = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .and_then(|runtime| {
                thread::Builder::new()
                    .name("highchat-redis".to_owned())
                    .spawn(move || {
                        runtime.block_on(worker.run());
                        // A name lookup cannot be cancelled, and nothing needs its result.
                        runtime.shutdown_background();
                    })
            });
        if let Err(error) = started {
            log::error!("REDIS CANNOT BE USED: the thread for it cannot be started: {error}");
        }
    }

    pub(super) fn is_reached(&self) -> bool {
        self.is_reached.load(SeqCst)
    }

    /// Runs a script, and waits at most `patience` for its result. Returns `None` if Redis is
    /// away. The script may have run even then.
    pub(super) async fn ask<T: FromRedisValue>(&self, call: Call, patience: Duration) -> Option<T> {
        if !self.is_reached() {
            return None;
        }
        let began = Instant::now();
        let (sender, receiver) = oneshot::channel();
        let answer = async {
            self.jobs.send(Job::Call(call, Some(sender))).await.ok()?;
            receiver.await.ok()
        };
        let answer = timeout(patience, answer).await.ok()??;
        self.metrics.redis_answered(began.elapsed());
        T::from_redis_value(answer).ok()
    }

    /// Runs a script whose result nobody needs. It is dropped if Redis is away or very busy.
    pub(super) fn tell(&self, call: Call) {
        if self.is_reached() {
            let _ = self.jobs.try_send(Job::Call(call, None));
        }
    }

    /// Ends the link in order: the other proxies get this one's share. Waits at most for two calls.
    pub(super) async fn leave(&self) {
        let (sender, receiver) = oneshot::channel();
        let left = async {
            if self.jobs.send(Job::Leave(sender)).await.is_ok() {
                let _ = receiver.await;
            }
        };
        if self.is_reached() {
            let _ = timeout(2 * self.patience, left).await;
        }
    }
}

impl Worker {
    async fn run(mut self) {
        loop {
            let end = match timeout(CONNECT_TIMEOUT, self.target.connect()).await {
                Ok(Ok((connection, driver))) => self.serve(connection, driver).await,
                Ok(Err(error)) => End::Lost(error.to_string()),
                Err(_) => End::Lost("it does not answer".into()),
            };
            match end {
                End::Left => break,
                End::Lost(reason) => self.handle_loss(&reason),
            }
            // Whoever waits gets no answer.
            let pause = sleep_until((Instant::now() + PAUSE).into());
            tokio::pin!(pause);
            loop {
                tokio::select! {
                    () = &mut pause => break,
                    job = self.jobs.recv() => match job {
                        Some(Job::Call(..)) => {}
                        Some(Job::Leave(_)) | None => return,
                    },
                }
            }
        }
        self.is_reached.store(false, SeqCst);
    }

    fn handle_loss(&mut self, reason: &str) {
        self.line.handle_loss();
        if self.is_reached.swap(false, SeqCst) {
            self.metrics.redis_lost();
        }
        if !self.is_loss_logged {
            self.is_loss_logged = true;
            log::error!(
                "REDIS IS AWAY: this proxy keeps to its own part of the limits until it returns: \
                 {reason}"
            );
        }
    }

    fn handle_return(&mut self) {
        if !self.is_reached.swap(true, SeqCst) {
            log::info!("redis is reached: the limits are shared with the other proxies");
            self.is_loss_logged = false;
        }
    }

    /// Uses a connection until it is lost, or the proxy leaves.
    async fn serve(&mut self, connection: MultiplexedConnection, mut driver: Driver) -> End {
        let mut calls = FuturesUnordered::new();
        let (first, mut reported) = self.line.report();
        let report = call(first, connection.clone(), self.patience);
        tokio::pin!(report);
        let mut is_reporting = true;
        let mut reported_at = Instant::now();
        let mut due = reported_at;
        loop {
            tokio::select! {
                () = &mut driver => return End::Lost("it closed the connection".into()),
                answer = &mut report, if is_reporting => {
                    is_reporting = false;
                    let again = match answer {
                        Ok(value) => self.line.handle_change(reported, value),
                        Err(reason) => return End::Lost(reason),
                    };
                    if !self.is_reached.load(SeqCst) {
                        if let Some(restore) = self.line.restore() {
                            calls.push(finish(call(restore, connection.clone(), self.patience), None));
                        }
                        self.handle_return();
                    }
                    due = reported_at + if again { MIN_REPORT_INTERVAL } else { REPORT_INTERVAL };
                }
                () = sleep_until(due.into()), if !is_reporting => {
                    let (next, report_of_it) = self.line.report();
                    reported = report_of_it;
                    report.set(call(next, connection.clone(), self.patience));
                    is_reporting = true;
                    reported_at = Instant::now();
                }
                () = self.line.report_wanted(), if !is_reporting => {
                    due = due.min(reported_at + MIN_REPORT_INTERVAL);
                }
                Some(result) = calls.next(), if !calls.is_empty() => {
                    if let Err(reason) = result {
                        return End::Lost(reason);
                    }
                }
                job = self.jobs.recv(), if calls.len() < MAX_CALLS => match job {
                    Some(Job::Call(script, reply)) => {
                        calls.push(finish(call(script, connection.clone(), self.patience), reply));
                    }
                    leave => {
                        let last = call(self.line.leave(), connection.clone(), self.patience);
                        tokio::select! {
                            () = &mut driver => {}
                            _ = last => {}
                        }
                        if let Some(Job::Leave(done)) = leave {
                            let _ = done.send(());
                        }
                        return End::Left;
                    }
                },
            }
        }
    }
}

async fn call(
    call: Call,
    connection: MultiplexedConnection,
    patience: Duration,
) -> Result<Value, String> {
    match timeout(patience, call.run(connection)).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {patience:?}")),
    }
}

async fn finish(
    call: impl Future<Output = Result<Value, String>>,
    reply: Option<oneshot::Sender<Value>>,
) -> Result<(), String> {
    let value = call.await?;
    if let Some(reply) = reply {
        // The visitor may have left.
        let _ = reply.send(value);
    }
    Ok(())
}
