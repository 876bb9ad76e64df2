//! The manifest: what each function requires of its callers.

use std::error::Error;
use std::sync::Arc;

use clap::ValueEnum;
use requires_auth::manifest::Kind;
use requires_auth::{Introspection, Manifest, ResourceServer};

use crate::mcp;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For the terminal
    Table,
    /// For a pull request
    Markdown,
    /// For another program
    Json,
    /// For a browser
    Html,
}

/// Lists the handlers, tools and prompts.
pub fn manifest() -> Result<Manifest, Box<dyn Error>> {
    // The server answers no request, and sends none to the issuer.
    let issuer = "http://localhost";
    let server = ResourceServer::builder("http://localhost/mcp")
        .issuer(issuer)
        .resolver(Introspection::from_issuer(issuer).build()?)
        .build()?;
    Ok(mcp::server(&server, Arc::default())?
        .manifest()
        .with_unguarded(Kind::Handler, "journal::rest::handlers::healthz")
        .with_unguarded(Kind::Handler, "journal::rest::handlers::openapi_document"))
}

pub fn formatted(manifest: &Manifest, format: Format) -> String {
    match format {
        Format::Table => manifest.to_string(),
        Format::Markdown => manifest.to_markdown(),
        Format::Json => manifest.to_json(),
        Format::Html => manifest.to_html(),
    }
}

#[test]
fn every_change_of_a_guard_is_reviewed() {
    manifest().unwrap().assert_unchanged("journal/manifest.json");
}
