//! A library with a guarded function of each kind. Nothing calls them.

#![forbid(unsafe_code)]
#![allow(
    dead_code,
    clippy::unused_async,
    clippy::unused_self,
    reason = "nothing calls the functions"
)]
#![allow(missing_docs, missing_debug_implementations, reason = "they are test data")]

use requires_auth::{AuthInfo, Rejection, requires_auth};

#[requires_auth]
async fn any_token() {}

#[requires_auth(scopes = any("admin", all("read", "write")), optional)]
async fn choice(_auth: Option<AuthInfo>) {}

#[requires_auth(scopes = "read")]
async fn r#match(_auth: AuthInfo) {}

#[requires_auth(scopes = "read")]
fn future() -> impl Future<Output = ()> {
    async {}
}

#[requires_auth(scopes = "read")]
async fn generic<T: Send + Sync + 'static, const N: usize>(_value: [T; N]) {}

#[requires_auth(scopes = "absent")]
#[cfg(any())]
async fn absent() {}

pub mod nested {
    use requires_auth::requires_auth;

    #[requires_auth(scopes = "write")]
    pub async fn any_token() {
        #[requires_auth(scopes = "inner")]
        async fn inner() {}
    }

    pub struct Wrapper<T>(pub T);

    impl<T: Send> Wrapper<T> {
        #[requires_auth(scopes = "read write")]
        pub async fn method(&self) {}
    }
}

macro_rules! handlers {
    ($($name:ident: $body:block)*) => {$(
        #[requires_auth(scopes = "of-a-macro")]
        async fn $name() $body
    )*};
}

handlers! {
    first: {}
    second: {}
}

pub mod tools {
    use requires_auth::{AuthInfo, requires_auth};
    use rmcp::model::{PromptMessage, Role};
    use rmcp::{prompt, prompt_router, tool, tool_router};

    #[derive(Clone)]
    pub struct Tools;

    #[requires_auth(scopes = "by-default")]
    #[tool_router(vis = "pub")]
    impl Tools {
        /// By the attribute of the block
        #[tool]
        async fn of_the_block(&self) {}

        /// By its own
        #[requires_auth(scopes = "own")]
        #[tool]
        fn own(&self, _auth: AuthInfo) -> String {
            String::new()
        }

        /// Without a guard
        #[public]
        #[tool]
        async fn open(&self) {}
    }

    #[prompt_router(vis = "pub")]
    impl Tools {
        /// A prompt
        #[requires_auth(scopes = "suggest")]
        #[prompt]
        async fn suggest(&self) -> Vec<PromptMessage> {
            vec![PromptMessage::new_text(Role::User, "suggest")]
        }
    }
}

#[requires_auth(scopes = "read", when = text != "<b>|")]
async fn conditional(text: String) -> Result<(), Rejection> {
    Ok(())
}

#[requires_auth(scopes_from = scopes_of::<String>(text))]
async fn dependent(text: String) -> Result<(), Rejection> {
    Ok(())
}

fn scopes_of<T: ?Sized + AsRef<str>>(text: &T) -> &'static str {
    if text.as_ref().is_empty() { "empty" } else { "full" }
}
