//! Compares requires-auth with other crates that ask an authorization server about tokens, and the
//! store of its cache with others. `tests/peers/run --help` says what is printed.

mod authorization_server;
mod cached;
mod cold;
mod contenders;
#[path = "../../../runtime/benches/support/contest.rs"]
#[allow(dead_code, reason = "the benchmarks use the rest")]
mod contest;
mod stores;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let named: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |part: &str| named.is_empty() || named.iter().any(|one| one == part);
    if wanted("cached") {
        cached::run().await;
    }
    if wanted("cold") {
        cold::run().await;
    }
    if wanted("down") {
        cold::down().await;
    }
    if wanted("stores") {
        tokio::task::block_in_place(stores::run);
    }
}
