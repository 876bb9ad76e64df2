//! The trusted issuers among the settings of a resource server.

use super::{ISSUER, ResourceServerBuilder};
use crate::resource_server::single_value::SingleValue;
use crate::resource_server::{SettingName, SetupError};
use crate::secure_url;
use crate::telemetry::Quoted;
use crate::trust::{AmbiguousIssuers, AudienceCheck, TrustedIssuer, TrustedIssuers};

const RESOLVER: SettingName = SettingName::of_builder("resolver");
const TRUSTED_ISSUER: SettingName = SettingName::of_builder("trusted_issuer");
const TOKEN_PREFIX: SettingName = SettingName::of_builder("token_prefix");
const AUDIENCE_CHECK: SettingName = SettingName::of_both("audience_check");
const ACCEPTED_AUDIENCES: SettingName = SettingName::of_both("accepted_audiences");
const ACCEPTED_CLIENTS: SettingName = SettingName::of_both("accepted_clients");

impl ResourceServerBuilder {
    /// The issuers, each with the resource identifier among its audiences.
    pub(super) fn take_trusted_issuers(
        &mut self,
        resource: &str,
    ) -> Result<TrustedIssuers, SetupError> {
        let mut issuers = std::mem::take(&mut self.trusted_issuers);
        if issuers.is_empty() {
            issuers.push(self.take_single_issuer()?);
        } else {
            self.check_no_single_issuer()?;
        }
        issuers.append(&mut self.api_keys);
        for trusted in &mut issuers {
            if let Some(issuer) = &trusted.issuer {
                secure_url::parse(issuer, self.http).map_err(SetupError::url(ISSUER))?;
            }
            if trusted.audiences.iter().any(String::is_empty) {
                let expected = "a list of texts that are not empty";
                return Err(SetupError::invalid(ACCEPTED_AUDIENCES, expected, Quoted("")));
            }
            if trusted.clients.iter().any(String::is_empty) {
                let expected = "a list of texts that are not empty";
                return Err(SetupError::invalid(ACCEPTED_CLIENTS, expected, Quoted("")));
            }
            if !trusted.clients.is_empty() && trusted.audience_check != AudienceCheck::Required {
                return Err(SetupError::Contradiction {
                    settings: vec![ACCEPTED_CLIENTS, AUDIENCE_CHECK],
                    reason: "every token without `aud` is accepted, whatever its client: leave one of them out",
                });
            }
            if trusted.token_prefix.as_deref() == Some("") {
                let expected = "a text that is not empty";
                return Err(SetupError::invalid(TOKEN_PREFIX, expected, Quoted("")));
            }
            trusted.audiences.push(resource.to_owned());
        }
        TrustedIssuers::new(issuers).map_err(ambiguous)
    }

    /// The issuer of the settings for one issuer.
    fn take_single_issuer(&mut self) -> Result<TrustedIssuer, SetupError> {
        let resolver = take(&mut self.resolver).get(RESOLVER)?;
        Ok(TrustedIssuer {
            resolver: resolver
                .ok_or_else(|| SetupError::Missing { settings: vec![RESOLVER, TRUSTED_ISSUER] })?,
            issuer: take(&mut self.issuer).get(ISSUER)?,
            audience_check: take(&mut self.audience_check).get(AUDIENCE_CHECK)?.unwrap_or_default(),
            audiences: std::mem::take(&mut self.accepted_audiences),
            clients: std::mem::take(&mut self.accepted_clients),
            token_prefix: None,
            issues_opaque_tokens: true,
        })
    }

    fn check_no_single_issuer(&self) -> Result<(), SetupError> {
        let set = [
            (ISSUER, self.issuer.first().is_some()),
            (RESOLVER, self.resolver.first().is_some()),
            (AUDIENCE_CHECK, self.audience_check.first().is_some()),
            (ACCEPTED_AUDIENCES, !self.accepted_audiences.is_empty()),
            (ACCEPTED_CLIENTS, !self.accepted_clients.is_empty()),
        ];
        match set.into_iter().find(|(_, is_set)| *is_set) {
            Some((setting, _)) => Err(SetupError::Contradiction {
                settings: vec![setting, TRUSTED_ISSUER],
                reason: "the first is for a server with one issuer: set it on the `TrustedIssuer`",
            }),
            None => Ok(()),
        }
    }
}

fn take<T>(value: &mut SingleValue<T>) -> SingleValue<T> {
    std::mem::replace(value, SingleValue::UNSET)
}

fn ambiguous(issuers: AmbiguousIssuers) -> SetupError {
    let (setting, reason) = match issuers {
        AmbiguousIssuers::SameIssuer => (TRUSTED_ISSUER, "an issuer is added twice"),
        AmbiguousIssuers::SamePrefix => (TOKEN_PREFIX, "two issuers have the same `token_prefix`"),
        AmbiguousIssuers::SeveralForOpaqueTokens => (
            TRUSTED_ISSUER,
            "several issuers resolve opaque tokens, so that their issuer is unknown: give all of them but \
             one a `token_prefix` or `without_opaque_tokens`",
        ),
    };
    SetupError::Contradiction { settings: vec![setting], reason }
}
