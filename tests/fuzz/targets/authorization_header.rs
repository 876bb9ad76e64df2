//! `Authorization` headers, one on each line of the input: which token the guard takes, and the whole answer otherwise.

use std::sync::LazyLock;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use requires_auth::{Condition, Rejection, ResourceServer};

use crate::server::{METADATA, Recorder, builder, ready};

/// The limit of the second server.
const SHORT: usize = 16;

static SERVERS: LazyLock<[(usize, ResourceServer, Recorder); 2]> = LazyLock::new(|| {
    let with = |limit: usize| {
        let (builder, recorder) = builder();
        (limit, builder.max_token_length(limit).build().unwrap(), recorder)
    };
    [with(8192), with(SHORT)]
});

#[derive(Debug, PartialEq)]
enum Expected {
    Accepted(String),
    Missing,
    Several,
    Invalid,
    /// A token with the scheme `DPoP`, and no proof.
    WithoutProof,
}

// R-A1, R-A2, R-A3, R-A4, R-A6
pub fn run(data: &[u8]) {
    let mut headers = HeaderMap::new();
    let mut values = Vec::new();
    for line in data.split(|byte| *byte == b'\n').take(4) {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(AUTHORIZATION, value);
            values.push(line);
        }
    }
    for (limit, server, recorder) in &*SERVERS {
        let expected = expected(&values, *limit);
        let result = ready(server.authorize(&headers, Condition::Scope("read")));
        match (&expected, result) {
            (Expected::Accepted(token), Ok(caller)) => {
                assert_eq!(caller.token().expose(), token);
                assert_eq!(recorder.take(), [token.as_str()]);
            }
            (Expected::Accepted(_), Err(rejection)) => panic!("{rejection:?} of {values:?}"),
            (_, Ok(_)) => panic!("{expected:?}: {values:?} are accepted"),
            (_, Err(rejection)) => {
                assert_eq!(answer(&rejection), expected.answer(), "{values:?}");
                assert_eq!(recorder.take(), [""; 0], "{values:?} are resolved");
            }
        }
    }
}

/// The whole answer to a request with an invalid proof.
pub fn answer_to_invalid_proof() -> String {
    Expected::WithoutProof.answer()
}

/// By the words of the standards, one byte after the other.
fn expected(values: &[&[u8]], limit: usize) -> Expected {
    let value = match values {
        [] => return Expected::Missing,
        [value] => *value,
        _ => return Expected::Several,
    };
    // One character for each byte.
    let text: String = value.iter().map(|byte| char::from(*byte)).collect();
    let text = text.trim_matches([' ', '\t']);
    let scheme = |text: &str| text.split(' ').next().unwrap().to_ascii_lowercase();
    let is_known = |text: &str| ["bearer", "dpop"].contains(&&*scheme(text));
    if !is_known(text) {
        let mut elements = text.split(',').map(|element| element.trim_matches([' ', '\t']));
        return if elements.any(is_known) { Expected::Several } else { Expected::Missing };
    }
    let token = text[scheme(text).len()..].trim_start_matches(' ');
    let characters = token.trim_end_matches('=');
    let is_token = !characters.is_empty()
        && characters.chars().all(|c| c.is_ascii_alphanumeric() || "-._~+/".contains(c));
    if is_token && token.chars().count() <= limit {
        if scheme(text) == "dpop" {
            return Expected::WithoutProof;
        }
        Expected::Accepted(token.to_owned())
    } else if token.contains(',') {
        Expected::Several
    } else {
        Expected::Invalid
    }
}

impl Expected {
    /// Status, reason in the challenge, and `error` in the body.
    fn answer(&self) -> String {
        let (status, error, body, description) = match self {
            Self::Accepted(_) => return String::new(),
            Self::Missing => (401, "", "unauthorized", "This resource needs an access token"),
            Self::Several => (
                400,
                "invalid_request",
                "invalid_request",
                "The request must present exactly one access token",
            ),
            Self::Invalid => (
                401,
                "invalid_token",
                "invalid_token",
                "The access token is malformed, expired, revoked or not meant for this resource",
            ),
            Self::WithoutProof => (
                401,
                "invalid_dpop_proof",
                "invalid_dpop_proof",
                "The request needs a DPoP proof of its own, for this method, URI and access token",
            ),
        };
        let error = match error {
            "" => String::new(),
            error => format!("error=\"{error}\", error_description=\"{description}\", "),
        };
        let algs = "algs=\"ES256 EdDSA ES384 PS256 RS256\", ";
        let challenge = |parameters: &str| {
            format!("{parameters}scope=\"read\", resource_metadata=\"{METADATA}\"")
        };
        let dpop = *self == Self::WithoutProof;
        let own =
            if dpop { format!("DPoP {algs}") } else { "Bearer ".to_owned() } + &challenge(&error);
        let other = match self {
            Self::Several => String::new(),
            _ if dpop => format!("Bearer resource_metadata=\"{METADATA}\"\n"),
            _ => format!("DPoP {algs}resource_metadata=\"{METADATA}\"\n"),
        };
        format!(
            "{status}\n{own}\n{other}no-store\napplication/json\n\
             {{\"error\":\"{body}\",\"error_description\":\"{description}\"}}"
        )
    }
}

/// The whole answer, in the form of [`Expected::answer`].
pub fn answer(rejection: &Rejection) -> String {
    let response = rejection.to_response::<String>();
    let mut lines = vec![response.status().as_u16().to_string()];
    for name in ["www-authenticate", "cache-control", "content-type"] {
        let values = response.headers().get_all(name).iter();
        lines.extend(values.map(|value| value.to_str().unwrap().to_owned()));
    }
    assert_eq!(response.headers().len(), lines.len() - 1, "{:?}", response.headers());
    lines.push(response.body().clone());
    lines.join("\n")
}
