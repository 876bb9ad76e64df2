//! The server itself: running, stopped, and what a test asks of it.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpSocket;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

use super::connection::{ConnectionHandle, Listener, reserve};
use super::endpoint::Endpoint;
use super::faults::fault::Fault;
use super::mint::Mint;
use super::recorder::RecordedRequest;
use super::routes::router;
use super::settings::Settings;
use super::state::State;

/// An OAuth 2.0 authorization server in your process, **for tests and demonstrations only**.
///
/// It shows no login, keeps everything in memory and gives anybody who asks a token. It speaks real
/// HTTP on a loopback port, and ends when it is dropped; see the [module](super) for what it offers.
pub struct AuthorizationServer {
    state: Arc<State>,
    address: SocketAddr,
    condition: Mutex<Condition>,
    urls: Urls,
}

enum Condition {
    Running(Running),
    /// Bound, but not listening: connections are refused, and nobody else can take the port.
    Stopped(TcpSocket),
    Failed,
}

/// Stops when it is dropped.
struct Running {
    accepting: JoinHandle<()>,
    connections: Option<watch::Sender<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

struct Urls {
    metadata: String,
    authorization: String,
    token: String,
    introspection: String,
    revocation: String,
    registration: String,
}

impl AuthorizationServer {
    pub(super) async fn run(address: SocketAddr, settings: Settings) -> io::Result<Self> {
        let socket = reserve(address)?;
        let address = socket.local_addr()?;
        let issuer = format!("http://{address}{}", settings.path);
        let well_known = format!("/.well-known/oauth-authorization-server{}", settings.path);
        let state = Arc::new(State::new(settings, issuer));
        let server = Self {
            urls: Urls {
                metadata: format!("http://{address}{well_known}"),
                authorization: state.url("/authorize"),
                token: state.url("/token"),
                introspection: state.url("/introspect"),
                revocation: state.url("/revoke"),
                registration: state.url("/register"),
            },
            state,
            address,
            condition: Mutex::new(Condition::Stopped(socket)),
        };
        server.restart().await?;
        Ok(server)
    }

    /// Stops the server, as an outage would: open connections are cut, new ones are refused. The port
    /// stays reserved, and everything that was issued is remembered. Does nothing if it is stopped.
    ///
    /// # Errors
    /// If another process took the port at the very moment it was given up.
    pub async fn stop(&self) -> io::Result<()> {
        let mut condition = self.condition.lock().await;
        if let Condition::Running(running) = &mut *condition {
            running.connections = None;
            running.accepting.abort();
            // Only when the task is gone is the port free.
            let _ = (&mut running.accepting).await;
            *condition = Condition::Failed;
            *condition = Condition::Stopped(reserve(self.address)?);
        }
        Ok(())
    }

    /// Listens again, on the same port, after [`stop`](Self::stop). Does nothing if it is running.
    ///
    /// # Errors
    /// If the port is no longer there.
    pub async fn restart(&self) -> io::Result<()> {
        let mut condition = self.condition.lock().await;
        let socket = match std::mem::replace(&mut *condition, Condition::Failed) {
            Condition::Running(running) => {
                *condition = Condition::Running(running);
                return Ok(());
            }
            Condition::Stopped(socket) => socket,
            Condition::Failed => reserve(self.address)?,
        };
        let (connections, running) = watch::channel(());
        let tcp = socket.listen(1024)?;
        let service = router(&self.state, self.address.port())
            .into_make_service_with_connect_info::<ConnectionHandle>();
        let accepting = tokio::spawn(async move {
            let _ = axum::serve(Listener { tcp, running }, service).await;
        });
        *condition = Condition::Running(Running { accepting, connections: Some(connections) });
        Ok(())
    }

    /// The address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The issuer identifier (RFC 8414 §2), without a slash at the end.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.state.issuer
    }

    /// The metadata document (RFC 8414 §3).
    #[must_use]
    pub fn metadata_url(&self) -> &str {
        &self.urls.metadata
    }

    /// The authorization endpoint.
    #[must_use]
    pub fn authorization_url(&self) -> &str {
        &self.urls.authorization
    }

    /// The token endpoint.
    #[must_use]
    pub fn token_url(&self) -> &str {
        &self.urls.token
    }

    /// The introspection endpoint (RFC 7662).
    #[must_use]
    pub fn introspection_url(&self) -> &str {
        &self.urls.introspection
    }

    /// The revocation endpoint (RFC 7009).
    #[must_use]
    pub fn revocation_url(&self) -> &str {
        &self.urls.revocation
    }

    /// The client registration endpoint (RFC 7591).
    #[must_use]
    pub fn registration_url(&self) -> &str {
        &self.urls.registration
    }

    /// Begins an access token; [`issue`](Mint::issue) makes it.
    pub fn mint(&self) -> Mint<'_> {
        Mint::new(&self.state)
    }

    /// Makes an access token inactive, minted or not, and says whether the server knew it.
    pub fn revoke(&self, token: &str) -> bool {
        let mut store = self.state.store();
        let record = store.tokens.get_mut(token);
        record.map(|record| record.revoked = true).is_some()
    }

    /// Lets the server invalidate that it ever issued this access token, and says whether it had.
    pub fn invalidate(&self, token: &str) -> bool {
        self.state.store().tokens.remove(token).is_some()
    }

    /// Lets a fault happen to every request, until [`clear_faults`](Self::clear_faults) or until
    /// another one takes its place at the same endpoint. Counted faults come first.
    pub fn fault(&self, fault: Fault) {
        self.state.faults.set_permanent(fault);
    }

    /// Lets a fault happen to the next request.
    pub fn fault_once(&self, fault: Fault) {
        self.fault_times(1, fault);
    }

    /// Lets a fault happen to the next `times` requests, after the counted ones before it.
    pub fn fault_times(&self, times: usize, fault: Fault) {
        self.state.faults.add_counted(times, fault);
    }

    /// Answers properly again. Requests that are in the middle of a fault stay there.
    pub fn clear_faults(&self) {
        self.state.faults.clear();
    }

    /// How many introspection requests arrived, those included that a fault answered.
    #[must_use]
    pub fn introspections(&self) -> usize {
        self.state.recorder.introspections()
    }

    /// The requests that arrived at an endpoint, oldest first, out of the last thousand in all.
    #[must_use]
    pub fn requests(&self, endpoint: Endpoint) -> Vec<RecordedRequest> {
        self.state.recorder.requests(endpoint)
    }

    /// The newest introspection request.
    #[must_use]
    pub fn last_introspection(&self) -> Option<RecordedRequest> {
        self.requests(Endpoint::Introspection).pop()
    }
}

/// Without tokens and secrets.
impl fmt::Debug for AuthorizationServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationServer")
            .field("issuer", &self.state.issuer)
            .finish_non_exhaustive()
    }
}
