// R-K2: whatever takes the argument away leaves the guard: each function still takes one.
use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(scopes = "read")]
fn compiled_out(#[cfg(any())] _auth: AuthInfo) {}

#[requires_auth(scopes = "read")]
fn one_of_two(#[cfg(all())] #[cfg(any())] _auth: AuthInfo) {}

// To the compiler this is a `cfg` too.
#[requires_auth(scopes = "read")]
fn by_a_raw_name(#[r#cfg(any())] _auth: AuthInfo) {}

#[requires_auth(optional)]
fn optional(#[cfg(any())] _auth: Option<AuthInfo>) {}

macro_rules! captured {
    ($(#[$attribute:meta])* $name:ident, $condition:meta) => {
        #[requires_auth(scopes = "read")]
        fn $name($(#[$attribute])* #[cfg($condition)] _auth: AuthInfo) {}
    };
}

captured!(#[cfg(any())] captured_whole, all());
captured!(captured_condition, any());

fn main() {
    let _ = |auth: AuthInfo| {
        compiled_out(auth.clone().try_into().unwrap());
        one_of_two(auth.clone().try_into().unwrap());
        by_a_raw_name(auth.clone().try_into().unwrap());
        optional(Some(auth.clone()).try_into().unwrap());
        captured_whole(auth.clone().try_into().unwrap());
        captured_condition(auth.try_into().unwrap());
    };
}
