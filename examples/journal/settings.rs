//! The flags of the journal, each also an environment variable.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// A journal with users, entries and tags, protected by requires-auth.
///
/// Without --issuer and --introspection-url it runs in demo mode: it starts an authorization server
/// of its own and prints commands to try.
#[derive(Debug, Parser)]
#[command(name = "journal", version)]
pub struct Settings {
    /// Address to listen on; port 0 picks a free one
    #[arg(long, env = "JOURNAL_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDR")]
    pub listen: SocketAddr,

    /// Resource identifier that tokens must be meant for [default: the listening URL + /mcp]
    #[arg(long, env = "JOURNAL_RESOURCE", value_name = "URL")]
    pub resource: Option<String>,

    /// Issuer of the tokens; its metadata names the introspection endpoint
    #[arg(long, env = "JOURNAL_ISSUER", value_name = "URL")]
    pub issuer: Option<String>,

    /// Introspection endpoint, in place of the one in the issuer's metadata
    #[arg(long, env = "JOURNAL_INTROSPECTION_URL", value_name = "URL")]
    pub introspection_url: Option<String>,

    /// Client id of the journal at the authorization server
    #[arg(long, env = "JOURNAL_CLIENT_ID", value_name = "ID", requires = "client_secret")]
    pub client_id: Option<String>,

    /// Secret of this client; better set in the environment, where other users do not see it
    #[arg(
        long,
        env = "JOURNAL_CLIENT_SECRET",
        value_name = "SECRET",
        hide_env_values = true,
        requires = "client_id"
    )]
    pub client_secret: Option<String>,

    /// Whether a token must name the resource as its audience
    #[arg(long, env = "JOURNAL_AUDIENCE", value_enum, default_value_t = Audience::Required)]
    pub audience: Audience,

    /// How tokens are checked [not yet: jwt, hybrid]
    #[arg(long, env = "JOURNAL_MODE", value_enum, default_value_t = Mode::Introspection)]
    pub mode: Mode,

    /// How long an answer about a token is remembered; 0 asks about every request
    #[arg(long, env = "JOURNAL_CACHE_TTL", value_name = "SECONDS", default_value_t = 60)]
    pub cache_ttl: u64,

    /// Redis or Valkey to share remembered answers in, with other journals
    #[arg(
        long,
        env = "JOURNAL_REDIS",
        value_name = "URL",
        hide_env_values = true,
        requires = "redis_secret"
    )]
    pub redis: Option<String>,

    /// The secret that all these journals have, at least 32 bytes; better in the environment
    #[arg(
        long,
        env = "JOURNAL_REDIS_SECRET",
        value_name = "SECRET",
        hide_env_values = true,
        requires = "redis"
    )]
    pub redis_secret: Option<String>,

    /// Demo mode: address of the authorization server
    #[arg(
        long,
        env = "JOURNAL_AUTH_LISTEN",
        default_value = "127.0.0.1:9000",
        value_name = "ADDR"
    )]
    pub auth_listen: SocketAddr,

    /// Demo mode: whether a person is asked for consent in the browser
    #[arg(long, env = "JOURNAL_CONSENT", value_enum, default_value_t = Consent::Ask)]
    pub consent: Consent,

    /// Demo mode: file to write the demo tokens to, as a JSON object
    #[arg(long, env = "JOURNAL_TOKENS_FILE", value_name = "PATH")]
    pub tokens_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Audience {
    Required,
    IfPresent,
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
    /// Ask the authorization server about each token
    Introspection,
    /// Check tokens by the issuer's keys
    Jwt,
    /// Keys for JWTs, introspection for the rest
    Hybrid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Consent {
    /// A consent page in the browser
    Ask,
    /// None, for scripts
    Auto,
}

impl Settings {
    /// Whether the journal brings its own authorization server.
    pub fn is_demo(&self) -> bool {
        self.issuer.is_none() && self.introspection_url.is_none()
    }

    /// Refuses what this version cannot do, rather than doing something else.
    pub fn check(&self) -> Result<(), &'static str> {
        if self.mode != Mode::Introspection {
            return Err("--mode jwt and --mode hybrid need JWT validation, which requires-auth \
                        does not have yet; use --mode introspection");
        }
        if self.is_demo() && self.client_id.is_some() {
            return Err("--client-id is for a real authorization server: give its --issuer or \
                        --introspection-url too");
        }
        Ok(())
    }
}
