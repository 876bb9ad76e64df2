//! R-C15: connections to an authorization server, with the TLS library of this build.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that meets the unexpected fails")]

#[cfg(any(feature = "native-tls", feature = "rustls", feature = "rustls-no-provider"))]
mod client_certificates;
#[cfg(not(any(feature = "native-tls", feature = "rustls", feature = "rustls-no-provider")))]
mod no_library;
#[cfg(any(feature = "native-tls", feature = "rustls", feature = "rustls-no-provider"))]
mod server_certificates;
