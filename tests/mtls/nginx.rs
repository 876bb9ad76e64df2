//! An nginx that a test starts for itself, with the configuration of the guide.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const GUIDE: &str = include_str!("../../runtime/docs/mtls.md");

/// Long enough for a machine that is busy with other tests.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A running server in its own directory. Dropping it stops the server.
pub struct Nginx {
    process: Child,
    pub port: u16,
    directory: PathBuf,
}

impl Nginx {
    /// In front of this service.
    pub fn start(service: SocketAddr) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let name = format!("requires-auth-nginx-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&directory).unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(directory.join("journal.pem"), certificate.pem()).unwrap();
        std::fs::write(directory.join("journal.key"), key.serialize_pem()).unwrap();
        // The port is free when it is chosen, and may be taken a moment later.
        for _ in 0..20 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let shown = directory.display().to_string();
            let file = directory.join("nginx.conf");
            std::fs::write(&file, configuration(&shown, port, service)).unwrap();
            let process =
                Command::new(program()).arg("-p").arg(&directory).arg("-c").arg(&file).spawn();
            let mut process = process.expect("nginx is installed");
            if listens(&mut process, port) {
                return Self { process, port, directory };
            }
        }
        panic!("nginx does not start in {}", directory.display());
    }

    /// The file with its certificate.
    pub fn certificate(&self) -> PathBuf {
        self.directory.join("journal.pem")
    }
}

/// Debian has it in a directory that is not in the path of all users.
fn program() -> String {
    std::env::var("NGINX").unwrap_or_else(|_| "/usr/sbin/nginx".to_owned())
}

/// Whether it accepts connections; `false` if it ends before that.
fn listens(process: &mut Child, port: u16) -> bool {
    let started = Instant::now();
    while process.try_wait().unwrap().is_none() {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return true;
        }
        assert!(started.elapsed() < TIMEOUT, "nginx does not listen");
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

/// The block `nginx` of the guide, with other addresses and files.
fn configuration(directory: &str, port: u16, service: SocketAddr) -> String {
    let (_, server) = GUIDE.split_once("```nginx\n").unwrap();
    let (server, _) = server.split_once("```").unwrap();
    let mut server = server.to_owned();
    for (from, to) in [
        ("listen 443 ssl", format!("listen 127.0.0.1:{port} ssl")),
        ("/etc/ssl/", format!("{directory}/")),
        ("http://127.0.0.1:3000", format!("http://{service}")),
    ] {
        assert!(server.contains(from), "{from}");
        server = server.replace(from, &to);
    }
    let names = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = names.map(|name| format!("{name}_temp_path {directory}/{name};\n")).concat();
    format!(
        "daemon off;\nmaster_process off;\npid {directory}/nginx.pid;\nerror_log stderr warn;\nevents {{}}\n\
         http {{\naccess_log off;\n{temporary}{server}}}\n"
    )
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
