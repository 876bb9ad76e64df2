//! The settings of the circuit breaker.

use std::time::Duration;

use crate::resource_server::SingleValue;
use crate::{SettingName, SetupError};

const FAILURES: SettingName = SettingName::of_both("circuit_breaker_failures");
const PROBE_INTERVAL: SettingName =
    SettingName::with_key("circuit_breaker_probe_interval", "circuit_breaker_probe_interval_ms");

const DISABLED: SettingName = SettingName::of_both("without_circuit_breaker");

/// When a circuit breaker opens, and how often it sends a probe.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Settings {
    pub(in super::super) failures: u32,
    pub(in super::super) probe_interval: Duration,
}

impl Settings {
    /// A server that restarts causes one or two failures. Five requests in a row that fail, each with its
    /// retry, are an outage.
    const FAILURES: u32 = 5;

    /// The recovery of the server is detected within half a second, and two requests per second do not
    /// harm a server that is starting.
    const PROBE_INTERVAL: Duration = Duration::from_millis(500);

    /// With a longer interval, requests are rejected long after the server has recovered.
    const MAX_PROBE_INTERVAL: Duration = Duration::from_secs(60);

    /// Checks the settings of the builder. `None` if the circuit breaker is disabled.
    pub(in super::super) fn new(
        enabled: bool,
        failures: SingleValue<u32>,
        probe_interval: SingleValue<Duration>,
    ) -> Result<Option<Self>, SetupError> {
        let failures = failures.get(FAILURES)?;
        let probe_interval = probe_interval.get(PROBE_INTERVAL)?;
        if !enabled {
            let failures = failures.map(|_| FAILURES);
            let settings: Vec<_> =
                failures.into_iter().chain(probe_interval.map(|_| PROBE_INTERVAL)).collect();
            return if settings.is_empty() { Ok(None) } else { Err(disabled(settings)) };
        }
        let settings = Self {
            failures: failures.unwrap_or(Self::FAILURES),
            probe_interval: probe_interval.unwrap_or(Self::PROBE_INTERVAL),
        };
        settings.validate()?;
        Ok(Some(settings))
    }

    fn validate(&self) -> Result<(), SetupError> {
        if self.failures == 0 {
            return Err(SetupError::invalid(FAILURES, "at least 1", self.failures));
        }
        if self.probe_interval.is_zero() || self.probe_interval > Self::MAX_PROBE_INTERVAL {
            let found = format!("{:?}", self.probe_interval);
            return Err(SetupError::invalid(
                PROBE_INTERVAL,
                "more than 0 and at most 60 seconds",
                found,
            ));
        }
        Ok(())
    }

    /// The number of failures after which a control request is due.
    pub(super) fn failures_before_control(&self) -> u32 {
        (self.failures - 1).max(1)
    }
}

fn disabled(mut settings: Vec<SettingName>) -> SetupError {
    settings.push(DISABLED);
    SetupError::Contradiction {
        settings,
        reason: "a disabled circuit breaker has no settings: leave them out, or enable it",
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { failures: Self::FAILURES, probe_interval: Self::PROBE_INTERVAL }
    }
}
