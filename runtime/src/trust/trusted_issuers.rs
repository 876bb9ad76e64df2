//! The trusted issuers of a resource server, and which one of them a token is of.

use super::TrustedIssuer;
use super::unverified_issuer::unverified_issuer;
use crate::AccessToken;

/// The trusted issuers, at least one.
#[derive(Debug)]
pub(crate) struct TrustedIssuers {
    issuers: Vec<TrustedIssuer>,
    /// Whether all but one are API keys, which are no issuer. If that one issues opaque tokens, it resolves each
    /// token without their prefixes, as a single issuer does.
    has_one_issuer: bool,
}

/// Why these issuers cannot be combined: which one resolves a token must be certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AmbiguousIssuers {
    SameIssuer,
    SamePrefix,
    SeveralForOpaqueTokens,
}

impl TrustedIssuers {
    pub(crate) fn new(issuers: Vec<TrustedIssuer>) -> Result<Self, AmbiguousIssuers> {
        for (at, one) in issuers.iter().enumerate() {
            for other in issuers.iter().skip(at + 1) {
                let same_prefix = one.token_prefix == other.token_prefix;
                if one.token_prefix.is_some() && same_prefix {
                    return Err(AmbiguousIssuers::SamePrefix);
                }
                if one.issuer == other.issuer && same_prefix {
                    return Err(AmbiguousIssuers::SameIssuer);
                }
            }
        }
        let opaque = issuers.iter().filter(|issuer| issuer.resolves_other_opaque_tokens());
        if opaque.count() > 1 {
            return Err(AmbiguousIssuers::SeveralForOpaqueTokens);
        }
        let is_issuer = |one: &&TrustedIssuer| one.token_prefix.is_none() || one.issuer.is_some();
        let has_one_issuer = issuers.iter().filter(is_issuer).count() == 1;
        Ok(Self { issuers, has_one_issuer })
    }

    /// The issuer that resolves a token; `None` for a token of no trusted issuer, which is rejected without a
    /// request to any of them.
    ///
    /// With several issuers, and with one that issues no opaque tokens, the [prefix](TrustedIssuer::token_prefix) of a
    /// token decides, then the `iss` of a JWT. Other tokens are opaque. Nothing of the token is verified yet: the
    /// resolver does, and the validation compares the issuer again.
    #[inline]
    pub(crate) fn of_token(&self, token: &AccessToken) -> Option<&TrustedIssuer> {
        match &*self.issuers {
            [only] if only.token_prefix.is_none() && only.issues_opaque_tokens => Some(only),
            issuers => select(issuers, token, self.has_one_issuer),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &TrustedIssuer> + Clone {
        self.issuers.iter()
    }
}

fn select<'a>(
    issuers: &'a [TrustedIssuer],
    token: &AccessToken,
    has_one_issuer: bool,
) -> Option<&'a TrustedIssuer> {
    let prefix_length = |issuer: &&TrustedIssuer| issuer.token_prefix.as_ref().map(String::len);
    let prefixed = issuers.iter().filter(|issuer| issuer.token_prefix.is_some());
    let by_prefix = prefixed.filter(|issuer| issuer.has_prefix_of(token)).max_by_key(prefix_length);
    if by_prefix.is_some() {
        return by_prefix;
    }
    let mut others = issuers.iter().filter(|issuer| issuer.token_prefix.is_none());
    if has_one_issuer && let Some(only) = others.clone().find(|it| it.issues_opaque_tokens) {
        return Some(only);
    }
    match unverified_issuer(token) {
        Some(named) => others.find(|issuer| issuer.issuer.as_deref() == Some(&*named)),
        None => others.find(|issuer| issuer.resolves_other_opaque_tokens()),
    }
}

impl TrustedIssuer {
    fn has_prefix_of(&self, token: &AccessToken) -> bool {
        let prefix = self.token_prefix.as_deref().unwrap_or_default();
        token.expose_bytes().starts_with(prefix.as_bytes())
    }

    /// Whether opaque tokens without the prefix of another issuer are resolved for this one.
    fn resolves_other_opaque_tokens(&self) -> bool {
        self.token_prefix.is_none()
            && self.issues_opaque_tokens
            && self.resolver.resolves_opaque_tokens()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::base64url;

    fn jwt(claims: &str) -> String {
        format!("e30.{}.c2ln", base64url::encode(claims))
    }

    #[test]
    fn an_issuer_without_opaque_tokens_gets_the_jwts_that_name_it() {
        // R-F11
        let issuers = |issuer| TrustedIssuers::new(vec![issuer]).unwrap();
        let own = jwt(r#"{"iss":"https://as.example"}"#);
        let others = [
            jwt(r#"{"iss":"https://as.example/"}"#),
            jwt(r#"{"iss":["https://as.example"]}"#),
            jwt("{}"),
            jwt("x"),
            "e30.a.c2ln".to_owned(),
            "opaque".to_owned(),
        ];
        let resolves = |issuers: &TrustedIssuers, token: &String| {
            issuers.of_token(&token.parse().unwrap()).is_some()
        };
        let jwts_only = issuers(TrustedIssuer::example().without_opaque_tokens());
        let any = issuers(TrustedIssuer::example());
        assert!(resolves(&jwts_only, &own) && resolves(&any, &own));
        for other in &others {
            assert!(!resolves(&jwts_only, other), "{other}");
            assert!(resolves(&any, other), "its resolver decides: {other}");
        }
        let prefixed = issuers(TrustedIssuer::example().token_prefix("own_"));
        let [with, without] = ["own_token", "token"].map(str::to_owned);
        assert!(resolves(&prefixed, &with) && !resolves(&prefixed, &without));
    }
}
