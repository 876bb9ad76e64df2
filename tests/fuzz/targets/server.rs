//! A resource server whose resolver accepts every token and records it.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use requires_auth::{
    AccessToken, Claims, ResolveError, Resolver, ResourceServer, ResourceServerBuilder,
};

pub const RESOURCE: &str = "https://api.example/mcp";
pub const METADATA: &str = "https://api.example/.well-known/oauth-protected-resource/mcp";

pub fn builder() -> (ResourceServerBuilder, Recorder) {
    let recorder = Recorder(Arc::new(Mutex::new((Vec::new(), "read".to_owned()))));
    let builder = ResourceServer::builder(RESOURCE)
        .authorization_servers(["https://auth.example"])
        .resolver(recorder.clone());
    (builder, recorder)
}

/// Accepts every token, with the scopes that are granted last; `read` at first.
#[derive(Clone)]
pub struct Recorder(Arc<Mutex<(Vec<String>, String)>>);

impl Recorder {
    /// The tokens since the last call.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().0)
    }

    pub fn grant(&self, scopes: &str) {
        scopes.clone_into(&mut self.0.lock().unwrap().1);
    }
}

impl Resolver for Recorder {
    async fn resolve(&self, token: &AccessToken) -> Result<Claims, ResolveError> {
        let mut recorded = self.0.lock().unwrap();
        recorded.0.push(token.expose().to_owned());
        let response = format!(r#"{{"active":true,"scope":"{}","aud":"{RESOURCE}"}}"#, recorded.1);
        Claims::from_introspection(response.as_bytes())
    }

    fn cache_namespace(&self) -> String {
        "recorder".to_owned()
    }
}

/// The result of a future that waits for nothing.
pub fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future waits for something"),
    }
}
