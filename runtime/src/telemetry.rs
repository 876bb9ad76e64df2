//! Metrics, which are recorded only with the feature `metrics`, and helpers for log events.

mod error_chain;
#[cfg(feature = "introspection")]
mod introspection_request;
mod log_limiter;
#[cfg(feature = "metrics")]
pub mod metrics;
mod untrusted;

/// Increments a counter by one: the name of a constant in [`metrics`], then labels.
macro_rules! count {
    ($name:ident $(, $label:literal => $value:expr)*) => {{
        #[cfg(feature = "metrics")]
        ::metrics::counter!(crate::telemetry::metrics::$name $(, $label => $value)*).increment(1);
        #[cfg(not(feature = "metrics"))]
        if false {
            $(let _ = $value;)*
        }
    }};
}

/// Changes a gauge: the name of a constant in [`metrics`], labels, then the method and its argument.
#[cfg(feature = "introspection")]
macro_rules! gauge {
    ($name:ident $(, $label:literal => $value:expr)*; $change:ident $amount:expr) => {{
        #[cfg(feature = "metrics")]
        ::metrics::gauge!(crate::telemetry::metrics::$name $(, $label => $value)*).$change($amount);
        #[cfg(not(feature = "metrics"))]
        if false {
            let _ = $amount;
        }
    }};
}

pub(crate) use count;
pub(crate) use error_chain::Chain;
#[cfg(feature = "introspection")]
pub(crate) use gauge;
#[cfg(feature = "introspection")]
pub(crate) use introspection_request::IntrospectionTimer;
pub(crate) use log_limiter::{LogLimiter, Verdict};
pub(crate) use untrusted::{OneLine, Quoted, QuotedList};
