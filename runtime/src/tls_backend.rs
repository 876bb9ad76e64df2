//! The TLS library of the HTTP client, which the features select.
//!
//! rustls is used where both libraries are enabled, so that another package that enables `native-tls` changes nothing.
//! Without a TLS library, [`none`] has the same items.

#![cfg_attr(
    not(feature = "introspection"),
    allow(dead_code, unused_imports, reason = "`testing` uses no certificates")
)]

#[cfg(any(feature = "native-tls", feature = "rustls-no-provider"))]
mod certificates;
#[cfg(all(feature = "native-tls", not(feature = "rustls-no-provider")))]
mod native_tls;
#[cfg(not(any(feature = "native-tls", feature = "rustls-no-provider")))]
mod none;
#[cfg(feature = "rustls-no-provider")]
mod rustls;

#[cfg(any(feature = "native-tls", feature = "rustls-no-provider"))]
pub(crate) use self::certificates::{Certificate, certificates, present, trust_only};
#[cfg(all(feature = "native-tls", not(feature = "rustls-no-provider")))]
pub(crate) use self::native_tls::{check_key, check_scheme, client_builder, identity};
#[cfg(not(any(feature = "native-tls", feature = "rustls-no-provider")))]
pub(crate) use self::none::*;
#[cfg(feature = "rustls-no-provider")]
pub(crate) use self::rustls::{check_key, check_scheme, client_builder, identity};
