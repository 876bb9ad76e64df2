//! The faults of `requires_auth::testing` and the endpoints, by the names of the page.

use std::time::Duration;

use requires_auth::testing::{ActiveAs, Endpoint, Fault};

pub(crate) struct NamedEndpoint {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
    pub(crate) endpoint: Endpoint,
}

pub(crate) struct NamedFault {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
    pub(crate) group: &'static str,
    /// Whether it changes the claims of an introspection response.
    pub(crate) introspection_only: bool,
    pub(crate) make: fn() -> Fault,
}

pub(crate) const ENDPOINTS: [NamedEndpoint; 7] = [
    endpoint("introspection", "introspection", Endpoint::Introspection),
    endpoint("key-set", "key set", Endpoint::KeySet),
    endpoint("metadata", "metadata", Endpoint::Metadata),
    endpoint("token", "token", Endpoint::Token),
    endpoint("authorization", "authorization", Endpoint::Authorization),
    endpoint("revocation", "revocation", Endpoint::Revocation),
    endpoint("registration", "registration", Endpoint::Registration),
];

pub(crate) const FAULTS: &[NamedFault] = &[
    fault(STATUS, "status-503", "503", || Fault::status(503)),
    fault(STATUS, "retry-after", "503 with Retry-After: 5", || {
        Fault::status(503).header("retry-after", "5")
    }),
    fault(STATUS, "status-500", "500", || Fault::status(500)),
    fault(STATUS, "status-429", "429 with Retry-After: 5", || {
        Fault::status(429).header("retry-after", "5")
    }),
    fault(STATUS, "status-401", "401, as for wrong client credentials", || Fault::status(401)),
    fault(STATUS, "status-404", "404", || Fault::status(404)),
    fault(STATUS, "redirect", "a redirect to another port", || {
        Fault::redirect("http://127.0.0.1:9/")
    }),
    fault(TIME, "delay", "2 seconds late", || Fault::delay(Duration::from_secs(2))),
    fault(TIME, "hang", "no response", Fault::hang),
    fault(TIME, "drip", "a body that comes byte by byte, without end", || {
        Fault::drip(Duration::from_millis(200))
    }),
    fault(BODY, "html", "an HTML page", Fault::html),
    fault(BODY, "malformed", "malformed JSON", || Fault::body("application/json", "{\"active\":")),
    fault(BODY, "huge", "a body of 10 MiB", || Fault::huge_body(10 << 20)),
    fault(BODY, "endless", "a body without end", Fault::endless_body),
    fault(BODY, "gzip-bomb", "a body that decompresses to 64 MiB", || Fault::gzip_bomb(64 << 20)),
    fault(CONNECTION, "truncated", "closed within the response", Fault::truncated),
    fault(CONNECTION, "close", "closed before the response", Fault::close),
    fault(CONNECTION, "reset", "reset before the response", Fault::reset),
    active("active-text", "\"active\": \"true\"", || Fault::active(ActiveAs::Text)),
    active("active-number", "\"active\": 1", || Fault::active(ActiveAs::Number)),
    active("active-null", "\"active\": null", || Fault::active(ActiveAs::Null)),
    active("active-absent", "no \"active\"", || Fault::active(ActiveAs::Absent)),
    active("active-repeated", "\"active\" twice, false first", || {
        Fault::active(ActiveAs::Repeated)
    }),
];

const STATUS: &str = "Another status";
const TIME: &str = "Late";
const BODY: &str = "Another body";
const CONNECTION: &str = "The connection";
const ACTIVE: &str = "The member active";

const fn endpoint(name: &'static str, text: &'static str, endpoint: Endpoint) -> NamedEndpoint {
    NamedEndpoint { name, text, endpoint }
}

const fn fault(
    group: &'static str,
    name: &'static str,
    text: &'static str,
    make: fn() -> Fault,
) -> NamedFault {
    NamedFault { name, text, group, introspection_only: false, make }
}

const fn active(name: &'static str, text: &'static str, make: fn() -> Fault) -> NamedFault {
    NamedFault { name, text, group: ACTIVE, introspection_only: true, make }
}
