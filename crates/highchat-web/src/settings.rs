//! The names of the settings.

use core::time::Duration;

use highchat_proto::Config;

/// Sets the setting with this name. A time is in milliseconds, a limit in bytes. Returns `false`
/// if there is no such setting, or the value is no number from 0 to 2^53.
pub(crate) fn set(config: &mut Config, name: &str, value: f64) -> bool {
    if !(0.0..=9_007_199_254_740_992.0).contains(&value) {
        return false;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked above; a fraction of a microsecond does not matter"
    )]
    let (time, bytes) = (
        Duration::from_micros((value * 1000.0) as u64),
        value as usize,
    );
    let times = [
        ("responseTimeout", &mut config.response_timeout),
        ("idleTimeout", &mut config.idle_timeout),
        ("progressTimeout", &mut config.progress_timeout),
        ("settleTimeout", &mut config.settle_timeout),
        ("retryAfterLimit", &mut config.retry_after_limit),
        ("pollInterval", &mut config.poll_interval),
        ("pollBackoffLimit", &mut config.poll_backoff_limit),
    ];
    for (known, place) in times {
        if name == known {
            *place = time;
            return true;
        }
    }
    let delays: [(&str, &mut [Duration]); 3] = [
        ("rateLimitDelays.", &mut config.rate_limit_delays),
        ("notSentDelays.", &mut config.not_sent_delays),
        ("recoveryDelays.", &mut config.recovery_delays),
    ];
    for (known, places) in delays {
        if let Some(place) = name.strip_prefix(known) {
            let [digit] = place.as_bytes() else {
                return false;
            };
            let place = places.get_mut(usize::from(digit.wrapping_sub(b'0')));
            return place.map(|place| *place = time).is_some();
        }
    }
    let limits = [
        ("replyLimit", &mut config.reply_limit),
        ("eventLimit", &mut config.event_limit),
        ("errorLimit", &mut config.error_limit),
        ("pageLimit", &mut config.page_limit),
    ];
    for (known, place) in limits {
        if name == known {
            *place = bytes;
            return true;
        }
    }
    if name == "attempts" {
        config.attempts = u32::try_from(bytes).unwrap_or(u32::MAX);
        return true;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_milliseconds_and_a_limit_in_bytes() {
        let mut config = Config::default();
        assert!(set(&mut config, "idleTimeout", 1500.0));
        assert!(set(&mut config, "recoveryDelays.3", 0.5));
        assert!(set(&mut config, "pageLimit", 4096.0));
        assert!(set(&mut config, "attempts", 1.0));
        let mut expected = Config::default()
            .with_idle_timeout(Duration::from_millis(1500))
            .with_page_limit(4096)
            .with_attempts(1);
        expected.recovery_delays[3] = Duration::from_micros(500);
        assert_eq!(config, expected);
    }

    #[test]
    fn an_unknown_name_or_a_value_that_is_no_size_changes_nothing() {
        let mut config = Config::default();
        for (name, value) in [
            ("idle_timeout", 1.0),
            ("recoveryDelays.4", 1.0),
            ("", 1.0),
            ("idleTimeout", -1.0),
            ("idleTimeout", f64::NAN),
            ("pageLimit", f64::INFINITY),
        ] {
            assert!(!set(&mut config, name, value), "{name}: {value}");
        }
        assert_eq!(config, Config::default());
    }
}
