//! Replaces variables by flags in messages: requires-auth names the variables of `ResourceServer::from_env`, which the
//! journal does not read.

use std::io::{self, Write};

use tracing_subscriber::fmt::MakeWriter;

const FLAGS: &[(&str, &str)] = &[
    ("REQUIRES_AUTH_ACCEPTED_AUDIENCES", "--accept-audience"),
    ("REQUIRES_AUTH_ACCEPTED_CLIENTS", "--accept-client"),
    ("REQUIRES_AUTH_ACCEPT_GENERIC_TYPE", "--accept-generic-type"),
    ("REQUIRES_AUTH_ALGORITHMS", "--algorithm"),
    ("REQUIRES_AUTH_API_KEYS_FILE", "--api-keys"),
    ("REQUIRES_AUTH_AUDIENCE_CHECK", "--audience"),
    ("REQUIRES_AUTH_BEARER_TOKEN", "--bearer-token"),
    ("REQUIRES_AUTH_CACHE_TTL_S", "--cache-ttl"),
    ("REQUIRES_AUTH_CLIENT_AUTHENTICATION", "--client-authentication"),
    ("REQUIRES_AUTH_CLIENT_ID", "--client-id"),
    ("REQUIRES_AUTH_CLIENT_KEY_ID", "--client-key-id"),
    ("REQUIRES_AUTH_CLIENT_PRIVATE_KEY_FILE", "--client-private-key"),
    ("REQUIRES_AUTH_CLIENT_SECRET", "--client-secret"),
    ("REQUIRES_AUTH_CLIENT_SECRET_FILE", "--client-secret-file"),
    ("REQUIRES_AUTH_DPOP_NONCE_KEY", "--dpop-nonce-key"),
    ("REQUIRES_AUTH_INTROSPECTION_URL", "--introspection-url"),
    ("REQUIRES_AUTH_ISSUER", "--issuer"),
    ("REQUIRES_AUTH_JWKS_URI", "--jwks-uri"),
    ("REQUIRES_AUTH_MODE", "--mode"),
    ("REQUIRES_AUTH_OPTIONAL_CLAIMS", "--optional-claim"),
    ("REQUIRES_AUTH_PROVIDER", "--provider"),
    ("REQUIRES_AUTH_REDIS_SECRET", "--redis-secret"),
    ("REQUIRES_AUTH_REDIS_URLS", "--redis"),
    ("REQUIRES_AUTH_RESOURCE", "--resource"),
    ("REQUIRES_AUTH_SCOPE_CLAIMS", "--scope-claim"),
    ("REQUIRES_AUTH_SIGNED_RESPONSE", "--signed-response"),
    ("REQUIRES_AUTH_TRUST_ANCHORS_FILE", "--trust-anchors"),
];

/// Replaces each variable by the flag for the same setting.
pub fn with_flags(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("REQUIRES_AUTH_") {
        let (before, from) = rest.split_at(at);
        written.push_str(before);
        let end = from.find(|c: char| !(c.is_ascii_uppercase() || c == '_')).unwrap_or(from.len());
        let (name, behind) = from.split_at(end);
        let flag = FLAGS.iter().find(|(variable, _)| *variable == name);
        written.push_str(flag.map_or(name, |(_, flag)| flag));
        rest = behind;
    }
    written.push_str(rest);
    written
}

/// Writes the log to standard error, with flags instead of variables.
pub struct Log;

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}

impl Write for Log {
    /// `bytes` is a whole event.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = with_flags(&String::from_utf8_lossy(bytes));
        io::stderr().write_all(line.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
