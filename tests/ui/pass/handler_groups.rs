// R-K19, R-K2: `#[requires_auth]` on a `mod` and on an `impl` block of handlers, beside other attributes.
use axum::Router;
use axum::routing::get;
use requires_auth::{AuthInfo, ResourceServer, Scope, requires_auth as guard};

#[derive(Scope)]
enum JournalScope {
    #[scope("entries:read")]
    EntriesRead,
}

#[guard(scopes = JournalScope::EntriesRead)]
#[allow(dead_code)]
pub(crate) mod handlers {
    #![allow(clippy::unused_async)]

    use std::future::Future;

    use super::{AuthInfo, JournalScope};

    /// With a body that moves the caller.
    #[axum::debug_handler(state = requires_auth::ResourceServer)]
    pub async fn list(auth: AuthInfo) -> String {
        load(&auth).await
    }

    #[cfg(all())]
    #[tracing::instrument(skip_all)]
    pub(crate) async fn instrumented(_: String) {}

    pub fn future(auth: AuthInfo) -> impl Future<Output = String> {
        async move { format!("{auth:?}") }
    }

    #[public]
    pub async fn health() {}

    async fn load(auth: &AuthInfo) -> String {
        format!("{auth:?}")
    }

    macro_rules! label {
        () => {
            "label"
        };
    }

    thread_local! {
        static COUNT: u8 = const { 1 };
    }

    const LABEL: &str = label!();
    const LIMIT: usize = { 1_usize }.pow(2);

    pub fn label() -> (&'static str, usize) {
        (LABEL, LIMIT)
    }

    pub struct Entry {
        pub id: u64,
    }

    pub struct Tuple(pub u64);

    impl From<Entry> for Tuple {
        fn from(entry: Entry) -> Self {
            Self(entry.id)
        }
    }

    #[cfg(test)]
    mod tests {
        async fn helper() {}
    }
}

struct Methods<T>(T);

#[guard(scopes = "entries:read", optional)]
impl<T: Default + ToString + 'static> Methods<T> {
    async fn show(auth: Option<AuthInfo>) -> String {
        format!("{auth:?} {}", Self::helper())
    }

    fn helper() -> String {
        T::default().to_string()
    }

    async fn by_reference(&self) -> String {
        self.0.to_string()
    }
}

// In a macro, whose captures reach the attribute in groups.
macro_rules! group {
    ($name:ident, $vis:vis $handler:ident $body:block $further:item) => {
        #[guard(scopes = "admin")]
        $vis mod $name {
            $vis async fn $handler() -> String $body

            $further
        }
    };
}

group! {
    admin,
    pub(crate) reset { String::new() }
    pub(crate) async fn captured() {}
}

fn main() {
    let _: Router<ResourceServer> = Router::new()
        .route("/list", get(handlers::list).post(handlers::instrumented))
        .route("/future", get(handlers::future).post(handlers::health))
        .route("/show", get(Methods::<u64>::show))
        .route("/admin", get(admin::reset).post(admin::captured));
    let _ = Methods(1).by_reference();
    let _ = (handlers::label(), handlers::Tuple::from(handlers::Entry { id: 1 }));
}
