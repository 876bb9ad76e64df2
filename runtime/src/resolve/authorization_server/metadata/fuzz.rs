//! The fuzz target of metadata documents, in which an endpoint that gets tokens is found.

#![allow(clippy::unwrap_used, reason = "a target that meets the unexpected fails")]

use serde_json::{Map, Value};

use super::{Metadata, MetadataMember, check_issuer};
use crate::json_object::Object;
use crate::secure_url::{self, Http};

const ISSUER: &str = "https://auth.example";

// R-C3, R-C8
pub(crate) fn run(data: &[u8]) {
    let Ok(Object(metadata)) = serde_json::from_slice::<Object<Metadata>>(data) else { return };
    // A repeated member was an error. The text of a member that is not read may be no UTF-8.
    let text = String::from_utf8_lossy(data);
    let Ok(document) = serde_json::from_str::<Map<String, Value>>(&text) else { return };
    assert_eq!(metadata.issuer, document.get("issuer").unwrap().as_str().unwrap());
    let checked = check_issuer(&metadata, ISSUER, "the document");
    assert_eq!(checked.is_ok(), metadata.issuer == ISSUER);
    if let Err(error) = checked {
        let text = error.to_string();
        assert!(text.chars().all(|it| it.is_ascii_graphic() || it == ' '), "{text:?}");
        assert!(text.len() < 4000, "{} characters", text.len());
    }
    for (member, name) in [
        (MetadataMember::IntrospectionEndpoint, "introspection_endpoint"),
        (MetadataMember::TokenEndpoint, "token_endpoint"),
        (MetadataMember::JwksUri, "jwks_uri"),
    ] {
        for has_certificate in [false, true] {
            let Object(metadata): Object<Metadata> = serde_json::from_slice(data).unwrap();
            let endpoint = metadata.endpoint(member, has_certificate);
            let plain = document.get(name).and_then(Value::as_str);
            let aliases = document.get("mtls_endpoint_aliases").and_then(Value::as_object);
            let alias = aliases.and_then(|it| it.get(name)).and_then(Value::as_str);
            let alias = alias.filter(|_| has_certificate && name != "jwks_uri");
            assert_eq!(endpoint.as_deref(), alias.or(plain), "{name}");
            if let Some(Ok(url)) = endpoint.map(|url| secure_url::parse(&url, Http::LoopbackOnly)) {
                check_url(&url);
            }
        }
    }
}

/// Tokens and secrets are sent to it.
fn check_url(url: &url::Url) {
    let host = url.host_str().unwrap();
    let is_local = host == "localhost"
        || host.ends_with(".localhost")
        || host.starts_with("127.")
        || host == "[::1]"
        || host.starts_with("[::ffff:7f");
    assert!(url.scheme() == "https" || (url.scheme() == "http" && is_local), "{url}");
    let (_, rest) = url.as_str().split_once("://").unwrap();
    let authority = rest.split(['/', '?']).next().unwrap();
    assert!(!authority.contains('@') && !url.as_str().contains('#'), "{url}");
}
