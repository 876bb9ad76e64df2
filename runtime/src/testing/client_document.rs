//! Client-id metadata documents: a client whose id is the URL of what it says about itself
//! (draft-ietf-oauth-client-id-metadata-document).

use std::time::Duration;

use url::Url;

use super::client::{GrantType, OAuthClient};
use super::client_metadata::ClientMetadata;
use crate::secure_url::is_loopback;

/// Far above any document seen, far below what would hurt.
const LARGEST: usize = 64 * 1024;
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether a client id is such a URL: `https`, or `http` on this machine, with a path, and written
/// the way a URL parser writes it, so that two different ids never mean one document.
pub(super) fn is_document_url(id: &str) -> bool {
    Url::parse(id).is_ok_and(|url| {
        let scheme = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        scheme
            && url.as_str() == id
            && url.path() != "/"
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    })
}

/// Fetches the document: no redirects, five seconds, 64 KiB. The error is for the human.
pub(super) async fn fetch(id: &str) -> Result<OAuthClient, &'static str> {
    let body = download(id).await.ok_or("The client's metadata document could not be fetched.")?;
    let metadata: ClientMetadata = serde_json::from_slice(&body)
        .map_err(|_| "The client's metadata document is not what it should be.")?;
    if metadata.client_id.as_deref() != Some(id) {
        return Err("The client's metadata document names another client.");
    }
    // Nothing in a public document is a secret, and there is no key that we could check.
    let method = metadata.token_endpoint_auth_method.as_deref();
    if metadata.client_secret.is_some() || !matches!(method, None | Some("none")) {
        return Err("The client wants to authenticate in a way that is not supported here.");
    }
    let grant_types = metadata.grant_types();
    if !grant_types.contains(&GrantType::AuthorizationCode)
        || !metadata.response_types_are_known()
        || !metadata.redirects_are_acceptable()
    {
        return Err("The client's metadata document asks for what is not supported here.");
    }
    Ok(OAuthClient {
        id: id.to_owned(),
        secret: None,
        name: metadata.client_name,
        redirect_uris: metadata.redirect_uris,
        grant_types,
    })
}

async fn download(id: &str) -> Option<Vec<u8>> {
    let mut builder =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE);
    if Url::parse(id).is_ok_and(|url| is_loopback(&url)) {
        builder = builder.no_proxy();
    }
    let request = builder.build().ok()?.get(id);
    let mut response = request.header("accept", "application/json").send().await.ok()?;
    if response.status() != reqwest::StatusCode::OK {
        return None;
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST {
            return None;
        }
    }
    Some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_url_is_https_or_local_and_has_a_path() {
        for good in [
            "https://app.example/client.json",
            "https://app.example/oauth/client?v=1",
            "http://127.0.0.1:8000/client.json",
        ] {
            assert!(is_document_url(good), "{good}");
        }
        for bad in [
            "https://app.example",
            "https://app.example/",
            "http://app.example/client.json",
            "https://app.example/a/../client.json",
            "https://app.example/client.json#x",
            "https://user@app.example/client.json",
            "HTTPS://app.example/client.json",
            "cli",
        ] {
            assert!(!is_document_url(bad), "{bad}");
        }
    }
}
