//! The cost of a JWT: at first sight, compared with the bare verification of its signature, and when cached.
//!
//! `cargo bench -p requires-auth --features jwt,testing --bench jwt`. The benchmark fails if a budget is exceeded.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a benchmark that meets the unexpected fails"
)]

use std::process::ExitCode;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bench_support::paired_runs::{Variant, compare};
use bench_support::report::{Report, figure, heading, ns};
use requires_auth::testing::{AuthorizationServer, TokenFormat};
use requires_auth::{AccessToken, Cached, JwtVerifier, Resolver, SigningAlgorithm};
use serde_json::{Value, json};
use tokio::runtime::Builder;

const ROUNDS: usize = 200;
const CALLS: u32 = 100;

fn main() -> ExitCode {
    let mut report = Report::default();
    for algorithm in [SigningAlgorithm::Rs256, SigningAlgorithm::Es256] {
        run(algorithm, &mut report);
    }
    report.exit()
}

fn run(algorithm: SigningAlgorithm, report: &mut Report) {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = AuthorizationServer::builder().token_format(TokenFormat::Jwt);
    let server = runtime.block_on(server.signing_algorithm(algorithm).start()).unwrap();
    let token = server.mint().subject("alice").audience("https://journal.example/mcp");
    let token = token.scopes("entries:read entries:write").client_id("app").issue();
    let key = bare_key(&server.public_jwk());
    let (input, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let verifier = || JwtVerifier::from_issuer(server.issuer()).build().unwrap();
    let (verifier, cached) = (verifier(), Cached::new(verifier()));
    let access_token: AccessToken = token.parse().unwrap();
    runtime.block_on(cached.resolve(&access_token)).unwrap();
    // Key ids that somebody makes up, within one cooldown.
    let (_, payload_and_signature) = token.split_once('.').unwrap();
    let unknown: Vec<AccessToken> = (0..1000)
        .map(|id| {
            let header =
                json!({ "alg": algorithm.as_str(), "kid": id.to_string(), "typ": "at+jwt" });
            let header = URL_SAFE_NO_PAD.encode(header.to_string());
            format!("{header}.{payload_and_signature}").parse().unwrap()
        })
        .collect();
    let mut next = unknown.iter().cycle();
    runtime.block_on(verifier.resolve(&access_token)).unwrap();
    let fetches = server.key_set_requests();
    let mut variants = [
        Variant::new("bare verification with aws-lc-rs", |calls| {
            for _ in 0..calls {
                key.verify_sig(input.as_bytes(), &signature).unwrap();
            }
        }),
        Variant::new("JwtVerifier", |calls| {
            runtime.block_on(async {
                for _ in 0..calls {
                    verifier.resolve(&access_token).await.unwrap();
                }
            });
        }),
        Variant::new("the same token, cached", |calls| {
            for _ in 0..calls {
                cached.cached(&access_token).unwrap().unwrap();
            }
        }),
        Variant::new("a token with a random key id", |calls| {
            runtime.block_on(async {
                for _ in 0..calls {
                    assert!(verifier.resolve(next.next().unwrap()).await.is_err());
                }
            });
        }),
    ];
    let rounds = compare(&mut variants, ROUNDS, CALLS);
    heading(&format!("A JWT of {} bytes, {algorithm}", token.len()));
    for (index, variant) in variants.iter().enumerate() {
        figure(variant.name, ns(rounds.median(index)));
    }
    let ratio = rounds.ratio(1, 0);
    report.check("at first sight", format!("{ratio:.2} times"), "1.15 times", ratio <= 1.15);
    let rate = 1e9 / rounds.median(3);
    let name = "random key ids in a second";
    report.check(name, format!("{rate:.0}"), "at least 10000", rate >= 10_000.0);
    let fetches = server.key_set_requests() - fetches;
    let name = "fetches of the key set by them, in one cooldown";
    report.check(name, fetches.to_string(), "1", fetches == 1);
}

fn bare_key(jwk: &Value) -> ParsedPublicKey {
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    if jwk["kty"] == "RSA" {
        let components = RsaPublicKeyComponents { n: bytes("n"), e: bytes("e") };
        let der = components.as_der().unwrap();
        return ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der.as_ref()).unwrap();
    }
    let point = [vec![4], bytes("x"), bytes("y")].concat();
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).unwrap()
}
