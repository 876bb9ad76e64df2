//! A `redis-server` of a test's own.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use redis::{Client, Connection, FromRedisValue};

/// Long enough for a machine that is busy with other tests.
pub const AMPLE: Duration = Duration::from_secs(10);

/// A running server, in a directory of its own; killed at the end.
pub struct RedisServer {
    child: Child,
    pub port: u16,
    directory: PathBuf,
    arguments: Vec<String>,
}

static DIRECTORIES: AtomicU32 = AtomicU32::new(0);

/// Waits for something that nobody tells.
pub async fn until(mut happens: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !happens() {
        assert!(begun.elapsed() < AMPLE, "it does not happen");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The server under test.
pub fn program() -> String {
    std::env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned())
}

impl RedisServer {
    /// Keeps everything in memory only.
    pub fn start() -> Self {
        Self::with(&[])
    }

    pub fn with(arguments: &[&str]) -> Self {
        let number = DIRECTORIES.fetch_add(1, Ordering::SeqCst);
        let name = format!("requires-auth-redis-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&directory).expect("there is room for a directory");
        let arguments: Vec<_> = arguments.iter().map(|&it| it.to_owned()).collect();
        // The port is free when it is chosen, and may be taken a moment later.
        for _ in 0..20 {
            let port = free_port();
            if let Some(child) = spawn(port, &directory, &arguments) {
                return Self { child, port, directory, arguments };
            }
        }
        panic!("redis-server does not start in {}", directory.display());
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills the server as `kill -9` does.
    pub fn kill(&mut self) {
        self.child.kill().expect("it was running");
        self.child.wait().expect("it was running");
    }

    /// Starts it again after [`kill`](Self::kill), in the same place.
    pub fn restart(&mut self) {
        let child = spawn(self.port, &self.directory, &self.arguments);
        self.child = child.expect("nobody has taken the port");
    }

    /// A connection for the test itself.
    pub fn connection(&self) -> Connection {
        let client = Client::open(self.url()).expect("the URL is right");
        client.get_connection().expect("the server runs")
    }

    pub fn query<T: FromRedisValue>(&self, command: &[&str]) -> T {
        let (name, arguments) = command.split_first().expect("a command has a name");
        redis::cmd(name).arg(arguments).query(&mut self.connection()).expect("the server answers")
    }

    /// The keys that fit a pattern.
    pub fn keys(&self, pattern: &str) -> Vec<String> {
        self.query(&["KEYS", pattern])
    }

    /// How often a command was called.
    pub fn calls(&self, command: &str) -> u32 {
        self.statistic(command, "calls")
    }

    /// How often a command was rejected.
    pub fn rejections(&self, command: &str) -> u32 {
        self.statistic(command, "rejected_calls")
    }

    fn statistic(&self, command: &str, name: &str) -> u32 {
        let all: String = self.query(&["INFO", "commandstats"]);
        let of_command = format!("cmdstat_{command}:");
        let counts = all.lines().find_map(|line| line.strip_prefix(&of_command));
        let count = counts.into_iter().flat_map(|counts| counts.split(','));
        let count = count.filter_map(|one| one.split_once('=')).find(|(own, _)| *own == name);
        count.map_or(0, |(_, count)| count.parse().expect("a number"))
    }

    /// The one key of the claims of a token.
    pub fn claims_key(&self) -> String {
        let keys = self.keys("*:claims:*");
        let [key] = keys.as_slice() else { panic!("not one entry: {keys:?}") };
        key.clone()
    }

    /// Waits for entries: an instance answers the request before it writes the entry.
    pub async fn wait_for_entries(&self, count: usize) {
        until(|| self.keys("*:claims:*").len() == count).await;
    }

    pub fn value(&self, key: &str) -> Vec<u8> {
        self.query(&["GET", key])
    }

    /// Replaces a value, and keeps its time to live.
    pub fn put(&self, key: &str, value: &[u8]) {
        let mut command = redis::cmd("SET");
        command.arg(key).arg(value).arg("KEEPTTL");
        command.query::<()>(&mut self.connection()).expect("the server answers");
    }

    /// Everything in the store, as it would be on its disk.
    pub fn dump(&self) -> Vec<u8> {
        self.query::<()>(&["CONFIG", "SET", "rdbcompression", "no"]);
        self.query::<()>(&["SAVE"]);
        std::fs::read(self.directory.join("dump.rdb")).expect("it has just been saved")
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// `None` if the server ends before it is ready.
fn spawn(port: u16, directory: &Path, arguments: &[String]) -> Option<Child> {
    let port = port.to_string();
    let mut child = Command::new(program())
        .args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no"])
        .args(["--enable-debug-command", "yes"])
        .args(arguments)
        .current_dir(directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{} (apt-get install redis-server): {error}", program()));
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let ready = lines.by_ref().map_while(Result::ok).any(|it| it.contains("Ready to accept"));
    // Reads on, so that a full pipe does not block the server.
    std::thread::spawn(move || lines.for_each(drop));
    if ready {
        return Some(child);
    }
    let _ = child.wait();
    None
}

pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback is there");
    listener.local_addr().expect("a bound socket has an address").port()
}
