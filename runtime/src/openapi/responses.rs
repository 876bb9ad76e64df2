//! The responses of a guard.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder, Responses};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, RefOr};

/// Adds the responses of a guard, except for a status that the operation describes itself.
pub(super) fn add_rejections(responses: &mut Responses) {
    for (status, description, header, header_description) in [
        (
            "401",
            "The request has no valid access token",
            "WWW-Authenticate",
            "The challenge (RFC 6750 §3)",
        ),
        (
            "403",
            "The access token does not permit the operation",
            "WWW-Authenticate",
            "The challenge, if other scopes would permit it (RFC 6750 §3.1)",
        ),
        (
            "503",
            "The access token cannot be checked at the moment",
            "Retry-After",
            "Seconds until another attempt (RFC 9110 §10.2.3)",
        ),
    ] {
        let response = || RefOr::T(rejection(description, header, header_description));
        responses.responses.entry(status.to_owned()).or_insert_with(response);
    }
}

fn rejection(description: &str, header: &str, header_description: &str) -> Response {
    let string = || ObjectBuilder::new().schema_type(Type::String);
    let body = ObjectBuilder::new()
        .property(
            "error",
            string().description(Some("An error code, such as those of RFC 6750 §3.1")),
        )
        .required("error")
        .property("error_description", string().description(Some("A text for developers")))
        .required("error_description");
    let header_value = HeaderBuilder::new()
        .schema(Some(string().build()))
        .description(Some(header_description))
        .build();
    ResponseBuilder::new()
        .description(description)
        .header(header, header_value)
        .content("application/json", ContentBuilder::new().schema(Some(body)).build())
        .build()
}
