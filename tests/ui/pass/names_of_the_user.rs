// R-K4: whatever the user calls something, the guard means its own.
#![allow(dead_code, unused_imports)]

use requires_auth::requires_auth;

mod shadows {
    pub struct Option;
    pub struct Result;
    pub struct Some;
    pub struct Ok;
    pub struct Err;
    pub struct Authorized;
    pub struct AnyToken;
    pub struct Policy;
    pub struct S;
    pub struct All;
    pub struct Any;
    pub mod core {}
    pub mod std {}
    pub mod requires_auth {}
    pub mod requires_auth_expansion {}
}

mod user {
    use super::shadows::*;
    use ::requires_auth::{AuthInfo as Who, requires_auth};

    #[requires_auth(scopes = all("read", any("write", "admin")))]
    pub fn handler(auth: u64, #[auth] who: Who, caller: u64) -> u64 {
        drop(who);
        auth + caller
    }

    #[requires_auth(optional)]
    pub fn optional(#[auth] who: ::core::option::Option<Who>) -> bool {
        who.is_some()
    }
}

mod other_auth_info {
    use axum::Json;
    use requires_auth::requires_auth;

    /// A type of the user's with the same name, for other things.
    pub struct AuthInfo(pub u64);

    pub struct State<T>(pub T);

    // Neither wrapped nor marked by another is it taken for the caller.
    #[requires_auth]
    pub fn wrapped(own: Json<AuthInfo>, state: State<AuthInfo>) -> u64 {
        own.0.0 + state.0.0
    }

    #[requires_auth]
    pub fn beside(own: AuthInfo, #[auth] caller: ::requires_auth::AuthInfo) -> u64 {
        drop(caller);
        own.0
    }
}

mod auth {
    use requires_auth::requires_auth;

    #[requires_auth]
    pub fn auth(auth: requires_auth::AuthInfo) -> bool {
        auth.has_scope("auth")
    }

    #[requires_auth]
    pub fn r#fn(r#type: requires_auth::AuthInfo) -> bool {
        r#type.has_scope("type")
    }
}

#[requires_auth]
fn nothing_named() {}

fn main() {
    let _ = |caller: requires_auth::AuthInfo| {
        user::handler(caller.clone().try_into().unwrap(), 1, 2);
        user::optional(Some(caller.clone()).try_into().unwrap());
        other_auth_info::beside(caller.clone().try_into().unwrap(), other_auth_info::AuthInfo(1));
        auth::auth(caller.clone().try_into().unwrap());
        auth::r#fn(caller.clone().try_into().unwrap());
        nothing_named(caller.try_into().unwrap());
    };
}
