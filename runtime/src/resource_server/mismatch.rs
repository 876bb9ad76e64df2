//! What a check of a token expected and what it found, for the operator's log: never for the caller.

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::Value;

use crate::TokenError;
#[cfg(feature = "dpop")]
use crate::authenticate::ProofMismatch;
use crate::decide::{Denial, UserAuthenticationError};
use crate::policy::UserAuthentication;
use crate::resolve::{ResponseError, SCOPE_CLAIMS};
use crate::telemetry::{Quoted, QuotedList};
use crate::trust::{TrustedIssuer, unverified_issuer};
use crate::validate::Validation;
use crate::{
    AccessToken, BindingError, Claims, ClientError, MemberError, OAuthErrorCode, ResolveError,
    ResourceServer, SignedResponseError,
};

/// The values that explain a rejection. The texts of the token in it are escaped and bounded.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Mismatch {
    /// What would have passed.
    pub(super) expected: Option<String>,
    /// What the token, or the introspection response, has.
    pub(super) found: Option<String>,
    /// The setting that decides: the builder's method, the configuration's key, and the environment
    /// variable.
    pub(super) setting: Option<&'static str>,
}

const AUDIENCES: &str = "the resource identifier (`resource`, REQUIRES_AUTH_RESOURCE) and further \
    audiences (`accepted_audiences`, REQUIRES_AUTH_ACCEPTED_AUDIENCES)";

/// Only this check rejects a token without an audience.
const AUDIENCE_CHECK: &str = "`audience_check` (REQUIRES_AUTH_AUDIENCE_CHECK), which is `required`; \
    `if-present` accepts any token without `aud`, also one that was issued for another \
    service, and `accepted_clients` (REQUIRES_AUTH_ACCEPTED_CLIENTS) those of certain clients";

/// What its absence mostly is due to.
const NO_AUDIENCE: &str = "no `aud`; many authorization servers set it only if the client requests the \
    token with the parameter `resource` (RFC 8707)";

const ISSUER: &str = "`issuer` (REQUIRES_AUTH_ISSUER)";

/// Only a resolver of the application gets here.
const VOUCHES: &str = "`issuer` (REQUIRES_AUTH_ISSUER), and `Resolver::vouches_for_issuer`, which is \
    `false`";

const LEEWAY: &str = "`leeway` (`leeway_s`, REQUIRES_AUTH_LEEWAY_S)";

const MAX_TOKEN_LENGTH: &str = "`max_token_length` (REQUIRES_AUTH_MAX_TOKEN_LENGTH)";

pub(super) const CLIENT_ID: &str = "`client_authentication` (`client_id`, REQUIRES_AUTH_CLIENT_ID)";

const CREDENTIALS: &str = "`client_authentication` (`client_id`, `client_secret`, `bearer_token`, \
    REQUIRES_AUTH_CLIENT_ID, REQUIRES_AUTH_CLIENT_SECRET, REQUIRES_AUTH_BEARER_TOKEN) and its method \
    (REQUIRES_AUTH_CLIENT_AUTHENTICATION)";

const CREDENTIALS_OR_NONE: &str = "the same answer to every token: `client_authentication` \
    (`client_id`, `client_secret`, `bearer_token`, REQUIRES_AUTH_CLIENT_ID, \
    REQUIRES_AUTH_CLIENT_SECRET, REQUIRES_AUTH_BEARER_TOKEN); this answer only to bad tokens: the \
    authorization server reads no credentials, so leave them out, and it means an inactive token";

const SCOPE_PLACES: &str = "`scope_claims` (REQUIRES_AUTH_SCOPE_CLAIMS): `scope` is a string, `scope[]` an \
    array of strings, `/scope` either; another `name` is either, `name{}` the member names of an object";

const AUDIENCE_MEMBER: &str = "none: the authorization server has to leave `aud` out or name an \
    audience; many do if the client requests the token with the parameter `resource` (RFC 8707)";

const TOKEN_FORMAT: &str = "none: the authorization server has to issue another kind of access token \
    for this resource, such as an opaque one in place of a JWT";

const LIMITS: &str = "the limits of the authorization server; `ttl` (`cache_ttl_s`, \
    REQUIRES_AUTH_CACHE_TTL_S) decides how often it gets a request about one token";

const API_KEYS: &str = "`api_keys` (`api_keys_file`, REQUIRES_AUTH_API_KEYS_FILE)";

const CLIENT_CERTIFICATE_SOURCE: &str =
    "`client_certificate_source` (REQUIRES_AUTH_CLIENT_CERTIFICATE_SOURCE)";

const CLIENT_CERTIFICATE_PROXIES: &str = "the addresses of `ClientCertificateSource::proxy` \
    (`client_certificate_proxies`, REQUIRES_AUTH_CLIENT_CERTIFICATE_PROXIES)";

/// The attribute of the function decides.
const FUNCTION_ALONE: &str = "none: the attribute of the function decides";

const SENDER_CONSTRAINED: &str = "`dpop` (REQUIRES_AUTH_DPOP) or `client_certificate_source` \
    (REQUIRES_AUTH_CLIENT_CERTIFICATE_SOURCE), of which one is needed for `sender_constrained`";

pub(super) const NONE: &str = "none";

impl Mismatch {
    /// For a token that could not be resolved.
    pub(super) fn of_error(error: &ResolveError) -> Self {
        match error {
            ResolveError::InvalidClient(ClientError::Rejected(Some(response)))
                if response.inactive =>
            {
                Self {
                    expected: Some("status 200, also for a token that is not active".to_owned()),
                    found: Some(format!("status {} with `active`: false", response.status)),
                    setting: Some(CREDENTIALS_OR_NONE),
                }
            }
            ResolveError::Unavailable(unavailable)
                if unavailable.error_response().is_some_and(|it| it.status == 429) =>
            {
                Self { setting: Some(LIMITS), ..Self::default() }
            }
            ResolveError::InvalidResponse(ResponseError::MemberError(wrong)) => {
                Self { setting: wrong_member(wrong), ..Self::default() }
            }
            ResolveError::InvalidResponse(ResponseError::SignedResponse(problem)) => {
                signed_response(*problem)
            }
            ResolveError::InvalidClient(_) => {
                Self { setting: Some(CREDENTIALS), ..Self::default() }
            }
            _ => Self::default(),
        }
    }

    /// For a DPoP proof.
    #[cfg(feature = "dpop")]
    pub(super) fn of_proof(mismatch: ProofMismatch) -> Self {
        let ProofMismatch { error, expected, found } = mismatch;
        Self { expected, found, setting: error.setting() }
    }

    /// For a token without claims: it was not resolved.
    pub(super) fn of_token(problem: TokenError, max_token_length: usize) -> Self {
        match problem {
            TokenError::Inactive => Self {
                expected: Some("`active`: true".to_owned()),
                found: Some(
                    "`active`: false, as for a token that is expired, revoked or unknown, and for \
                     one that this client may not introspect (RFC 7662 section 2.2)"
                        .to_owned(),
                ),
                setting: Some(CLIENT_ID),
            },
            TokenError::Rejected(response)
                if response.code == Some(OAuthErrorCode::UnsupportedTokenType) =>
            {
                Self { setting: Some(TOKEN_FORMAT), ..Self::default() }
            }
            TokenError::Jwt(problem) => Self { setting: problem.setting(), ..Self::default() },
            TokenError::ApiKey(_) => Self { setting: Some(API_KEYS), ..Self::default() },
            TokenError::TooLong => Self {
                expected: Some(format!("at most {max_token_length} bytes")),
                found: None,
                setting: Some(MAX_TOKEN_LENGTH),
            },
            _ => Self::default(),
        }
    }

    /// For a token that was not resolved, since no trusted issuer is the one that it names.
    pub(super) fn of_unresolved_issuer<'a>(
        token: &AccessToken,
        trusted: impl Iterator<Item = &'a str> + Clone,
    ) -> Self {
        let found = match unverified_issuer(token) {
            Some(found) => {
                let near = trusted.clone().any(|own| differs_by_slash(own, &found));
                let slash = if near { SLASH } else { "" };
                format!("`iss`: {}{slash}", Quoted(&found))
            }
            None => "no JWT with an `iss`, and no issuer of opaque tokens".to_owned(),
        };
        Self {
            expected: Some(format!("`iss`: {}", QuotedList(trusted))),
            found: Some(found),
            setting: Some(ISSUER),
        }
    }

    /// For a caller who does not meet what a function requires of the token, besides its scopes.
    pub(super) fn of_denial(denial: &Denial<'_>, claims: &Claims, server: &ResourceServer) -> Self {
        match denial {
            Denial::NotSenderConstrained => Self {
                expected: Some(holder(BindingError::RequiredByFunction).to_owned()),
                found: Some("no `cnf`".to_owned()),
                setting: Some(if server.accepts_sender_constrained() {
                    FUNCTION_ALONE
                } else {
                    SENDER_CONSTRAINED
                }),
            },
            Denial::UserAuthentication(error, required) => {
                authentication(*error, required, claims, server.validation())
            }
            Denial::AuthorizationDetails(detail) => Self {
                expected: Some(format!(
                    "`authorization_details` with the `type` {}",
                    Quoted(detail.name())
                )),
                found: Some(details(claims)),
                setting: Some(FUNCTION_ALONE),
            },
            Denial::InsufficientScope | Denial::Stale(_) => Self::default(),
        }
    }

    /// For a token whose claims are rejected.
    pub(super) fn of_claims(
        problem: TokenError,
        claims: &Claims,
        trusted: &TrustedIssuer,
        validation: &Validation,
    ) -> Self {
        match problem {
            TokenError::Audience => audience(claims, trusted),
            TokenError::Issuer => issuer(claims, trusted),
            TokenError::Kind => Self {
                expected: Some("a bearer access token".to_owned()),
                found: Some(kind(claims)),
                setting: Some(NONE),
            },
            TokenError::Binding(problem) => Self {
                expected: Some(holder(problem).to_owned()),
                found: Some(shown(problem).unwrap_or_else(|| confirmation(claims))),
                setting: Some(binding_setting(problem)),
            },
            TokenError::Expired => {
                time("exp", claims.expires_at(), validation.leeway_for(claims), validation)
            }
            TokenError::NotYetValid => {
                time("nbf", claims.not_before(), validation.leeway_for(claims), validation)
            }
            _ => Self::default(),
        }
    }
}

/// How a login differs from the one that a function requires.
fn authentication(
    error: UserAuthenticationError,
    required: &UserAuthentication<'_>,
    claims: &Claims,
    validation: &Validation,
) -> Mismatch {
    match error {
        UserAuthenticationError::NoAcr | UserAuthenticationError::OtherAcr => Mismatch {
            expected: Some(format!("`acr` {}", QuotedList(required.acr_values.iter().copied()))),
            found: Some(claims.acr().map_or_else(|| absent("acr"), |acr| Quoted(acr).to_string())),
            setting: Some(FUNCTION_ALONE),
        },
        _ => {
            let max_age = required.max_age.unwrap_or_default().as_secs();
            let leeway = validation.leeway_for(claims).as_secs();
            let now = seconds(validation.clock.now());
            Mismatch {
                expected: Some(format!(
                    "`auth_time` at most {max_age} s before {now}, with a leeway of {leeway} s"
                )),
                found: Some(claims.auth_time().map_or_else(|| absent("auth_time"), seconds)),
                // No leeway makes up for an absent claim.
                setting: Some(claims.auth_time().map_or(FUNCTION_ALONE, |_| LEEWAY)),
            }
        }
    }
}

/// A claim of the login that a token lacks.
fn absent(claim: &str) -> String {
    format!("no `{claim}`; the authorization server has to write it into access tokens")
}

/// The types of the authorization details that a token has.
fn details(claims: &Claims) -> String {
    let document: Option<Value> = serde_json::from_str(claims.as_json()).ok();
    let details = document.as_ref().and_then(|it| it.get("authorization_details"));
    let Some(details) = details else { return "no `authorization_details`".to_owned() };
    let types = details.as_array().into_iter().flatten().filter_map(|it| it.get("type")?.as_str());
    format!(
        "none for this server with the members of the type; the token has the types {}",
        QuotedList(types)
    )
}

/// What shows that the caller is the holder of the token.
fn holder(problem: BindingError) -> &'static str {
    match problem {
        BindingError::UnknownMethod => "`cnf` with `jkt` or `x5t#S256`, and no other member",
        BindingError::NoProof => "the scheme `DPoP`, and a proof with the key of the token",
        BindingError::OtherKey => "a DPoP proof with the key of the token",
        BindingError::NotBound => "`cnf` with `jkt`, or the scheme `Bearer`",
        BindingError::Required => "`cnf` with `jkt`",
        BindingError::RequiredByFunction => "`cnf` with `jkt` or `x5t#S256`",
        BindingError::NoCertificate | BindingError::OtherCertificate => {
            "the client certificate that `x5t#S256` in `cnf` names"
        }
        BindingError::UntrustedPeer(_) => "the header from a trusted proxy",
        BindingError::UnknownPeer => {
            "the address of the peer in the extensions of the request: `PeerAddress`, or `ConnectInfo<SocketAddr>`, as \
             `into_make_service_with_connect_info` of axum puts it there"
        }
        BindingError::MalformedCertificate => {
            "one header with one certificate, in the form of the setting"
        }
    }
}

/// What the request has in place of it, where that is not the confirmation of the token.
fn shown(problem: BindingError) -> Option<String> {
    match problem {
        BindingError::UntrustedPeer(peer) => Some(format!("the header from {peer}")),
        BindingError::UnknownPeer => Some("no address".to_owned()),
        BindingError::MalformedCertificate => Some("another header, or several".to_owned()),
        _ => None,
    }
}

fn binding_setting(problem: BindingError) -> &'static str {
    match problem {
        BindingError::NoProof if cfg!(not(feature = "dpop")) => {
            "the feature `dpop` of the crate, which is not enabled"
        }
        BindingError::NoProof | BindingError::Required => "`dpop` (REQUIRES_AUTH_DPOP)",
        BindingError::NoCertificate if cfg!(not(feature = "mtls")) => {
            "the feature `mtls` of the crate, which is not enabled"
        }
        BindingError::NoCertificate
        | BindingError::OtherCertificate
        | BindingError::MalformedCertificate => CLIENT_CERTIFICATE_SOURCE,
        BindingError::UntrustedPeer(_) | BindingError::UnknownPeer => CLIENT_CERTIFICATE_PROXIES,
        _ => NONE,
    }
}

const SLASH: &str = ", which differs by the slash at its end";

fn differs_by_slash(one: &str, other: &str) -> bool {
    one != other && one.trim_end_matches('/') == other.trim_end_matches('/')
}

fn issuer(claims: &Claims, trusted: &TrustedIssuer) -> Mismatch {
    let own = trusted.issuer.as_deref().unwrap_or_default();
    let (found, setting) = match claims.issuer() {
        Some(found) => {
            let slash = if differs_by_slash(own, found) { SLASH } else { "" };
            (format!("`iss`: {}{slash}", Quoted(found)), ISSUER)
        }
        None => ("no `iss`".to_owned(), VOUCHES),
    };
    Mismatch {
        expected: Some(format!("`iss`: {}", Quoted(own))),
        found: Some(found),
        setting: Some(setting),
    }
}

fn audience(claims: &Claims, trusted: &TrustedIssuer) -> Mismatch {
    let own = trusted.audiences.iter().map(String::as_str);
    let expected = format!("`aud` with exactly {}", QuotedList(own));
    let named = || claims.audience();
    if named().next().is_none() {
        let found = NO_AUDIENCE.to_owned();
        return Mismatch {
            expected: Some(expected),
            found: Some(found),
            setting: Some(AUDIENCE_CHECK),
        };
    }
    let near = |found: &str| trusted.audiences.iter().any(|own| differs_by_slash(own, found));
    let slash = if named().any(near) { SLASH } else { "" };
    // The one that is nearly right is shown first: of a long list only the first ones are.
    let (first, rest): (Vec<&str>, Vec<&str>) = named().partition(|found| near(found));
    let found = first.iter().chain(&rest).copied();
    Mismatch {
        expected: Some(expected),
        found: Some(format!("`aud`: {}{slash}", QuotedList(found))),
        setting: Some(AUDIENCES),
    }
}

fn signed_response(problem: SignedResponseError) -> Mismatch {
    const SIGNED_RESPONSE: &str = "`signed_response` (REQUIRES_AUTH_SIGNED_RESPONSE)";
    const AUDIENCE: &str = "`signed_response_audience` (REQUIRES_AUTH_SIGNED_RESPONSE_AUDIENCE), by default \
        the client id";
    const SIGNED: &str = "the media type `application/token-introspection+jwt`";
    const PLAIN: &str = "the media type `application/json`";
    let (expected, found, setting) = match problem {
        SignedResponseError::NotSigned => {
            (Some(SIGNED), Some("another media type"), SIGNED_RESPONSE)
        }
        SignedResponseError::NotRequested => (Some(PLAIN), Some(SIGNED), SIGNED_RESPONSE),
        SignedResponseError::Algorithm => (None, None, "`algorithms` (REQUIRES_AUTH_ALGORITHMS)"),
        SignedResponseError::Key => (None, None, "`jwks_uri` (REQUIRES_AUTH_JWKS_URI)"),
        SignedResponseError::Issuer => (None, None, ISSUER),
        SignedResponseError::Audience => (None, None, AUDIENCE),
        SignedResponseError::IssuedAt => (Some("`iat` at most 300 s from now"), None, NONE),
        _ => (None, None, NONE),
    };
    Mismatch {
        expected: expected.map(str::to_owned),
        found: found.map(str::to_owned),
        setting: Some(setting),
    }
}

fn wrong_member(wrong: &MemberError) -> Option<&'static str> {
    match wrong.name() {
        "scope" | SCOPE_CLAIMS => Some(SCOPE_PLACES),
        "aud" => Some(AUDIENCE_MEMBER),
        _ => None,
    }
}

/// What the claims have kept of these members is only that they are rejected; the response itself has
/// the rest.
#[derive(Deserialize)]
struct Kind {
    token_type: Option<String>,
    token_use: Option<String>,
    typ: Option<String>,
}

fn kind(claims: &Claims) -> String {
    const OTHER: &str = "the claims of another kind of token";
    let Ok(Kind { token_type, token_use, typ }) = serde_json::from_str(claims.as_json()) else {
        return OTHER.to_owned();
    };
    let named = [("token_type", token_type), ("token_use", token_use), ("typ", typ)];
    let named = named.iter().filter_map(|(name, kind)| kind.as_ref().map(|kind| (name, kind)));
    let shown: Vec<String> =
        named.map(|(name, kind)| format!("`{name}`: {}", Quoted(kind))).collect();
    if shown.is_empty() { OTHER.to_owned() } else { shown.join(", ") }
}

#[derive(Deserialize)]
struct Confirmation {
    cnf: Value,
}

/// The names of the confirmation's members, not their values.
fn confirmation(claims: &Claims) -> String {
    match serde_json::from_str(claims.as_json()) {
        Ok(Confirmation { cnf: Value::Object(members) }) if !members.is_empty() => {
            let names: Vec<&str> = members.keys().map(String::as_str).collect();
            format!("`cnf` with {}", QuotedList(names.into_iter()))
        }
        Ok(_) => "`cnf`".to_owned(),
        Err(_) => "no `cnf`".to_owned(),
    }
}

fn time(name: &str, at: Option<SystemTime>, leeway: Duration, validation: &Validation) -> Mismatch {
    let now = validation.clock.now();
    let leeway = leeway.as_secs_f64();
    let side = if name == "exp" { "later" } else { "not later" };
    let found = at.map(|at| {
        let away = at.duration_since(now).unwrap_or_else(|past| past.duration());
        let side = if at > now { "from now" } else { "ago" };
        format!("`{name}`: {}, {} s {side}", seconds(at), away.as_secs())
    });
    Mismatch {
        expected: Some(format!(
            "`{name}` {side} than now, {}, with a leeway of {leeway} s",
            seconds(now)
        )),
        found,
        setting: Some(LEEWAY),
    }
}

/// As tokens have it: seconds since 1970 (`NumericDate`, RFC 7519 §2).
fn seconds(time: SystemTime) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since.as_secs().to_string()
}
