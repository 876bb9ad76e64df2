//! Compares requires-auth with other crates that introspect tokens or verify JWTs, and the hash table of its
//! cache with others. `tests/comparison/run --help` describes the output.

mod added_time;
mod authorization_server;
mod cached_token;
mod chart;
mod guarded_handlers;
mod hash_tables;
mod jwt;
mod jwt_handlers;
mod uncached_token;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let draw = arguments.iter().any(|argument| argument == "--draw");
    let parts: Vec<&String> = arguments.iter().filter(|it| !it.starts_with("--")).collect();
    let selected = |part: &str| parts.is_empty() || parts.iter().any(|selected| *selected == part);
    if selected("cached") {
        cached_token::run(draw).await;
    }
    if selected("uncached") {
        uncached_token::run().await;
    }
    if selected("outage") {
        uncached_token::outage().await;
    }
    if selected("jwt") {
        jwt::run(draw).await;
    }
    if selected("hash-tables") {
        tokio::task::block_in_place(hash_tables::run);
    }
}
