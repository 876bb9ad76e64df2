//! The flags.

use clap::{Parser, ValueEnum};

/// An authorization server for tests and demonstrations, with a page that mints and revokes tokens and switches faults on.
#[derive(Debug, Parser)]
#[command(name = "authorization-server", version)]
pub(crate) struct Settings {
    /// Port of the authorization server on 127.0.0.1; 0 picks a free one
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    pub(crate) port: u16,

    /// Port of the page on 127.0.0.1; 0 picks a free one
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    pub(crate) page_port: u16,

    /// Resource identifier of the application: the audience of the tokens
    #[arg(long, default_value = "http://127.0.0.1:3000", value_name = "URL")]
    pub(crate) resource: String,

    /// URL of the application that the printed commands request
    #[arg(long, default_value = "http://127.0.0.1:3000/hello", value_name = "URL")]
    pub(crate) url: String,

    /// Scopes that the page offers, separated by spaces; the metadata lists them
    #[arg(long, default_value = "hello:read", value_name = "SCOPES")]
    pub(crate) scopes: String,

    /// Client id of the application, which introspects tokens
    #[arg(long, default_value = "my-api", value_name = "ID")]
    pub(crate) client_id: String,

    /// Secret of this client
    #[arg(long, default_value = "only-for-the-demo", value_name = "SECRET")]
    pub(crate) client_secret: String,

    /// Format of the tokens of the token endpoint, and the one that the page offers first
    #[arg(long, value_enum, default_value_t = Format::Opaque)]
    pub(crate) format: Format,

    /// Whether the authorization endpoint shows a consent page
    #[arg(long, value_enum, default_value_t = Consent::Ask)]
    pub(crate) consent: Consent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A random text, which the application introspects
    Opaque,
    /// A JWT (RFC 9068), which the application can also verify with the key set
    Jwt,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Consent {
    /// A consent page in the browser
    Ask,
    /// No page, for scripts
    Auto,
}
