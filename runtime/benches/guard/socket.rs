//! Through a real socket: how much of the bare handler's throughput the guarded one keeps. Beside it,
//! not judged, what is left to a handler that has any argument, and to one that does nothing for its
//! caller but hash the token: no guard with a cache that keeps no tokens can do better than that.

use std::cell::RefCell;
use std::convert::Infallible;
use std::hint::black_box;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::routing::get;
use http::header::AUTHORIZATION;
use http::request::Parts;
use sha2::{Digest, Sha256};

use crate::support::caller::{ANSWER, TOKEN, bare, extracting, guarded, server};
use crate::support::contest::{Contender, compare};
use crate::support::table::{Table, line, percent, title, us};
use crate::support::wire::{Clients, serve};

const ROUNDS: usize = 150;
const CALLS: u32 = 3200;

/// As many connections as ask at the same time.
const CONNECTIONS: u32 = 32;

pub fn run(table: &mut Table) {
    let app = Router::new()
        .route("/bare", get(bare))
        .route("/guarded", get(guarded))
        .route("/extracting", get(extracting))
        .route("/hashing", get(hashing));
    let address = serve(app.with_state(server()));
    // Of one length.
    let request = |path: &str| {
        format!("GET {path:?<12} HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {TOKEN}\r\n\r\n")
    };
    let first = request("/bare");
    // Over the same connections: some are faster than others, wherever that comes from.
    let clients = RefCell::new(Clients::new(address, CONNECTIONS, || first.clone(), ANSWER));
    let handler = |name, path| {
        let (request, clients) = (request(path), &clients);
        Contender::new(name, move |calls| {
            let mut clients = clients.borrow_mut();
            clients.say(&request);
            clients.ask(calls);
        })
    };
    let mut contenders = [
        handler("bare handler", "/bare"),
        handler("guarded handler", "/guarded"),
        handler("bare handler with an argument", "/extracting"),
        handler("handler that only hashes the token", "/hashing"),
    ];
    let rounds = compare(&mut contenders, ROUNDS, CALLS);
    title(&format!("Through a socket, {CONNECTIONS} connections that are kept open"));
    for (place, contender) in contenders.iter().enumerate() {
        line(contender.name, us(rounds.median(place)));
    }
    let kept = |place| rounds.ratio(0, place);
    line("throughput kept with an argument, whatever it is", percent(kept(2)));
    line("throughput kept with the hash alone", percent(kept(3)));
    table.judge("throughput kept", percent(kept(1)), "97 %", kept(1) >= 0.97);
}

async fn hashing(_: Hashed) -> &'static str {
    ANSWER
}

/// The SHA-256 of the token.
struct Hashed;

impl<S: Sync> FromRequestParts<S> for Hashed {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let token = &parts.headers[AUTHORIZATION].as_bytes()["Bearer ".len()..];
        black_box(Sha256::digest(token));
        Ok(Self)
    }
}
