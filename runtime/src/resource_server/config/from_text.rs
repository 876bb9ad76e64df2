//! How the text of an environment variable becomes the value of a setting: by the setting's type.

use std::path::PathBuf;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

use super::client_authentication_method::ClientAuthenticationMethod;
use crate::{AudienceCheck, ScopeClaim, Secret};

/// The type of a setting.
pub(super) trait FromText: Sized {
    /// What a text must be to be read, for a message: "a text", "`true` or `false`".
    const EXPECTED: &'static str;

    fn from_text(text: &str) -> Option<Self>;
}

/// The type of an element of a list.
pub(super) trait FromWord: Sized {
    /// What the list must be.
    const EXPECTED_LIST: &'static str = "a list of texts with spaces between them";

    fn from_word(word: &str) -> Option<Self>;
}

impl<T: FromText> FromText for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn from_text(text: &str) -> Option<Self> {
        T::from_text(text).map(Some)
    }
}

impl<T: FromWord> FromText for Vec<T> {
    const EXPECTED: &'static str = T::EXPECTED_LIST;

    fn from_text(text: &str) -> Option<Self> {
        text.split_whitespace().map(T::from_word).collect()
    }
}

macro_rules! texts {
    ($($type:ty),*) => {$(
        impl FromText for $type {
            const EXPECTED: &'static str = "a text";

            fn from_text(text: &str) -> Option<Self> {
                Some(text.into())
            }
        }
    )*};
}

texts!(String, Secret, PathBuf);

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl FromText for $type {
            const EXPECTED: &'static str = "a whole number in the range of this setting";

            fn from_text(text: &str) -> Option<Self> {
                text.trim().parse().ok()
            }
        }
    )*};
}

numbers!(u32, u64, usize);

impl FromText for bool {
    const EXPECTED: &'static str = "`true` or `false`";

    fn from_text(text: &str) -> Option<Self> {
        text.trim().parse().ok()
    }
}

impl FromText for AudienceCheck {
    const EXPECTED: &'static str = "one of `required`, `if-present` or `unchecked`: it decides \
        whether the audience of a token is checked; the resource identifier is \
        REQUIRES_AUTH_RESOURCE, and further audiences are REQUIRES_AUTH_ACCEPTED_AUDIENCES";

    fn from_text(text: &str) -> Option<Self> {
        choice(text)
    }
}

impl FromText for ClientAuthenticationMethod {
    #[cfg(not(feature = "jwt"))]
    const EXPECTED: &'static str = "one of `none`, `client_secret_basic`, `client_secret_post`, \
        `tls_client_auth` or `self_signed_tls_client_auth`";
    #[cfg(feature = "jwt")]
    const EXPECTED: &'static str = "one of `none`, `client_secret_basic`, `client_secret_post`, \
        `private_key_jwt`, `client_secret_jwt`, `tls_client_auth` or `self_signed_tls_client_auth`";

    fn from_text(text: &str) -> Option<Self> {
        choice(text)
    }
}

/// One of the texts that a configuration file has for this type, too.
fn choice<'de, T: Deserialize<'de>>(text: &'de str) -> Option<T> {
    let text: StrDeserializer<'de, Error> = text.into_deserializer();
    T::deserialize(text).ok()
}

impl FromWord for String {
    fn from_word(word: &str) -> Option<Self> {
        Some(word.to_owned())
    }
}

impl FromWord for Secret {
    fn from_word(word: &str) -> Option<Self> {
        Some(word.into())
    }
}

impl FromWord for ScopeClaim {
    const EXPECTED_LIST: &'static str = "a list of claims such as `scope`, `permissions[]` or \
        `/realm_access/roles[]`, with spaces between them";

    fn from_word(word: &str) -> Option<Self> {
        word.parse().ok()
    }
}

#[cfg(feature = "jwt")]
impl FromText for super::Mode {
    const EXPECTED: &'static str = "one of `introspection`, `jwt` or `hybrid`";

    fn from_text(text: &str) -> Option<Self> {
        choice(text)
    }
}

#[cfg(feature = "jwt")]
impl FromText for crate::SignedResponse {
    const EXPECTED: &'static str = "one of `not-requested` or `required`";

    fn from_text(text: &str) -> Option<Self> {
        choice(text)
    }
}

#[cfg(feature = "jwt")]
impl FromText for crate::Provider {
    const EXPECTED: &'static str = "one of `keycloak`, `auth0`, `entra`, `okta`, `zitadel`, `cognito` \
        or `hydra`";

    fn from_text(text: &str) -> Option<Self> {
        choice(text)
    }
}

#[cfg(feature = "jwt")]
impl FromText for crate::SigningAlgorithm {
    const EXPECTED: &'static str = "an algorithm such as `RS256` or `ES256`";

    fn from_text(text: &str) -> Option<Self> {
        text.trim().parse().ok()
    }
}

#[cfg(feature = "jwt")]
impl FromWord for crate::SigningAlgorithm {
    const EXPECTED_LIST: &'static str = "a list of algorithms such as `RS256` or `ES256`, with spaces \
        between them";

    fn from_word(word: &str) -> Option<Self> {
        word.parse().ok()
    }
}

#[cfg(feature = "jwt")]
impl FromWord for crate::OptionalClaim {
    const EXPECTED_LIST: &'static str = "a list of `sub`, `client_id`, `iat` and `jti`, with spaces \
        between them";

    fn from_word(word: &str) -> Option<Self> {
        choice(word)
    }
}

#[cfg(feature = "mtls")]
impl FromText for super::ClientCertificateLocation {
    const EXPECTED: &'static str =
        "one of `connection`, `client-cert`, `nginx`, `envoy` or `traefik`";

    fn from_text(text: &str) -> Option<Self> {
        choice(text)
    }
}

#[cfg(feature = "dpop")]
impl FromText for crate::DpopMode {
    const EXPECTED: &'static str = "one of `off`, `accepted` or `required`";

    fn from_text(text: &str) -> Option<Self> {
        choice(text)
    }
}

#[cfg(feature = "dpop")]
impl FromText for crate::ReplayStoreFailure {
    const EXPECTED: &'static str = "one of `reject` or `accept-unshared`";

    fn from_text(text: &str) -> Option<Self> {
        choice(text)
    }
}
