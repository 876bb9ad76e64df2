//! The cost of a DPoP proof: a request with a known token and a fresh proof, compared with the bare verification of the
//! signature and a cached check.
//!
//! `cargo bench -p requires-auth --features dpop,testing --bench dpop`. The benchmark fails if a budget is exceeded.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark that meets the unexpected fails"
)]

use std::process::ExitCode;
use std::time::Instant;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bench_support::paired_runs::{Variant, compare, median};
use bench_support::report::{Report, figure, heading, ns};
use requires_auth::testing::{AuthorizationServer, DpopKey};
use requires_auth::{Cached, Condition, Dpop, Introspection, Reason, RequestHead, ResourceServer};
use serde_json::Value;
use tokio::runtime::Builder;

const ROUNDS: usize = 200;
const CALLS: u32 = 50;
const RESOURCE: &str = "https://journal.example/mcp";
const URI: &str = "https://journal.example/entries";

fn main() -> ExitCode {
    let mut report = Report::default();
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let authorization_server = runtime.block_on(AuthorizationServer::start()).unwrap();
    proofs(&runtime, &authorization_server, &mut report);
    many_proofs_of_one_key(&runtime, &authorization_server, &mut report);
    report.exit()
}

fn server(authorization_server: &AuthorizationServer, dpop: Dpop) -> ResourceServer {
    let client = Introspection::builder(authorization_server.introspection_url()).build().unwrap();
    ResourceServer::builder(RESOURCE)
        .issuer(authorization_server.issuer())
        .resolver(Cached::new(client))
        .dpop(dpop)
        .build()
        .unwrap()
}

fn token(authorization_server: &AuthorizationServer, key: Option<&DpopKey>) -> String {
    let mint = authorization_server.mint().subject("alice").audience(RESOURCE);
    let mint = mint.scopes("entries:read entries:write");
    match key {
        Some(key) => mint.bound_to(key).issue(),
        None => mint.issue(),
    }
}

fn request(token: &str, proof: Option<&str>) -> http::Request<()> {
    let scheme = if proof.is_some() { "DPoP" } else { "Bearer" };
    let request =
        http::Request::get("/entries").header("authorization", format!("{scheme} {token}"));
    let request = match proof {
        Some(proof) => request.header("dpop", proof),
        None => request,
    };
    request.body(()).unwrap()
}

fn proofs(
    runtime: &tokio::runtime::Runtime,
    authorization_server: &AuthorizationServer,
    report: &mut Report,
) {
    let server = server(authorization_server, Dpop::accepted().max_proofs_per_key(1_000_000));
    let key = DpopKey::generate();
    let bound = token(authorization_server, Some(&key));
    let bearer = request(&token(authorization_server, None), None);
    // One proof for each call, and for the round that is not measured.
    let number = (ROUNDS + 1) * CALLS as usize;
    let proof = || key.proof("GET", URI).access_token(&bound).sign();
    let requests: Vec<_> = (0..number).map(|_| request(&bound, Some(&proof()))).collect();
    let mut fresh = requests.iter();
    let length = proof().len();
    // The bare side verifies each signature once as well: one that is verified again and again takes less time.
    let signed: Vec<_> = (0..number).map(|_| signed(&proof())).collect();
    let mut signatures = signed.iter();
    let bare = bare_key(key.public_jwk());
    let check = |request: &http::Request<()>| {
        let head = RequestHead::from(request);
        let authorized = server.authorize(head, Condition::Scope("entries:read"));
        runtime.block_on(authorized).unwrap();
    };
    let mut variants = [
        Variant::new("bare verification with aws-lc-rs", |calls| {
            for _ in 0..calls {
                let (input, signature) = signatures.next().unwrap();
                bare.verify_sig(input.as_bytes(), signature).unwrap();
            }
        }),
        Variant::new("a known token without a proof", |calls| {
            for _ in 0..calls {
                check(&bearer);
            }
        }),
        Variant::new("a known token with a fresh proof", |calls| {
            for _ in 0..calls {
                check(fresh.next().unwrap());
            }
        }),
        Variant::new("bare verification of one signature, repeated", |calls| {
            for _ in 0..calls {
                let (input, signature) = &signed[0];
                bare.verify_sig(input.as_bytes(), signature).unwrap();
            }
        }),
    ];
    let rounds = compare(&mut variants, ROUNDS, CALLS);
    heading(&format!("A proof of {length} bytes, ES256"));
    for (index, variant) in variants.iter().enumerate() {
        figure(variant.name, ns(rounds.median(index)));
    }
    let added = rounds.ratio(2, 0) / (1.0 + rounds.ratio(1, 0));
    let name = "with a fresh proof, compared with both parts";
    report.check(name, format!("{added:.2} times"), "1.15 times", added <= 1.15);
}

fn many_proofs_of_one_key(
    runtime: &tokio::runtime::Runtime,
    authorization_server: &AuthorizationServer,
    report: &mut Report,
) {
    const PROOFS: usize = 100_000;
    let server = server(authorization_server, Dpop::accepted());
    let (flood, honest) = (DpopKey::generate(), DpopKey::generate());
    let [flooding, own] = [&flood, &honest].map(|key| token(authorization_server, Some(key)));
    let send = |key: &DpopKey, token: &str| {
        let proof = key.proof("GET", URI).access_token(token).sign();
        let request = request(token, Some(&proof));
        let started = Instant::now();
        let head = RequestHead::from(&request);
        let authorized = runtime.block_on(server.authorize(head, Condition::NONE));
        (authorized.map(drop).map_err(|it| it.reason()), started.elapsed())
    };
    let (mut accepted, mut full, mut times) = (0, 0, Vec::new());
    for number in 0..PROOFS {
        match send(&flood, &flooding).0 {
            Ok(()) => accepted += 1,
            Err(Reason::Unavailable) => full += 1,
            Err(other) => panic!("{other:?}"),
        }
        if number % 100 == 0 {
            let (result, time) = send(&honest, &own);
            assert_eq!(result, Ok(()), "the honest client is served");
            times.push(time.as_secs_f64() * 1e9);
        }
    }
    heading("100,000 distinct proofs of one key");
    figure("accepted and stored", accepted.to_string());
    figure("rejected with a 503", full.to_string());
    figure("another client's request meanwhile, median", ns(median(times)));
    report.check("stored proofs of the key", accepted.to_string(), "50000", accepted == 50_000);
}

/// What the signature of a proof is of, and the signature.
fn signed(proof: &str) -> (String, Vec<u8>) {
    let (input, signature) = proof.rsplit_once('.').unwrap();
    (input.to_owned(), URL_SAFE_NO_PAD.decode(signature).unwrap())
}

fn bare_key(jwk: &Value) -> ParsedPublicKey {
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    let point = [vec![4], bytes("x"), bytes("y")].concat();
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).unwrap()
}
