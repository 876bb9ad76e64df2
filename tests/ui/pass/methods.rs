// R-K1: `self` in every form, and functions of a type without it.
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use requires_auth::{AuthInfo, ResourceServer, requires_auth};

#[derive(Clone, Default)]
struct Journal {
    reads: u64,
}

impl Journal {
    #[requires_auth(scopes = "read")]
    async fn handler(auth: AuthInfo) -> String {
        format!("{auth:?}")
    }

    #[requires_auth(scopes = "read")]
    fn by_reference(&self, auth: AuthInfo) -> u64 {
        drop(auth);
        self.reads
    }

    #[requires_auth(scopes = "read")]
    async fn by_mutable_reference(&mut self, more: u64, auth: AuthInfo) {
        drop(auth);
        self.reads += more;
    }

    #[requires_auth(scopes = "read")]
    async fn by_lifetime<'a>(&'a self, _auth: AuthInfo, other: &'a u64) -> [&'a u64; 2] {
        [&self.reads, other]
    }

    #[requires_auth(scopes = "read")]
    async fn by_value(self, auth: AuthInfo) -> Self {
        drop(auth);
        self
    }

    #[requires_auth(scopes = "read")]
    async fn by_mutable_value(mut self) -> Self {
        self.reads += 1;
        self
    }

    #[requires_auth]
    fn by_arc(self: Arc<Self>, _auth: AuthInfo) -> u64 {
        self.reads
    }

    #[requires_auth]
    fn by_pin(self: Pin<&mut Self>, _auth: AuthInfo) -> u64 {
        self.reads
    }

    #[requires_auth]
    fn by_rc_of_self(self: &Rc<Self>) -> u64 {
        self.reads
    }
}

impl<T> From<T> for Journal
where
    T: Iterator<Item = u64>,
{
    fn from(reads: T) -> Self {
        // A guarded function in a function.
        #[requires_auth]
        fn nested(_auth: AuthInfo) {}
        let _ = |auth: AuthInfo| nested(auth.try_into().unwrap());
        Self { reads: reads.sum() }
    }
}

trait Tools {
    // In a trait, a provided method is a function with a body.
    #[requires_auth(scopes = "read")]
    fn provided(&self, auth: AuthInfo) -> String {
        format!("{auth:?}")
    }
}

impl Tools for Journal {}

fn main() {
    let _: Router<ResourceServer> = Router::new().route("/", get(Journal::handler));
    let _ = |auth: AuthInfo| async move {
        let mut journal = Journal::default();
        journal.by_reference(auth.clone().try_into().unwrap());
        journal.by_mutable_reference(auth.clone().try_into().unwrap(), 1).await;
        journal.by_lifetime(auth.clone().try_into().unwrap(), &1).await;
        journal.provided(auth.clone().try_into().unwrap());
        Pin::new(&mut journal).by_pin(auth.clone().try_into().unwrap());
        Rc::new(journal.clone()).by_rc_of_self(auth.clone().try_into().unwrap());
        let journal = journal.by_value(auth.clone().try_into().unwrap()).await;
        let journal = journal.by_mutable_value(auth.clone().try_into().unwrap()).await;
        Arc::new(journal).by_arc(auth.try_into().unwrap());
    };
}
