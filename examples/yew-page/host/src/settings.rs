//! A configuration from its JSON, with the names of the npm package.

use core::time::Duration;

use highchat_reqwest::Config;
use serde_json::Value;

/// Fails if a name is unknown: a setting that is lost would change what the trials judge.
pub(crate) fn config(settings: &Value) -> Result<Config, String> {
    let mut config = Config::default();
    for (name, value) in settings.as_object().into_iter().flatten() {
        set(&mut config, name, value).ok_or_else(|| format!("{name}: {value}"))?;
    }
    Ok(config)
}

fn set(config: &mut Config, name: &str, value: &Value) -> Option<()> {
    match name {
        "responseTimeout" => config.response_timeout = time(value)?,
        "idleTimeout" => config.idle_timeout = time(value)?,
        "progressTimeout" => config.progress_timeout = time(value)?,
        "settleTimeout" => config.settle_timeout = time(value)?,
        "attempts" => config.attempts = u32::try_from(value.as_u64()?).ok()?,
        "rateLimitDelays" => config.rate_limit_delays = times(value)?,
        "retryAfterLimit" => config.retry_after_limit = time(value)?,
        "notSentDelays" => config.not_sent_delays = times(value)?,
        "recoveryDelays" => config.recovery_delays = times(value)?,
        "pollInterval" => config.poll_interval = time(value)?,
        "pollBackoffLimit" => config.poll_backoff_limit = time(value)?,
        "replyLimit" => config.reply_limit = size(value)?,
        "eventLimit" => config.event_limit = size(value)?,
        "errorLimit" => config.error_limit = size(value)?,
        "pageLimit" => config.page_limit = size(value)?,
        _ => return None,
    }
    Some(())
}

fn time(ms: &Value) -> Option<Duration> {
    Duration::try_from_secs_f64(ms.as_f64()? / 1000.0).ok()
}

fn times<const N: usize>(list: &Value) -> Option<[Duration; N]> {
    let times: Option<Vec<_>> = list.as_array()?.iter().map(time).collect();
    times?.try_into().ok()
}

fn size(bytes: &Value) -> Option<usize> {
    usize::try_from(bytes.as_u64()?).ok()
}
