//! Whether an argument beside the guard may extract the caller again.
//!
//! For such an argument the guard stores the caller in the request, so that the token is resolved
//! once. That allocates, so common types that extract something else are recognised by their names.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{FnArg, GenericArgument, PathArguments, Signature, Type};

/// Types of axum, rmcp and the standard library that extract something else.
const OTHERS: [&str; 29] = [
    "Body",
    "Bytes",
    "ConnectInfo",
    "CookieJar",
    "Extension",
    "Extensions",
    "Form",
    "HeaderMap",
    "Host",
    "Json",
    "MatchedPath",
    "Method",
    "Multipart",
    "NestedPath",
    "OriginalUri",
    "Parameters",
    "Path",
    "Peer",
    "Query",
    "RawForm",
    "RawPathParams",
    "RawQuery",
    "RequestId",
    "State",
    "String",
    "TypedHeader",
    "Uri",
    "Version",
    "WebSocketUpgrade",
];

/// Whether an argument other than `caller` may extract the caller. One that receives the whole
/// request may pass it to another guard.
pub(super) fn may_extract_caller(signature: &Signature, caller: Option<usize>) -> bool {
    signature.inputs.iter().enumerate().any(|(position, argument)| match argument {
        FnArg::Typed(argument) => Some(position) != caller && may_be_caller(&argument.ty),
        FnArg::Receiver(_) => false,
    })
}

fn may_be_caller(ty: &Type) -> bool {
    let path = match ty {
        Type::Paren(inner) => return may_be_caller(&inner.elem),
        Type::Group(inner) => return may_be_caller(&inner.elem),
        Type::Path(path) => path,
        _ => return true,
    };
    let Some(last) = path.path.segments.last() else { return true };
    let name = last.ident.unraw().to_string();
    if OTHERS.contains(&name.as_str()) || is_primitive(ty) {
        return false;
    }
    match &last.arguments {
        PathArguments::AngleBracketed(generics) if name == "Option" || name == "Result" => {
            !matches!(generics.args.first(),
                Some(GenericArgument::Type(inner)) if !may_be_caller(inner))
        }
        _ => true,
    }
}

fn is_primitive(ty: &Type) -> bool {
    let name = ty.to_token_stream().to_string();
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|character| character.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(arguments: &str, caller: Option<usize>) -> bool {
        let signature: Signature = syn::parse_str(&format!("fn f({arguments})")).unwrap();
        may_extract_caller(&signature, caller)
    }

    #[test]
    fn types_that_extract_something_else_share_no_caller() {
        // R-K8
        for other in [
            "",
            "&self",
            "Json(entry): Json<New>",
            "path: axum::extract::Path<(u8, u8)>",
            "a: Option<Query<A>>, b: Result<Json<B>, E>",
            "count: u8",
        ] {
            assert!(!shared(other, None), "{other}");
        }
        for may in [
            "caller: Auth",
            "caller: AuthInfo",
            "caller: Option<Auth>",
            "caller: Result<AuthInfo, E>",
            "request: Request",
            "(a, b): (A, B)",
            "user: impl X",
            "json: Json<A>, user: CurrentUser",
        ] {
            assert!(shared(may, None), "{may}");
        }
        assert!(!shared("auth: AuthInfo, json: Json<A>", Some(0)));
        assert!(shared("auth: AuthInfo, other: AuthInfo", Some(0)));
    }
}
