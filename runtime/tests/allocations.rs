//! The allocations for a request with a cached token, and the memory of a cached token.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected fails"
)]
#![allow(unreachable_pub, reason = "a program has no outside")]

use std::convert::Infallible;

use allocation_counter::{AllocationInfo, measure};
use axum::Router;
use axum::body::Body;
use axum::handler::Handler;
use axum::routing::get;
use bench_support::token::{CLAIMS, ISSUER, RESOURCE, TOKEN};
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request};
use requires_auth::{
    AccessToken, ApiKeys, Cached, Claims, ResolveError, Resolver, ResourceServer,
    ResourceServerBuilder, requires_auth,
};
use tokio::runtime::{Builder, Runtime};
use tower_service::Service;

/// The greatest allowed memory for one cached token, in bytes.
const LARGEST_ENTRY: f64 = 1536.0;

const API_KEY: &str = "jrn_0123456789abcdef0123456789abcdef";

const ENTRIES: u32 = 20_000;

/// The overhead of the allocator for each allocation, at most: its header and its rounding.
const PER_ALLOCATION: i64 = 32;

#[test]
fn a_cached_token_needs_one_allocation() {
    // R-E1: at most two are allowed for.
    let runtime = runtime();
    let with = allocations(&runtime, server(), TOKEN, guarded);
    let without = allocations(&runtime, server(), TOKEN, unguarded);
    let with_extractor = allocations(&runtime, server(), TOKEN, extractor);
    assert_eq!(with_extractor, without, "axum allocates nothing more for an argument");
    assert_eq!(with, without + 1, "the caller is behind a pointer");
}

#[test]
fn an_api_key_and_a_cached_token_beside_it_need_one_allocation() {
    // R-F13, R-E1
    let runtime = runtime();
    let without = allocations(&runtime, server(), TOKEN, unguarded);
    let path = std::env::temp_dir().join(format!("allocations-{}.json", std::process::id()));
    let sha256 = "5b87420577df2e2cdffb49cc228ba8c6bb4e53e657b60fa67eb49b4e101941a2";
    let keys = format!(
        r#"{{"keys":[{{"id":"a","sha256":"{sha256}","scopes":["entries:read","entries:write"]}}]}}"#
    );
    std::fs::write(&path, keys).unwrap();
    // Three parts, so that its issuer would be read where there are several issuers.
    for token in [API_KEY, "e30.eyJpc3MiOiJodHRwczovL290aGVyLmV4YW1wbGUifQ.c2lnbmF0dXJl"] {
        let keys = ApiKeys::from_file(&path).unwrap();
        let server = builder().api_keys("jrn_", keys).build().unwrap();
        assert_eq!(allocations(&runtime, server, token, guarded), without + 1, "{token}");
    }
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_cached_token_needs_at_most_one_and_a_half_kibibytes() {
    // R-E5
    let runtime = runtime();
    let cached = Cached::new(StaticResolver);
    let tokens: Vec<AccessToken> = (0..ENTRIES)
        .map(|number| format!("{number:.>71}").parse::<AccessToken>().unwrap())
        .collect();
    // Allocates what the runtime and the cache keep.
    runtime.block_on(cached.resolve(&"first".parse::<AccessToken>().unwrap())).unwrap();
    let AllocationInfo { bytes_current, count_current, .. } = measure(|| {
        runtime.block_on(async {
            for token in &tokens {
                cached.resolve(token).await.unwrap();
            }
        });
    });
    let bytes = i32::try_from(bytes_current + PER_ALLOCATION * count_current).unwrap();
    let each = f64::from(bytes) / f64::from(ENTRIES);
    println!("a cached token needs {each:.0} bytes");
    assert!((500.0..=LARGEST_ENTRY).contains(&each), "{each} bytes");
}

/// The number of allocations for a repeated request to this handler.
fn allocations<T: 'static>(
    runtime: &Runtime,
    server: ResourceServer,
    token: &str,
    handler: impl Handler<T, ResourceServer>,
) -> u64 {
    let mut app = Router::new().route("/", get(handler)).with_state(server).into_service();
    // As in hyper: a slice of the buffer of the connection, which all headers share.
    let credentials = HeaderValue::try_from(format!("Bearer {token}")).unwrap();
    let mut send = || {
        let mut request = Request::new(Body::empty());
        request.headers_mut().insert(AUTHORIZATION, credentials.clone());
        let response: Result<_, Infallible> = runtime.block_on(app.call(request));
        assert_eq!(response.unwrap().status(), 200);
    };
    // At the second use of an entry, the thread keeps it.
    for _ in 0..4 {
        send();
    }
    let counted = measure(&mut send).count_total;
    assert_eq!(measure(&mut send).count_total, counted, "each time the same");
    counted
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Resolves each token to the same claims.
struct StaticResolver;

impl Resolver for StaticResolver {
    async fn resolve(&self, _: &AccessToken) -> Result<Claims, ResolveError> {
        Claims::from_introspection(CLAIMS.as_bytes())
    }

    fn cache_namespace(&self) -> String {
        "https://auth.example/oauth2/introspect journal".to_owned()
    }
}

/// A resource server with a cache.
fn server() -> ResourceServer {
    builder().build().unwrap()
}

fn builder() -> ResourceServerBuilder {
    let resolver = Cached::new(StaticResolver);
    ResourceServer::builder(RESOURCE).issuer(ISSUER).resolver(resolver)
}

#[requires_auth(scopes = "entries:read entries:write")]
async fn guarded() -> &'static str {
    "journal"
}

async fn unguarded() -> &'static str {
    "journal"
}

/// With an extractor that does nothing.
async fn extractor(_: http::Version) -> &'static str {
    "journal"
}
