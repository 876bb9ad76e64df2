//! The flags of the journal, each also an environment variable.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgAction, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use requires_auth::{ScopeClaim, SigningAlgorithm};

use crate::manifest::Format;
use crate::proof::Proof;

const LOG: &str = "The log is on standard error. It has the cause of each rejection and the flag that \
    decides. RUST_LOG sets its level: warn, the default, shows rejections that a setting may cause, and \
    requires_auth=debug all rejections. At warn, 5 lines of each kind are shown in 60 s.";

/// A journal with users, entries and tags, protected by requires-auth.
///
/// Without --issuer and --introspection-url it runs in demo mode: it starts an authorization server
/// of its own and prints commands to try.
#[derive(Debug, Parser)]
#[command(name = "journal", version, after_help = LOG, args_conflicts_with_subcommands = true)]
pub struct Settings {
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Address to listen on; port 0 picks a free one
    #[arg(long, env = "JOURNAL_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDR")]
    pub listen: SocketAddr,

    /// Resource identifier that tokens must be meant for [default: the listening URL + /mcp]
    #[arg(long, env = "JOURNAL_RESOURCE", value_name = "URL")]
    pub resource: Option<String>,

    /// Issuer of the tokens; its metadata names the introspection endpoint and the key set. Repeatable, in the
    /// environment separated by spaces: tokens of each are accepted, and opaque tokens are of the first
    #[arg(
        long,
        env = "JOURNAL_ISSUER",
        value_name = "URL",
        value_delimiter = ' ',
        action = ArgAction::Append
    )]
    pub issuer: Vec<String>,

    /// URL of the key set, in place of the one in the issuer's metadata
    #[arg(long, env = "JOURNAL_JWKS_URI", value_name = "URL")]
    pub jwks_uri: Option<String>,

    /// Introspection endpoint, in place of the one in the issuer's metadata
    #[arg(long, env = "JOURNAL_INTROSPECTION_URL", value_name = "URL")]
    pub introspection_url: Option<String>,

    /// Client id of the journal at the authorization server
    #[arg(long, env = "JOURNAL_CLIENT_ID", value_name = "ID", requires = "credential")]
    pub client_id: Option<String>,

    /// Secret of this client; better set in the environment, where other users do not see it
    #[arg(
        long,
        env = "JOURNAL_CLIENT_SECRET",
        value_name = "SECRET",
        hide_env_values = true,
        requires = "client_id",
        group = "credential"
    )]
    pub client_secret: Option<String>,

    /// File with the secret of this client; a new secret is used without a restart
    #[arg(
        long,
        env = "JOURNAL_CLIENT_SECRET_FILE",
        value_name = "FILE",
        requires = "client_id",
        group = "credential"
    )]
    pub client_secret_file: Option<PathBuf>,

    /// File with the private key of this client for `private_key_jwt`, a PEM file or a JWK; a new key is used without a
    /// restart
    #[arg(
        long,
        env = "JOURNAL_CLIENT_PRIVATE_KEY",
        value_name = "FILE",
        requires = "client_id",
        group = "credential"
    )]
    pub client_private_key: Option<PathBuf>,

    /// Key id of the private key [default: that of a JWK]
    #[arg(long, env = "JOURNAL_CLIENT_KEY_ID", value_name = "ID", requires = "client_private_key")]
    pub client_key_id: Option<String>,

    /// Bearer token to introspect with, in place of a client id and secret; better in the environment
    #[arg(long, env = "JOURNAL_BEARER_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub bearer_token: Option<String>,

    /// How the client authenticates [default: `private_key_jwt` with a private key, else `client_secret_basic`]
    #[arg(long, env = "JOURNAL_CLIENT_AUTHENTICATION", value_enum, value_name = "METHOD")]
    pub client_authentication: Option<ClientAuthentication>,

    /// PEM file with the certificates that the certificate of the authorization server is verified with, in place of
    /// those of the platform
    #[arg(long, env = "JOURNAL_TRUST_ANCHORS", value_name = "FILE")]
    pub trust_anchors: Option<PathBuf>,

    /// Whether a token must name the resource as its audience
    #[arg(long, env = "JOURNAL_AUDIENCE", value_enum, default_value_t = Audience::Required)]
    pub audience: Audience,

    /// Audience that is accepted besides the resource; repeatable, in the environment separated by spaces
    #[arg(
        long,
        env = "JOURNAL_ACCEPT_AUDIENCE",
        value_name = "AUDIENCE",
        action = ArgAction::Append
    )]
    pub accept_audience: Vec<String>,

    /// Client whose tokens may name no audience; repeatable, in the environment separated by spaces
    #[arg(
        long,
        env = "JOURNAL_ACCEPT_CLIENT",
        value_name = "ID",
        value_delimiter = ' ',
        action = ArgAction::Append
    )]
    pub accept_client: Vec<String>,

    /// Claim that has the scopes, such as `scp` or `/realm_access/roles[]`; repeatable, in the environment separated by
    /// spaces [default: scope]
    #[arg(
        long,
        env = "JOURNAL_SCOPE_CLAIM",
        value_name = "CLAIM",
        value_delimiter = ' ',
        action = ArgAction::Append,
        value_parser = scope_claim
    )]
    pub scope_claim: Vec<String>,

    /// Authorization server, whose tokens have known deviations from the standards; it sets the defaults of --mode,
    /// --scope-claim, --accept-generic-type and --optional-claim
    #[arg(
        long,
        env = "JOURNAL_PROVIDER",
        value_name = "PROVIDER",
        value_parser = ["keycloak", "auth0", "entra", "okta", "zitadel", "cognito", "hydra"]
    )]
    pub provider: Option<String>,

    /// How tokens are checked [default: that of the --provider, or introspection]
    #[arg(long, env = "JOURNAL_MODE", value_enum)]
    pub mode: Option<Mode>,

    /// Algorithm that JWTs and signed introspection responses may be signed with, such as `ES256`; repeatable, in the
    /// environment separated by spaces [default: RS256 PS256 ES256 `EdDSA`]
    #[arg(
        long,
        env = "JOURNAL_ALGORITHM",
        value_name = "ALGORITHM",
        value_delimiter = ' ',
        action = ArgAction::Append,
        value_parser = algorithm
    )]
    pub algorithm: Vec<String>,

    /// Require signed introspection responses (RFC 9701)
    #[arg(long, env = "JOURNAL_SIGNED_RESPONSE")]
    pub signed_response: bool,

    /// Accept JWTs with the type `JWT` or without one, in place of `at+jwt`
    #[arg(long, env = "JOURNAL_ACCEPT_GENERIC_TYPE")]
    pub accept_generic_type: bool,

    /// Claim that a JWT may lack: `sub`, `client_id`, `iat` or `jti`; repeatable, in the environment separated by spaces
    #[arg(
        long,
        env = "JOURNAL_OPTIONAL_CLAIM",
        value_name = "CLAIM",
        value_delimiter = ' ',
        action = ArgAction::Append,
        value_parser = ["sub", "client_id", "iat", "jti"]
    )]
    pub optional_claim: Vec<String>,

    /// Introspect JWTs too, after their signature is verified
    #[arg(long, env = "JOURNAL_INTROSPECT_JWTS")]
    pub introspect_jwts: bool,

    /// File of API keys with the prefix `jrn_`, which are accepted besides access tokens; see `requires_auth::ApiKeys`
    #[arg(long, env = "JOURNAL_API_KEYS", value_name = "FILE")]
    pub api_keys: Option<PathBuf>,

    /// How long the claims of a token are cached; 0 sends an introspection request for every request
    #[arg(long, env = "JOURNAL_CACHE_TTL", value_name = "SECONDS", default_value_t = 60)]
    pub cache_ttl: u64,

    /// Redis or Valkey for a cache that other journals share
    #[arg(
        long,
        env = "JOURNAL_REDIS",
        value_name = "URL",
        hide_env_values = true,
        requires = "redis_secret"
    )]
    pub redis: Option<String>,

    /// Secret that is the same for all these journals, at least 32 bytes; better in the environment
    #[arg(
        long,
        env = "JOURNAL_REDIS_SECRET",
        value_name = "SECRET",
        hide_env_values = true,
        requires = "redis"
    )]
    pub redis_secret: Option<String>,

    /// Require nonces in DPoP proofs, which are made with this key, at least 32 bytes; journals with the same key
    /// accept each other's. The authorization server of the demo then requires nonces too
    #[arg(long, env = "JOURNAL_DPOP_NONCE_KEY", value_name = "KEY", hide_env_values = true)]
    pub dpop_nonce_key: Option<String>,

    /// Demo mode: address of the authorization server
    #[arg(
        long,
        env = "JOURNAL_AUTH_LISTEN",
        default_value = "127.0.0.1:9000",
        value_name = "ADDR"
    )]
    pub auth_listen: SocketAddr,

    /// Demo mode: whether the browser shows a consent page
    #[arg(long, env = "JOURNAL_CONSENT", value_enum, default_value_t = Consent::Ask)]
    pub consent: Consent,

    /// Demo mode: file with the key that one of the demo tokens is bound to; it is made if it is not there [default: a
    /// file in the directory for temporary files, until the demo ends]
    #[arg(long, env = "JOURNAL_PROOF_KEY", value_name = "PATH")]
    pub proof_key: Option<PathBuf>,

    /// Demo mode: file to write the demo tokens to, as a JSON object
    #[arg(long, env = "JOURNAL_TOKENS_FILE", value_name = "PATH")]
    pub tokens_file: Option<PathBuf>,

    /// Print what each function requires of its callers, and exit
    #[arg(long, env = "JOURNAL_MANIFEST", value_enum, value_name = "FORMAT")]
    pub manifest: Option<Format>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Proof(Proof),
}

/// The methods by their names in OAuth's metadata (RFC 8414 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClientAuthentication {
    /// The client does not authenticate
    #[value(name = "none")]
    None,
    /// In the `Authorization` header
    #[value(name = "client_secret_basic", alias = "basic")]
    Basic,
    /// In the form
    #[value(name = "client_secret_post", alias = "post")]
    Post,
    /// A JWT that is signed with the private key
    #[value(name = "private_key_jwt")]
    PrivateKeyJwt,
    /// A JWT with a message authentication code of the secret
    #[value(name = "client_secret_jwt")]
    ClientSecretJwt,
}

impl ClientAuthentication {
    /// The setting's name in the configuration of requires-auth.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Basic => "client_secret_basic",
            Self::Post => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::ClientSecretJwt => "client_secret_jwt",
        }
    }
}

/// Checks the form. An empty variable is the same as none.
fn scope_claim(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let claim: ScopeClaim = text.parse().map_err(|error| format!("{error}"))?;
    Ok(claim.to_string())
}

/// Checks that the algorithm exists. An empty variable is the same as none.
fn algorithm(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let algorithm: SigningAlgorithm = text.parse().map_err(|error| format!("{error}"))?;
    Ok(algorithm.to_string())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Audience {
    /// It must
    Required,
    /// It may name none, so a token that was issued for another service may be accepted
    IfPresent,
    /// Any token of the authorization server is accepted
    Unchecked,
}

impl Audience {
    /// The setting's name in the configuration of requires-auth.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::IfPresent => "if-present",
            Self::Unchecked => "unchecked",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Introspection requests to the authorization server
    Introspection,
    /// JWTs are validated with the keys of the issuer
    Jwt,
    /// Keys for JWTs, introspection for other tokens
    Hybrid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Consent {
    /// A consent page in the browser
    Ask,
    /// No page, for scripts
    Auto,
}

impl Mode {
    /// The setting's name in the configuration of requires-auth.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Introspection => "introspection",
            Self::Jwt => "jwt",
            Self::Hybrid => "hybrid",
        }
    }
}

impl Settings {
    /// How tokens are checked without a provider.
    pub fn mode(&self) -> Mode {
        self.mode.unwrap_or(Mode::Introspection)
    }

    /// Reads the flags and the environment.
    pub fn read() -> Self {
        let matches = Self::command().get_matches();
        let mut settings = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        // A flag is one audience, which may contain spaces. A variable is a list.
        if matches.value_source("accept_audience") == Some(ValueSource::EnvVariable) {
            let all = settings.accept_audience.join(" ");
            settings.accept_audience = all.split(' ').map(str::to_owned).collect();
        }
        settings.accept_audience.retain(|audience| !audience.is_empty());
        settings.algorithm.retain(|algorithm| !algorithm.is_empty());
        settings.scope_claim.retain(|claim| !claim.is_empty());
        settings.issuer.retain(|issuer| !issuer.is_empty());
        settings.accept_client.retain(|client| !client.is_empty());
        settings
    }

    /// Whether the journal starts its own authorization server.
    pub fn is_demo(&self) -> bool {
        self.issuer.is_empty() && self.introspection_url.is_none()
    }

    /// Rejects flags that this version does not support and flags that contradict each other.
    pub fn check(&self) -> Result<(), &'static str> {
        self.check_mode()?;
        if self.is_demo() {
            self.check_demo()?;
        }
        if self.audience == Audience::Unchecked && !self.accept_audience.is_empty() {
            return Err(
                "--accept-audience names an audience, and --audience unchecked accepts any: \
                        leave one of them out",
            );
        }
        self.check_client_authentication()
    }

    fn check_mode(&self) -> Result<(), &'static str> {
        let verifies = self.mode.is_some_and(|mode| mode != Mode::Introspection);
        if verifies && self.issuer.is_empty() && !self.is_demo() {
            return Err(
                "--mode jwt and --mode hybrid verify the JWTs of an issuer: give its --issuer",
            );
        }
        if self.issuer.len() != 1 && self.provider.is_some() {
            return Err("--provider is for one --issuer");
        }
        if self.issuer.len() > 1 && (self.introspection_url.is_some() || self.jwks_uri.is_some()) {
            return Err("--introspection-url and --jwks-uri are for one --issuer");
        }
        if self.signed_response && self.mode == Some(Mode::Jwt) {
            return Err(
                "--signed-response is about introspection: leave it out, or choose --mode \
                        introspection or hybrid",
            );
        }
        let introspects = self.mode() == Mode::Introspection && self.provider.is_none();
        if !self.algorithm.is_empty() && introspects && !self.signed_response {
            return Err(
                "--algorithm is about JWTs and signed responses: choose --mode jwt or hybrid, or give \
                        --signed-response",
            );
        }
        if self.issuer.len() > 1 && self.redis.is_some() {
            return Err("--redis is for one --issuer");
        }
        Ok(())
    }

    fn check_demo(&self) -> Result<(), &'static str> {
        if self.client_id.is_some() {
            return Err("--client-id is for a real authorization server: give its --issuer or \
                        --introspection-url too");
        }
        if self.bearer_token.is_some() {
            return Err("--bearer-token is for a real authorization server: give its --issuer or \
                        --introspection-url too");
        }
        if self.client_authentication.is_some() {
            return Err("--client-authentication is for a real authorization server: give its \
                        --issuer or --introspection-url too");
        }
        if self.trust_anchors.is_some() {
            return Err(
                "--trust-anchors is for a real authorization server: give its --issuer or \
                        --introspection-url too",
            );
        }
        if self.signed_response {
            return Err("--signed-response is for a real authorization server: give its --issuer \
                        too");
        }
        if !self.scope_claim.is_empty() {
            return Err("--scope-claim is for a real authorization server: give its --issuer or \
                        --introspection-url too");
        }
        Ok(())
    }

    fn check_client_authentication(&self) -> Result<(), &'static str> {
        use ClientAuthentication::{Basic, ClientSecretJwt, Post, PrivateKeyJwt};
        if self.client_private_key.is_some()
            && self.client_authentication.is_some_and(|method| method != PrivateKeyJwt)
        {
            return Err("--client-private-key is for --client-authentication private_key_jwt");
        }
        match (self.client_authentication, &self.client_id, &self.bearer_token) {
            (_, _, Some(token)) if token.trim().is_empty() => Err("--bearer-token is empty"),
            (_, Some(_), Some(_)) => {
                Err("--client-id and --bearer-token are two ways to authenticate \
                                          to the authorization server: leave one of them out")
            }
            (Some(_), _, Some(_)) => {
                Err("--client-authentication is about a client id and secret, and \
                                          --bearer-token is used without: leave one of them out")
            }
            (Some(ClientAuthentication::None), Some(_), _) => Err(
                "--client-authentication none sends no client secret: leave out --client-id and \
                     --client-secret, or choose client_secret_basic or client_secret_post",
            ),
            (Some(PrivateKeyJwt), _, _) if self.client_private_key.is_none() => Err(
                "--client-authentication private_key_jwt signs with a key: give --client-id and \
                     --client-private-key too",
            ),
            (Some(Basic | Post | ClientSecretJwt), None, _) => {
                Err("--client-authentication sends a client id and secret: give --client-id and \
                     --client-secret too")
            }
            _ => Ok(()),
        }
    }
}
