//! The authorization server as a test uses it.

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
/// It has no login, keeps everything in memory, and issues tokens to every client. It listens on a real
/// loopback port, and stops when it is dropped. The [module](super) describes what it implements.
pub struct AuthorizationServer {
    pub(super) state: Arc<State>,
    address: SocketAddr,
    status: Mutex<Status>,
    urls: Urls,
}

enum Status {
    Running(Running),
    /// Bound, but not listening: connections are refused, and no other process can use the port.
    Stopped(TcpSocket),
    Failed,
}

/// Dropping it stops the server.
struct Running {
    serving: JoinHandle<()>,
    connections: Option<watch::Sender<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

struct Urls {
    metadata: String,
    authorization: String,
    token: String,
    introspection: String,
    revocation: String,
    registration: String,
    #[cfg(feature = "jwt")]
    key_set: String,
}

impl AuthorizationServer {
    pub(super) async fn run(address: SocketAddr, settings: Settings) -> io::Result<Self> {
        let socket = reserve(address)?;
        let address = socket.local_addr()?;
        let issuer = format!("http://{address}{}", settings.path);
        let well_known = format!("/.well-known/oauth-authorization-server{}", settings.path);
        let state = Arc::new(State::new(settings, issuer)?);
        let server = Self {
            urls: Urls {
                metadata: format!("http://{address}{well_known}"),
                authorization: state.url("/authorize"),
                token: state.url("/token"),
                introspection: state.url("/introspect"),
                revocation: state.url("/revoke"),
                registration: state.url("/register"),
                #[cfg(feature = "jwt")]
                key_set: state.url("/jwks"),
            },
            state,
            address,
            status: Mutex::new(Status::Stopped(socket)),
        };
        server.restart().await?;
        Ok(server)
    }

    /// Stops the server, as an outage does: it closes open connections, and new ones are refused. It
    /// keeps its port and everything that it has issued. Does nothing if it is stopped.
    ///
    /// # Errors
    /// If another process takes the port between the moment when the server releases it and the moment
    /// when it is bound again.
    pub async fn stop(&self) -> io::Result<()> {
        let mut status = self.status.lock().await;
        if let Status::Running(running) = &mut *status {
            running.connections = None;
            running.serving.abort();
            // The port is released when the task has ended.
            let _ = (&mut running.serving).await;
            *status = Status::Failed;
            *status = Status::Stopped(reserve(self.address)?);
        }
        Ok(())
    }

    /// Listens again, on the same port, after [`stop`](Self::stop). Does nothing if it is running.
    ///
    /// # Errors
    /// If the port cannot be used any more.
    pub async fn restart(&self) -> io::Result<()> {
        let mut status = self.status.lock().await;
        let socket = match std::mem::replace(&mut *status, Status::Failed) {
            Status::Running(running) => {
                *status = Status::Running(running);
                return Ok(());
            }
            Status::Stopped(socket) => socket,
            Status::Failed => reserve(self.address)?,
        };
        let (connections, running) = watch::channel(());
        let tcp = socket.listen(1024)?;
        let service = router(&self.state, self.address.port())
            .into_make_service_with_connect_info::<ConnectionHandle>();
        let serving = tokio::spawn(async move {
            let _ = axum::serve(Listener { tcp, running }, service).await;
        });
        *status = Status::Running(Running { serving, connections: Some(connections) });
        Ok(())
    }

    /// The address on which it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The issuer identifier (RFC 8414 §2), without a slash at its end.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.state.issuer
    }

    /// The URL of the metadata document (RFC 8414 §3).
    #[must_use]
    pub fn metadata_url(&self) -> &str {
        &self.urls.metadata
    }

    /// The URL of the authorization endpoint.
    #[must_use]
    pub fn authorization_url(&self) -> &str {
        &self.urls.authorization
    }

    /// The URL of the token endpoint.
    #[must_use]
    pub fn token_url(&self) -> &str {
        &self.urls.token
    }

    /// The URL of the introspection endpoint (RFC 7662).
    #[must_use]
    pub fn introspection_url(&self) -> &str {
        &self.urls.introspection
    }

    /// The URL of the revocation endpoint (RFC 7009).
    #[must_use]
    pub fn revocation_url(&self) -> &str {
        &self.urls.revocation
    }

    /// The URL of the client registration endpoint (RFC 7591).
    #[must_use]
    pub fn registration_url(&self) -> &str {
        &self.urls.registration
    }

    /// The URL of the key set (RFC 7517 §5), which the metadata names as `jwks_uri`.
    #[cfg(feature = "jwt")]
    #[must_use]
    pub fn jwks_uri(&self) -> &str {
        &self.urls.key_set
    }

    /// Describes an access token; [`issue`](Mint::issue) issues it.
    pub fn mint(&self) -> Mint<'_> {
        Mint::new(&self.state)
    }

    /// Revokes an access token, minted or not, and returns whether the server has issued it.
    pub fn revoke(&self, token: &str) -> bool {
        let mut store = self.state.store();
        let record = store.tokens.get_mut(token);
        record.map(|record| record.revoked = true).is_some()
    }

    /// Deletes an access token, as if it had never been issued, and returns whether it was there.
    pub fn delete(&self, token: &str) -> bool {
        self.state.store().tokens.remove(token).is_some()
    }

    /// Injects a fault into every request to its endpoint, until [`clear_faults`](Self::clear_faults) or
    /// until another fault for the same endpoint replaces it. Counted faults are used first.
    pub fn fault(&self, fault: Fault) {
        self.state.faults.set_permanent(fault);
    }

    /// Injects a fault into the next request to its endpoint.
    pub fn fault_once(&self, fault: Fault) {
        self.fault_times(1, fault);
    }

    /// Injects a fault into the next `times` requests to its endpoint, after the counted faults before it.
    pub fn fault_times(&self, times: usize, fault: Fault) {
        self.state.faults.add_counted(times, fault);
    }

    /// Removes all faults. A request into which one is already injected keeps it.
    pub fn clear_faults(&self) {
        self.state.faults.clear();
    }

    /// The number of introspection requests that arrived, with or without a fault.
    #[must_use]
    pub fn introspections(&self) -> usize {
        self.state.recorder.count(Endpoint::Introspection)
    }

    /// The number of requests for the metadata documents that arrived, with or without a fault.
    #[must_use]
    pub fn metadata_requests(&self) -> usize {
        self.state.recorder.count(Endpoint::Metadata)
    }

    /// The requests that arrived at an endpoint, oldest first. The server keeps the last thousand of all
    /// endpoints together.
    #[must_use]
    pub fn requests(&self, endpoint: Endpoint) -> Vec<RecordedRequest> {
        self.state.recorder.requests(endpoint)
    }

    /// The last introspection request.
    #[must_use]
    pub fn last_introspection(&self) -> Option<RecordedRequest> {
        self.requests(Endpoint::Introspection).pop()
    }
}

/// Omits tokens and secrets.
impl fmt::Debug for AuthorizationServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationServer")
            .field("issuer", &self.state.issuer)
            .finish_non_exhaustive()
    }
}
