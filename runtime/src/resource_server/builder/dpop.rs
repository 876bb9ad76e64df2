//! What a resource server needs for DPoP (RFC 9449), from its settings.

use crate::Dpop;
use crate::authenticate::{DpopVerifier, ExternalUrl};
use crate::rejection::DpopChallenge;
use crate::resource_server::{ResourceIdentifier, SettingName, SetupError};
use crate::secure_url::{self, Http};
use crate::telemetry::Quoted;

pub(super) const DPOP: SettingName = SettingName::of_both("dpop");
pub(super) const EXTERNAL_BASE_URL: SettingName = SettingName::of_both("external_base_url");

/// `None` if the scheme is not accepted.
pub(super) fn verifier(
    dpop: Option<Dpop>,
    external_base_url: Option<&str>,
    identifier: &ResourceIdentifier,
    http: Http,
) -> Result<Option<DpopVerifier>, SetupError> {
    if let Some(url) = external_base_url {
        secure_url::parse(url, http).map_err(SetupError::url(EXTERNAL_BASE_URL))?;
    }
    let url = external_base_url.unwrap_or_else(|| identifier.origin());
    let external_url = ExternalUrl::parse(url).ok_or_else(|| {
        let expected = "a URL without user information, query and fragment";
        SetupError::invalid(EXTERNAL_BASE_URL, expected, Quoted(url).to_string())
    })?;
    dpop.unwrap_or_else(Dpop::accepted).build(external_url)
}

/// What challenges of the scheme say.
pub(super) fn challenge(dpop: &DpopVerifier) -> DpopChallenge {
    DpopChallenge { algs: algorithms(dpop).join(" "), is_required: dpop.is_required }
}

/// The names of the algorithms that proofs may be signed with.
pub(super) fn algorithms(dpop: &DpopVerifier) -> Vec<&'static str> {
    dpop.algorithms.iter().map(|algorithm| algorithm.as_str()).collect()
}
