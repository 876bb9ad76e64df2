//! Challenges, read by a strict parser. The lines of the input: realm, prefix of requested scopes, condition, resource.

use http::HeaderMap;
use requires_auth::{Rejection, ResourceServer};

use crate::challenge_parser::Challenge;
use crate::condition_text::Tree;
use crate::server::{builder, ready};

const OPENID: [&str; 6] = ["openid", "profile", "email", "address", "phone", "offline_access"];

// R-B2, R-B3, R-B8, R-B10
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(&data[..data.len().min(1024)]);
    let mut lines = text.split('\n');
    let mut line = || lines.next().filter(|line| !line.is_empty());
    let (realm, prefix) = (line(), line());
    let tree = Tree::parse(line().unwrap_or_default());
    let resource = line().unwrap_or("https://api.example/mcp");
    let Some(server) = server(resource, realm, prefix) else {
        return;
    };
    let condition = tree.leak();
    let headers = HeaderMap::new();
    let rejections = [
        ready(server.authorize(&headers, condition)).unwrap_err(),
        server.unauthorized(condition),
        server.invalid_token(condition),
        server.insufficient_scope(condition),
    ];
    for rejection in rejections {
        check(&rejection, &server, realm, prefix, &tree);
    }
}

/// `None` if a setting is wrong, and only then.
fn server(resource: &str, realm: Option<&str>, prefix: Option<&str>) -> Option<ResourceServer> {
    let with = |resource: &str, realm: Option<&str>, prefix: Option<&str>| {
        let mut builder = ResourceServer::builder(resource)
            .authorization_servers(["https://auth.example"])
            .resolver(builder().1);
        if let Some(realm) = realm {
            builder = builder.realm(realm);
        }
        if let Some(prefix) = prefix {
            builder = builder.requested_scope_prefix(prefix);
        }
        builder.build()
    };
    let server = with(resource, realm, prefix);
    let fits = realm
        .is_none_or(|realm| realm.chars().all(|it| it == ' ' || is_scope_character(it)))
        && prefix.is_none_or(|prefix| prefix.chars().all(is_scope_character))
        && with(resource, None, None).is_ok();
    assert_eq!(server.is_ok(), fits, "{resource:?} {realm:?} {prefix:?}: {:?}", server.err());
    server.ok()
}

fn is_scope_character(character: char) -> bool {
    character.is_ascii_graphic() && !"\"\\".contains(character)
}

fn check(
    rejection: &Rejection,
    server: &ResourceServer,
    realm: Option<&str>,
    prefix: Option<&str>,
    tree: &Tree,
) {
    let response = rejection.to_response::<String>();
    let challenges: Vec<_> = response.headers().get_all("www-authenticate").iter().collect();
    if response.status() == 500 {
        assert_eq!(challenges.len(), 0);
        return;
    }
    let is_unauthorized = response.status() == 401;
    assert_eq!(challenges.len(), if is_unauthorized { 2 } else { 1 });
    let expected = |scheme: &str, place: usize| {
        let text = challenges[place].to_str().unwrap();
        let challenge = Challenge::parse(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(challenge.scheme, scheme);
        assert_eq!(challenge.get("realm"), realm, "{text}");
        let metadata = challenge.get("resource_metadata").unwrap();
        let resource = &server.metadata().resource;
        if is_plain(resource) {
            assert_eq!(metadata, expected_metadata(resource), "{text}");
        }
        challenge
    };
    let challenge = expected("Bearer", 0);
    if is_unauthorized {
        let names = expected("DPoP", 1).parameters.into_iter().map(|(name, _)| name);
        let last = ["algs", "resource_metadata"].map(str::to_owned);
        assert_eq!(Vec::from_iter(names.filter(|name| name != "realm")), last);
    }
    let body: serde_json::Value = serde_json::from_str(response.body()).unwrap();
    if let Some(error) = challenge.get("error") {
        assert_eq!(body["error"], error);
        assert_eq!(body["error_description"], challenge.get("error_description").unwrap());
    }
    assert_eq!(challenge.get("scope"), rejection.scope());
    let named: Vec<&str> = tree.scopes();
    for scope in rejection.scope().into_iter().flat_map(|scope| scope.split(' ')) {
        assert!(!scope.is_empty() && scope.chars().all(is_scope_character), "{scope:?}");
        let in_token = prefix.and_then(|prefix| scope.strip_prefix(prefix));
        let is_named = named.contains(&scope) || in_token.is_some_and(|it| named.contains(&it));
        assert!(is_named, "{scope:?} is not in {tree:?}");
        if let Some(prefix) = prefix {
            assert!(scope.starts_with(prefix) || OPENID.contains(&scope), "{scope:?}");
        }
    }
    for name in challenge.parameters.iter().map(|(name, _)| &**name) {
        let known = ["realm", "error", "error_description", "scope", "resource_metadata"];
        assert!(known.contains(&name), "{name}");
    }
}

/// Whether a URL parser changes nothing about it.
fn is_plain(resource: &str) -> bool {
    let rest = resource.strip_prefix("https://").or_else(|| resource.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let of_name = |it: char| it.is_ascii_lowercase() || ".-".contains(it);
        let of_path = |it: char| it.is_ascii_alphanumeric() || "-_~/=&".contains(it);
        !host.is_empty() && host.chars().all(of_name) && path.chars().all(of_path)
    })
}

/// RFC 9728 §3.1: between the host and the path.
fn expected_metadata(resource: &str) -> String {
    let (scheme, rest) = resource.split_once("://").unwrap();
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let path = if path == "/" { "" } else { path };
    format!("{scheme}://{host}/.well-known/oauth-protected-resource{path}")
}
