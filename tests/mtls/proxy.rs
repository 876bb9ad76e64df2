//! An nginx or an Envoy that a test starts for itself, with the configuration of the guide.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const GUIDE: &str = include_str!("../../runtime/docs/mtls.md");

/// Long enough for a machine that is busy with other tests.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A running server in its own directory. Dropping it stops the server.
pub struct Proxy {
    process: Child,
    pub port: u16,
    directory: PathBuf,
}

impl Proxy {
    /// An nginx in front of this service.
    pub fn nginx(service: SocketAddr) -> Self {
        // Debian has it in a directory that is not in the path of all users.
        let program = std::env::var("NGINX").unwrap_or_else(|_| "/usr/sbin/nginx".to_owned());
        Self::start(|directory, port| {
            let file = directory.join("nginx.conf");
            std::fs::write(&file, nginx_configuration(directory, port, service)).unwrap();
            let mut command = Command::new(&program);
            command.arg("-p").arg(directory).arg("-c").arg(file);
            command
        })
    }

    /// An Envoy in front of this service. `details`: a line beside `forward_client_cert_details`.
    pub fn envoy(service: SocketAddr, details: &str) -> Self {
        let program = std::env::var("ENVOY").expect("ENVOY names the program");
        Self::start(|directory, port| {
            let file = directory.join("envoy.yaml");
            let configuration = envoy_configuration(directory, port, service, details);
            std::fs::write(&file, configuration).unwrap();
            let mut command = Command::new(&program);
            command.args(["--use-dynamic-base-id", "--concurrency", "1", "--log-level", "error"]);
            command.arg("-c").arg(file);
            command
        })
    }

    /// Starts the command for a directory and a port.
    fn start(command: impl Fn(&Path, u16) -> Command) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let name = format!("requires-auth-proxy-{}-{number}", std::process::id());
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
            let mut process = command(&directory, port).spawn().expect("the proxy is installed");
            if listens(&mut process, port) {
                return Self { process, port, directory };
            }
        }
        panic!("the proxy does not start in {}", directory.display());
    }

    /// The file with its certificate.
    pub fn certificate(&self) -> PathBuf {
        self.directory.join("journal.pem")
    }
}

/// Whether it accepts connections; `false` if it ends before that.
fn listens(process: &mut Child, port: u16) -> bool {
    let started = Instant::now();
    while process.try_wait().unwrap().is_none() {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return true;
        }
        assert!(started.elapsed() < TIMEOUT, "the proxy does not listen");
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

/// A block of the guide.
fn block(language: &str) -> String {
    let (_, block) = GUIDE.split_once(&format!("```{language}\n")).unwrap();
    let (block, _) = block.split_once("```").unwrap();
    block.to_owned()
}

#[track_caller]
fn replaced(text: &str, replacements: &[(&str, String)]) -> String {
    replacements.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    })
}

/// The block `nginx` of the guide, with other addresses and files.
fn nginx_configuration(directory: &Path, port: u16, service: SocketAddr) -> String {
    let directory = directory.display();
    let replacements = [
        ("listen 443 ssl", format!("listen 127.0.0.1:{port} ssl")),
        ("/etc/ssl/", format!("{directory}/")),
        ("http://127.0.0.1:3000", format!("http://{service}")),
    ];
    let server = replaced(&block("nginx"), &replacements);
    let names = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = names.map(|name| format!("{name}_temp_path {directory}/{name};\n")).concat();
    format!(
        "daemon off;\nmaster_process off;\npid {directory}/nginx.pid;\nerror_log stderr warn;\nevents {{}}\n\
         http {{\naccess_log off;\n{temporary}{server}}}\n"
    )
}

/// The block `yaml` of the guide, with other addresses and files, and with the cluster that its route names.
fn envoy_configuration(directory: &Path, port: u16, service: SocketAddr, details: &str) -> String {
    let setting = "        forward_client_cert_details: SANITIZE_SET\n";
    let replacements = [
        ("address: 0.0.0.0, port_value: 443 ", format!("address: 127.0.0.1, port_value: {port} ")),
        ("/etc/ssl/", format!("{}/", directory.display())),
        (setting, format!("{setting}        {details}\n")),
    ];
    let listeners = replaced(&block("yaml"), &replacements);
    let endpoint = format!(
        "endpoint: {{ address: {{ socket_address: {{ address: {}, port_value: {} }} }} }}",
        service.ip(),
        service.port()
    );
    let cluster = format!(
        "clusters:\n- name: journal\n  load_assignment:\n    cluster_name: journal\n    endpoints:\n    \
         - lb_endpoints:\n      - {endpoint}\n"
    );
    let lines = listeners.lines().chain(cluster.lines()).map(|line| format!("  {line}\n"));
    format!("static_resources:\n{}", lines.collect::<String>())
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
