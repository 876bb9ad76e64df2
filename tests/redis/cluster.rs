//! A cluster of three servers (R-E9, R-E10).

use std::process::Command;
use std::time::{Duration, Instant};

use fixtures::redis_server::{RedisServer, wait_until};
use requires_auth::shared_cache::SharedCache;
use requires_auth::testing::ManualClock;

use crate::instance::{Instance, Response, SECRET, TIMEOUT, authorization_server, parse, token};

struct Cluster {
    nodes: Vec<RedisServer>,
}

impl Cluster {
    async fn start() -> Self {
        let node =
            || RedisServer::with(&["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"]);
        let nodes: Vec<RedisServer> = (0..3).map(|_| node()).collect();
        let addresses = nodes.iter().map(|node| format!("127.0.0.1:{}", node.port));
        let made = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(addresses)
            .arg("--cluster-yes")
            .output()
            .expect("redis-cli comes with redis-server");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
        for node in &nodes {
            let info = || node.query::<String>(&["CLUSTER", "INFO"]);
            wait_until(|| info().contains("cluster_state:ok")).await;
        }
        Self { nodes }
    }

    async fn instance(&self, server: &requires_auth::testing::AuthorizationServer) -> Instance {
        // The others are discovered from one.
        let shared = SharedCache::cluster([self.nodes[0].url()], SECRET);
        Instance::with(server, shared, ManualClock::running(), |cache| cache).await
    }

    fn entries(&self) -> Vec<usize> {
        self.nodes.iter().map(|node| node.keys("*:claims:*").len()).collect()
    }
}

#[tokio::test]
async fn a_cluster_shares_entries_and_invalidations_like_a_single_server() {
    // R-E9, R-E10
    let (cluster, server) = (Cluster::start().await, authorization_server().await);
    let tokens: Vec<String> = (0..30).map(|_| token(&server, "entries:read")).collect();
    let one = cluster.instance(&server).await;
    let other = cluster.instance(&server).await;
    for token in &tokens {
        assert_eq!(one.read(token).await, Response::ok());
    }
    wait_until(|| cluster.entries().iter().sum::<usize>() == tokens.len()).await;
    assert!(cluster.entries().iter().all(|&count| count > 0), "on all of them");
    for token in &tokens {
        assert_eq!(other.read(token).await, Response::ok());
    }
    assert_eq!(server.introspections(), tokens.len());

    for token in &tokens {
        server.revoke(token);
    }
    one.cache.invalidate_everywhere(&parse(&tokens[0])).await.unwrap();
    assert!(other.wait_for_status(&tokens[0], 401).await < Duration::from_secs(1));
    assert_eq!(other.read(&tokens[1]).await, Response::ok(), "no other token");
    one.cache.invalidate_all_everywhere().await.unwrap();
    assert!(other.wait_for_status(&tokens[1], 401).await < Duration::from_secs(1));
}

#[tokio::test]
async fn tokens_on_all_nodes_are_invalidated_within_a_second() {
    // R-E10
    let (cluster, server) = (Cluster::start().await, authorization_server().await);
    let tokens: Vec<String> = (0..30).map(|_| token(&server, "entries:read")).collect();
    let one = cluster.instance(&server).await;
    let other = cluster.instance(&server).await;
    for token in &tokens {
        assert_eq!(one.read(token).await, Response::ok());
        assert_eq!(other.read(token).await, Response::ok());
        server.revoke(token);
    }
    for token in &tokens {
        one.cache.invalidate(&parse(token));
    }
    let started = Instant::now();
    for token in &tokens {
        other.wait_for_status(token, 401).await;
    }
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    let tombstones = |node: &RedisServer| node.keys("requires-auth:*:forgotten").len();
    assert_eq!(cluster.nodes.iter().map(tombstones).sum::<usize>(), tokens.len());
    assert!(cluster.nodes.iter().all(|node| tombstones(node) > 0), "on all of them");
    one.cache.invalidate_everywhere(&parse(&tokens[0])).await.unwrap();
}

#[tokio::test]
async fn losing_a_node_of_a_cluster_changes_no_response() {
    // R-E9
    let (mut cluster, server) = (Cluster::start().await, authorization_server().await);
    let shared = SharedCache::cluster([cluster.nodes[0].url()], SECRET);
    let shared = shared.timeout(Duration::from_millis(200)).build().unwrap();
    let instance =
        Instance::with_shared_cache(&server, shared, ManualClock::running(), |cache| cache).await;
    let started = Instant::now();
    while cluster.entries().iter().sum::<usize>() == 0 {
        assert!(started.elapsed() < TIMEOUT, "the store is not used");
        assert_eq!(instance.read(&token(&server, "entries:read")).await, Response::ok());
    }
    cluster.nodes[2].kill();
    for _ in 0..50 {
        let sent_at = Instant::now();
        assert_eq!(instance.read(&token(&server, "entries:read")).await, Response::ok());
        let took = sent_at.elapsed();
        assert!(took < Duration::from_secs(2), "{took:?}");
    }
}
