//! A store that says whatever a test wants (R-E9, R-L4).

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use requires_auth::shared_cache::SharedCache;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::clock::Hands;
use crate::instance::{Answer, Instance, SECRET, authorization_server, token};

/// What it says to a command, by the command's name, and `generation` behind it where that is the key;
/// nothing if there is nothing to be said.
type Says = fn(&str, u32) -> Option<Vec<u8>>;

struct Liar {
    url: String,
    asked: Arc<AtomicU32>,
}

impl Liar {
    async fn start(says: Says) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
        let address = listener.local_addr().expect("a bound socket has an address");
        let asked = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, says, Arc::clone(&counted)));
            }
        });
        Self { url: format!("redis://{address}"), asked }
    }
}

/// Ends with the connection.
async fn talk(stream: TcpStream, says: Says, asked: Arc<AtomicU32>) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let (input, mut output) = stream.into_split();
    let mut input = BufReader::new(input);
    loop {
        let name = command(&mut input).await?;
        if name == "CLIENT" {
            output.write_all(b"+OK\r\n").await.ok()?;
            continue;
        }
        let turn = asked.fetch_add(1, Ordering::SeqCst);
        output.write_all(&says(&name, turn)?).await.ok()?;
    }
}

/// The next command: its name, and `generation` behind it where that is the key.
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

/// A generation, and no news: as a store that behaves.
fn well(name: &str) -> Vec<u8> {
    match name {
        "GETRANGE generation" => bulk(&[7; 16]),
        "GETRANGE" => bulk(b""),
        "EXISTS" => b":0\r\n".to_vec(),
        "XRANGE" => b"*0\r\n".to_vec(),
        _ => b"+OK\r\n".to_vec(),
    }
}

/// Every answer is right, none takes long, and each token is asked about once.
async fn is_done_without(what: &str, says: Says) -> u32 {
    let (liar, server) = (Liar::start(says).await, authorization_server().await);
    let shared = SharedCache::single(&liar.url, SECRET);
    let shared = shared.timeout(Duration::from_millis(100)).build().unwrap();
    let instance = Instance::sharing(&server, shared, Hands::default(), |cache| cache).await;
    let begun = Instant::now();
    let mut tokens = 0;
    while begun.elapsed() < Duration::from_millis(1200) {
        let token = token(&server, "entries:read");
        let asked = Instant::now();
        assert_eq!(instance.read(&token).await, Answer::ok(), "{what}");
        assert_eq!(instance.write(&token).await.status, 403, "{what}");
        let took = asked.elapsed();
        assert!(took < Duration::from_secs(1), "{what}: {took:?}");
        tokens += 1;
    }
    assert!(server.introspections() >= tokens, "{what}");
    liar.asked.load(Ordering::SeqCst)
}

#[tokio::test]
async fn whatever_a_store_says_no_answer_changes() {
    // R-E9, R-L4
    let stories: [(&str, Says); 12] = [
        ("no protocol at all", |_, _| Some(b"HTTP/1.1 200 OK\r\n\r\n".to_vec())),
        ("hangs up", |_, _| None),
        ("never answers a lookup", |name, _| {
            Some(if name == "GETRANGE" { Vec::new() } else { well(name) })
        }),
        ("a lookup without an end", |name, _| {
            Some(if name == "GETRANGE" { b"$536870912\r\nabc".to_vec() } else { well(name) })
        }),
        ("a list for an entry", |name, _| {
            Some(if name == "GETRANGE" { b"*1\r\n$-1\r\n".to_vec() } else { well(name) })
        }),
        ("a list without an end", |name, _| {
            Some(if name == "GETRANGE" { b"*2000000000\r\n:1\r\n".to_vec() } else { well(name) })
        }),
        ("a number for an entry", |name, _| {
            Some(if name == "GETRANGE" { b":1\r\n".to_vec() } else { well(name) })
        }),
        ("nothing for an entry", |name, _| {
            Some(if name == "GETRANGE" { b"$-1\r\n".to_vec() } else { well(name) })
        }),
        ("no number for a tombstone", |name, _| {
            Some(if name == "EXISTS" { bulk(b"never") } else { well(name) })
        }),
        ("noise for an entry", |name, turn| {
            let noise: Vec<u8> = turn.to_be_bytes().repeat(75);
            Some(if name == "GETRANGE" { bulk(&noise) } else { well(name) })
        }),
        ("news of another form", |name, _| {
            let news = b"*1\r\n*2\r\n$1\r\nx\r\n:5\r\n".to_vec();
            Some(if name == "XRANGE" { news } else { well(name) })
        }),
        ("errors", |_, _| Some(b"-ERR s3cret\r\n".to_vec())),
    ];
    for (what, says) in stories {
        is_done_without(what, says).await;
    }
}

#[tokio::test]
async fn a_store_that_forgets_all_the_time_is_not_asked_all_the_time() {
    // R-E9: another generation at each look, or never one.
    let stories: [(&str, Says); 2] = [
        ("another generation each time", |name, turn| {
            Some(if name == "GETRANGE generation" {
                bulk(&u128::from(turn).to_be_bytes())
            } else {
                well(name)
            })
        }),
        ("no generation, ever", |name, _| {
            Some(if name == "GETRANGE generation" { b"$-1\r\n".to_vec() } else { well(name) })
        }),
    ];
    for (what, says) in stories {
        let asked = is_done_without(what, says).await;
        assert!(asked < 60, "{what}: {asked} commands in little more than a second");
    }
}

/// Answers one command with a reply that never ends, and counts how much of it is taken.
async fn taken_of_a_reply_without_end(to: &'static str, begins: &'static [u8]) -> usize {
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
                        output.write_all(&well(&name)).await.ok()?;
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
    let shared = SharedCache::single(&url, SECRET).timeout(Duration::from_millis(500));
    let shared = shared.build().unwrap();
    let instance = Instance::sharing(&server, shared, Hands::default(), |cache| cache).await;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(1500) {
        assert_eq!(instance.read(&token(&server, "entries:read")).await, Answer::ok());
    }
    taken.load(Ordering::SeqCst)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_without_an_end_is_not_read() {
    // R-E10: what is taken of it is what the system buffers, for each of a few connections.
    for (to, begins) in [
        ("GETRANGE", &b"$1073741824\r\n"[..]),
        ("EXISTS", b"+"),
        ("GETRANGE generation", b"-ERR "),
        ("XRANGE", b"*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nm\r\n$1073741824\r\n"),
        ("XRANGE", b"*1000000000\r\n"),
    ] {
        let taken = taken_of_a_reply_without_end(to, begins).await;
        println!("{to} {:?}: {taken} bytes", String::from_utf8_lossy(begins));
        assert!(taken < 64 << 20, "{to}: {taken} bytes");
    }
}
