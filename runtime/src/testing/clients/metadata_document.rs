//! Client-id metadata documents: the client id is the URL of a document with the metadata of the client
//! (draft-ietf-oauth-client-id-metadata-document).

use std::sync::Arc;
use std::time::Duration;

use reqwest::ClientBuilder;
use url::{Host, Url};

use super::client::{GrantType, OAuthClient};
use super::metadata::ClientMetadata;
use super::public_address::{PublicOnly, is_public};
use crate::secure_url::is_loopback;
use crate::testing::settings::Settings;
use crate::tls_backend;

/// The longest document in bytes.
const MAX_LENGTH: usize = 64 * 1024;
const TIMEOUT: Duration = Duration::from_secs(5);

/// Whether a client id is the URL of a document that may be fetched.
///
/// The scheme is `https` and the host public. If local documents are allowed, the host may be any, and the
/// scheme `http` for a loopback host. The URL has a path and is normalized, so that no two ids are URLs of
/// the same document.
pub(crate) fn is_document_url(id: &str, settings: &Settings) -> bool {
    is_acceptable(id, settings.local_documents)
}

fn is_acceptable(id: &str, local: bool) -> bool {
    Url::parse(id).is_ok_and(|url| {
        let host_is_allowed = match url.scheme() {
            "https" => local || may_be_public(&url),
            "http" => local && is_loopback(&url),
            _ => false,
        };
        host_is_allowed
            && url.as_str() == id
            && url.path() != "/"
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    })
}

/// Whether the host is a public address or a name. The addresses of a name are checked when it is
/// resolved.
fn may_be_public(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => is_public(address.into()),
        Some(Host::Ipv6(address)) => is_public(address.into()),
        Some(Host::Domain(_)) => !is_loopback(url),
        None => false,
    }
}

/// Fetches the document. The error is a sentence for the error page.
pub(crate) async fn fetch(id: &str, settings: &Settings) -> Result<OAuthClient, &'static str> {
    let (scheme, _) = id.split_once(':').unwrap_or_default();
    tls_backend::check_scheme(scheme)
        .map_err(|_| "The client's metadata document needs TLS, which this build does not have.")?;
    let client = tls_backend::client_builder();
    let body = download(client, id, settings.local_documents)
        .await
        .ok_or("The client's metadata document could not be fetched.")?;
    let metadata: ClientMetadata = serde_json::from_slice(&body)
        .map_err(|_| "The client's metadata document is not what it should be.")?;
    if metadata.client_id.as_deref() != Some(id) {
        return Err("The client's metadata document names another client.");
    }
    // A public document holds no secret, and the server does not verify signatures with keys.
    let method = metadata.token_endpoint_auth_method.as_deref();
    if metadata.client_secret.is_some() || !matches!(method, None | Some("none")) {
        return Err("The client wants to authenticate in a way that is not supported here.");
    }
    let grant_types = metadata.grant_types();
    if !grant_types.contains(&GrantType::AuthorizationCode)
        || !metadata.response_types_are_supported()
        || !metadata.redirects_are_acceptable()
    {
        return Err("The client's metadata document asks for what is not supported here.");
    }
    Ok(OAuthClient {
        id: id.to_owned(),
        secret: None,
        #[cfg(feature = "jwt")]
        public_jwk: None,
        #[cfg(feature = "dpop")]
        // Not supported here: the document is not fetched for a token request.
        dpop_bound_access_tokens: false,
        name: metadata.client_name,
        redirect_uris: metadata.redirect_uris,
        grant_types,
    })
}

async fn download(client: ClientBuilder, id: &str, local: bool) -> Option<Vec<u8>> {
    // A proxy would resolve the name itself, without `PublicOnly`.
    let mut builder =
        client.redirect(reqwest::redirect::Policy::none()).timeout(TIMEOUT).no_proxy();
    if !local {
        builder = builder.dns_resolver(Arc::new(PublicOnly));
    }
    let request = builder.build().ok()?.get(id);
    let mut response = request.header("accept", "application/json").send().await.ok()?;
    if response.status() != reqwest::StatusCode::OK {
        return None;
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_LENGTH {
            return None;
        }
    }
    Some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_url_is_https_and_has_a_path() {
        for accepted in [
            "https://app.example/client.json",
            "https://app.example/oauth/client?v=1",
            "https://1.1.1.1/a",
        ] {
            assert!(is_acceptable(accepted, false) && is_acceptable(accepted, true), "{accepted}");
        }
        for rejected in [
            "https://app.example",
            "https://app.example/",
            "http://app.example/client.json",
            "https://app.example/a/../client.json",
            "https://app.example/client.json#x",
            "https://user@app.example/client.json",
            "HTTPS://app.example/client.json",
            "ftp://127.0.0.1/client.json",
            "cli",
        ] {
            assert!(
                !is_acceptable(rejected, false) && !is_acceptable(rejected, true),
                "{rejected}"
            );
        }
    }

    #[test]
    fn a_document_on_a_loopback_or_private_address_has_to_be_allowed() {
        for local in [
            "http://127.0.0.1:8000/client.json",
            "http://localhost:8000/client.json",
            "http://[::1]:8000/client.json",
            "https://127.0.0.1/client.json",
            "https://localhost/client.json",
            "https://app.localhost/client.json",
            "https://192.168.1.1/client.json",
            "https://169.254.169.254/latest/meta-data",
            "https://[fd00::1]/client.json",
        ] {
            assert!(!is_acceptable(local, false) && is_acceptable(local, true), "{local}");
        }
        // Plain `http` is for loopback hosts only.
        assert!(!is_acceptable("http://192.168.1.1/client.json", true));
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_a_loopback_address_is_not_connected_to() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        // These names resolve to a loopback address without DNS. `is_acceptable` rejects them earlier.
        for host in ["localhost", "localhost."] {
            let (client, url) =
                (tls_backend::client_builder(), format!("http://{host}:{port}/client.json"));
            assert!(download(client, &url, false).await.is_none());
        }
        let accepted = tokio::time::timeout(Duration::ZERO, listener.accept()).await;
        assert!(accepted.is_err(), "a connection arrived");
    }
}
