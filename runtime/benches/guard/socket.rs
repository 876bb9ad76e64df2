//! Through a real socket: how much of the bare handler's throughput the guarded one keeps.

use std::cell::RefCell;

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
    let request = |path: &str| {
        format!("GET {path} HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {TOKEN}\r\n\r\n")
    };
    // Of one length.
    let (with, without) = (request("/guarded"), request("/bare???"));
    // Over the same connections: some are faster than others, wherever that comes from.
    let clients = RefCell::new(Clients::new(address, CONNECTIONS, || with.clone(), ANSWER));
    let ask = |request: &str, calls| {
        let mut clients = clients.borrow_mut();
        clients.say(request);
        clients.ask(calls);
    };
    let mut contenders = [
        Contender::new("bare handler", |calls| ask(&without, calls)),
        Contender::new("guarded handler", |calls| ask(&with, calls)),
    ];
    let rounds = compare(&mut contenders, ROUNDS, CALLS);
    title(&format!("Through a socket, {CONNECTIONS} connections that are kept open"));
    for (place, contender) in contenders.iter().enumerate() {
        line(contender.name, us(rounds.median(place)));
    }
    let kept = rounds.ratio(0, 1);
    table.judge("throughput kept", percent(kept), "97 %", kept >= 0.97);
}
