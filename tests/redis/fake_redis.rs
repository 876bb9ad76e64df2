//! A server with the protocol of Redis that sends malformed, wrong or endless replies (R-E9, R-L4).

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use requires_auth::shared_cache::SharedCache;
use requires_auth::testing::ManualClock;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::instance::{Instance, Response, SECRET, authorization_server, token};

/// The reply to a command: by its name, followed by `generation` if that is the key, and by the number of
/// commands before it; `None` closes the connection.
type Respond = fn(&str, u32) -> Option<Vec<u8>>;

struct FakeRedis {
    url: String,
    commands: Arc<AtomicU32>,
}

impl FakeRedis {
    async fn start(respond: Respond) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
        let address = listener.local_addr().expect("a bound socket has an address");
        let commands = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&commands);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, respond, Arc::clone(&counted)));
            }
        });
        Self { url: format!("redis://{address}"), commands }
    }
}

/// Ends with the connection.
async fn serve(stream: TcpStream, respond: Respond, commands: Arc<AtomicU32>) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let (input, mut output) = stream.into_split();
    let mut input = BufReader::new(input);
    loop {
        let name = command(&mut input).await?;
        if name == "CLIENT" {
            output.write_all(b"+OK\r\n").await.ok()?;
            continue;
        }
        let turn = commands.fetch_add(1, Ordering::SeqCst);
        output.write_all(&respond(&name, turn)?).await.ok()?;
    }
}

/// The next command: its name, followed by `generation` if that is the key.
async fn command(input: &mut (impl AsyncBufReadExt + Unpin)) -> Option<String> {
    // An array of bulk strings: `*2`, then `$3`, `GET`, and so on.
    let count = number(input).await?;
    let mut words = Vec::new();
    for _ in 0..count {
        let mut word = vec![0; number(input).await? + 2];
        input.read_exact(&mut word).await.ok()?;
        words.push(String::from_utf8_lossy(&word).trim().to_owned());
    }
    let mut name = words.first()?.to_uppercase();
    if words.get(1).is_some_and(|key| key.ends_with(":generation")) {
        name.push_str(" generation");
    }
    Some(name)
}

async fn number(input: &mut (impl AsyncBufReadExt + Unpin)) -> Option<usize> {
    let mut line = String::new();
    input.read_line(&mut line).await.ok()?;
    line.trim().get(1..)?.parse().ok()
}

fn bulk(bytes: &[u8]) -> Vec<u8> {
    [format!("${}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// The reply of an empty store.
fn correct_reply(name: &str) -> Vec<u8> {
    match name {
        "GETRANGE generation" => bulk(&[7; 16]),
        "GETRANGE" => bulk(b""),
        "EXISTS" => b":0\r\n".to_vec(),
        "XRANGE" => b"*0\r\n".to_vec(),
        _ => b"+OK\r\n".to_vec(),
    }
}

/// Every response is correct and fast, and each token is resolved. Returns the number of commands.
async fn assert_responses_are_correct_with(what: &str, respond: Respond) -> u32 {
    let (fake, server) = (FakeRedis::start(respond).await, authorization_server().await);
    let shared = SharedCache::single(fake.url.as_str(), SECRET);
    let shared = shared.timeout(Duration::from_millis(100)).build().unwrap();
    let instance =
        Instance::with_shared_cache(&server, shared, ManualClock::running(), |cache| cache).await;
    let started = Instant::now();
    let mut tokens = 0;
    while started.elapsed() < Duration::from_millis(1200) {
        let token = token(&server, "entries:read");
        let sent_at = Instant::now();
        assert_eq!(instance.read(&token).await, Response::ok(), "{what}");
        assert_eq!(instance.write(&token).await.status, 403, "{what}");
        let took = sent_at.elapsed();
        assert!(took < Duration::from_secs(1), "{what}: {took:?}");
        tokens += 1;
    }
    assert!(server.introspections() >= tokens, "{what}");
    fake.commands.load(Ordering::SeqCst)
}

#[tokio::test]
async fn no_reply_of_the_store_changes_a_response() {
    // R-E9, R-L4
    let cases: [(&str, Respond); 12] = [
        ("no protocol at all", |_, _| Some(b"HTTP/1.1 200 OK\r\n\r\n".to_vec())),
        ("hangs up", |_, _| None),
        ("never answers a lookup", |name, _| {
            Some(if name == "GETRANGE" { Vec::new() } else { correct_reply(name) })
        }),
        ("a lookup without an end", |name, _| {
            Some(if name == "GETRANGE" {
                b"$536870912\r\nabc".to_vec()
            } else {
                correct_reply(name)
            })
        }),
        ("a list for an entry", |name, _| {
            Some(if name == "GETRANGE" { b"*1\r\n$-1\r\n".to_vec() } else { correct_reply(name) })
        }),
        ("a list without an end", |name, _| {
            Some(if name == "GETRANGE" {
                b"*2000000000\r\n:1\r\n".to_vec()
            } else {
                correct_reply(name)
            })
        }),
        ("a number for an entry", |name, _| {
            Some(if name == "GETRANGE" { b":1\r\n".to_vec() } else { correct_reply(name) })
        }),
        ("nothing for an entry", |name, _| {
            Some(if name == "GETRANGE" { b"$-1\r\n".to_vec() } else { correct_reply(name) })
        }),
        ("no number for a tombstone", |name, _| {
            Some(if name == "EXISTS" { bulk(b"never") } else { correct_reply(name) })
        }),
        ("noise for an entry", |name, turn| {
            let noise: Vec<u8> = turn.to_be_bytes().repeat(75);
            Some(if name == "GETRANGE" { bulk(&noise) } else { correct_reply(name) })
        }),
        ("a malformed message", |name, _| {
            let page = b"*1\r\n*2\r\n$1\r\nx\r\n:5\r\n".to_vec();
            Some(if name == "XRANGE" { page } else { correct_reply(name) })
        }),
        ("errors", |_, _| Some(b"-ERR s3cret\r\n".to_vec())),
    ];
    for (what, respond) in cases {
        assert_responses_are_correct_with(what, respond).await;
    }
}

#[tokio::test]
async fn a_generation_that_changes_constantly_does_not_cause_a_busy_loop() {
    // R-E9: a new generation at each read, or never one.
    let cases: [(&str, Respond); 2] = [
        ("a new generation each time", |name, turn| {
            Some(if name == "GETRANGE generation" {
                bulk(&u128::from(turn).to_be_bytes())
            } else {
                correct_reply(name)
            })
        }),
        ("never a generation", |name, _| {
            Some(if name == "GETRANGE generation" {
                b"$-1\r\n".to_vec()
            } else {
                correct_reply(name)
            })
        }),
    ];
    for (what, respond) in cases {
        let commands = assert_responses_are_correct_with(what, respond).await;
        assert!(commands < 60, "{what}: {commands} commands in little more than a second");
    }
}

/// Sends an endless reply to one command, and counts the bytes that are read.
async fn bytes_read_of_an_endless_reply(to: &'static str, begins: &'static [u8]) -> usize {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
    let url = format!("redis://{}", listener.local_addr().expect("a bound socket has an address"));
    let taken = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&taken);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let counted = Arc::clone(&counted);
            tokio::spawn(async move {
                let (input, mut output) = stream.into_split();
                let mut input = BufReader::new(input);
                let piece = vec![b'x'; 65536];
                while let Some(name) = command(&mut input).await {
                    if name != to {
                        output.write_all(&correct_reply(&name)).await.ok()?;
                        continue;
                    }
                    output.write_all(begins).await.ok()?;
                    loop {
                        counted.fetch_add(output.write(&piece).await.ok()?, Ordering::SeqCst);
                    }
                }
                Some(())
            });
        }
    });
    let server = authorization_server().await;
    let shared = SharedCache::single(url.as_str(), SECRET).timeout(Duration::from_millis(500));
    let shared = shared.build().unwrap();
    let instance =
        Instance::with_shared_cache(&server, shared, ManualClock::running(), |cache| cache).await;
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(1500) {
        assert_eq!(instance.read(&token(&server, "entries:read")).await, Response::ok());
    }
    taken.load(Ordering::SeqCst)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endless_reply_is_not_read() {
    // R-E10: no more is read than the system buffers, for each of a few connections.
    for (to, begins) in [
        ("GETRANGE", &b"$1073741824\r\n"[..]),
        ("EXISTS", b"+"),
        ("GETRANGE generation", b"-ERR "),
        ("XRANGE", b"*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nm\r\n$1073741824\r\n"),
        ("XRANGE", b"*1000000000\r\n"),
    ] {
        let taken = bytes_read_of_an_endless_reply(to, begins).await;
        println!("{to} {:?}: {taken} bytes", String::from_utf8_lossy(begins));
        assert!(taken < 64 << 20, "{to}: {taken} bytes");
    }
}
