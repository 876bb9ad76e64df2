//! Through a real socket: how much of the bare handler's throughput the guarded one keeps.

use axum::Router;
use axum::routing::get;

use crate::support::caller::{ANSWER, TOKEN, bare, guarded, server};
use crate::support::contest::{Contender, compare};
use crate::support::table::{Table, line, percent, title, us};
use crate::support::wire::{Clients, serve};

const ROUNDS: usize = 150;
const CALLS: u32 = 3200;

/// As many connections as ask at the same time.
const CONNECTIONS: u32 = 32;

pub fn run(table: &mut Table) {
    let app = Router::new().route("/bare", get(bare)).route("/guarded", get(guarded));
    let address = serve(app.with_state(server()));
    let clients = |path: &str| {
        let request = || {
            format!("GET {path} HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {TOKEN}\r\n\r\n")
        };
        Clients::new(address, CONNECTIONS, request, ANSWER)
    };
    // Of one length.
    let (mut with, mut without) = (clients("/guarded"), clients("/bare???"));
    let mut contenders = [
        Contender::new("bare handler", |calls| without.ask(calls)),
        Contender::new("guarded handler", |calls| with.ask(calls)),
    ];
    let rounds = compare(&mut contenders, ROUNDS, CALLS);
    title(&format!("Through a socket, {CONNECTIONS} connections that are kept open"));
    for (place, contender) in contenders.iter().enumerate() {
        line(contender.name, us(rounds.median(place)));
    }
    let kept = rounds.ratio(0, 1);
    table.judge("throughput kept", percent(kept), "97 %", kept >= 0.97);
}
