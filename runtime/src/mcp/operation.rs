//! The operation that a request names, as far as authorization depends on it.

use std::slice;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName};

/// An operation that a server can declare a policy for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operation {
    /// A call of the tool with this name.
    Tool(String),
    /// Getting or completing the prompt with this name.
    Prompt(String),
    /// Reading or subscribing to the resources with these URIs.
    Resources(Vec<String>),
    /// Completing the variables of the resource with this URI, or of the resources with this URI template.
    ResourceCompletion(String),
    /// Anything else; it needs a valid token only.
    Other,
}

impl Operation {
    /// The name of the tool that is called.
    pub(super) fn tool(&self) -> Option<&str> {
        match self {
            Self::Tool(name) => Some(name),
            _ => None,
        }
    }

    /// The URIs of its resources, or their template.
    pub(super) fn uris(&self) -> &[String] {
        match self {
            Self::Resources(uris) => uris,
            Self::ResourceCompletion(uri) => slice::from_ref(uri),
            Self::Tool(_) | Self::Prompt(_) | Self::Other => &[],
        }
    }
}

/// Which parameter of a method names the operation. A method that reads a resource counts as reading that
/// resource, whatever the method is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MethodKind {
    /// `params.name` is a tool.
    Tool,
    /// `params.name` is a prompt.
    Prompt,
    /// `params.uri` is a resource.
    Resource,
    /// `params.ref` is a prompt or a resource.
    Completion,
    /// `params.notifications.resourceSubscriptions` are resources.
    Subscriptions,
    /// `params.taskId` is a task; [`McpHandler`](super::McpHandler) decides about it.
    Task,
    /// A method that needs a valid token only: it concerns the whole server or client, or lists names and
    /// descriptions.
    Open,
    /// A method of the application, not of the protocol; it needs a valid token only.
    Unknown,
}

impl MethodKind {
    pub(super) fn of(name: &str) -> Self {
        match name {
            "tools/call" => Self::Tool,
            "prompts/get" => Self::Prompt,
            "resources/read"
            | "resources/directory/read"
            | "resources/subscribe"
            | "resources/unsubscribe"
            | "skills/get" => Self::Resource,
            "completion/complete" => Self::Completion,
            "subscriptions/listen" => Self::Subscriptions,
            "tasks/get" | "tasks/update" | "tasks/cancel" => Self::Task,
            "initialize"
            | "ping"
            | "server/discover"
            | "logging/setLevel"
            | "tools/list"
            | "prompts/list"
            | "resources/list"
            | "resources/templates/list"
            | "skills/list" => Self::Open,
            _ => Self::Unknown,
        }
    }
}

/// Which part of a `POST` names the operation.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum OperationSource {
    /// The headers, which the SDK compares with the body.
    Headers(Operation),
    /// The body alone.
    Body,
}

/// A header that may occur once occurs more often.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RepeatedHeader;

const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");

/// The first revision whose servers must compare the headers with the body. Revisions are dates and
/// compare as text.
const STANDARD_HEADERS: &str = "2026-07-28";

impl OperationSource {
    /// Reads the headers of a `POST`.
    ///
    /// With an earlier revision the SDK does not compare `Mcp-Name` with the body, so the header is
    /// ignored: a request could name one tool there and call another.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, RepeatedHeader> {
        let version = single_value(headers, &PROTOCOL_VERSION)?;
        if version.is_none_or(|version| version < STANDARD_HEADERS) {
            return Ok(Self::Body);
        }
        let method = single_value(headers, &METHOD)?;
        let name = single_value(headers, &NAME)?;
        // Without a name that can be decoded there is no operation; the SDK rejects the request.
        let name = name.and_then(decode_name);
        Ok(Self::Headers(match (method.map(MethodKind::of), method, name) {
            (Some(MethodKind::Tool), _, Some(name)) => Operation::Tool(name),
            (Some(MethodKind::Prompt), _, Some(name)) => Operation::Prompt(name),
            // Of the methods that read a resource, the SDK requires the URI in a header for this one alone.
            (Some(MethodKind::Resource), Some("resources/read"), Some(uri)) => {
                Operation::Resources(vec![uri])
            }
            (
                Some(MethodKind::Tool | MethodKind::Prompt | MethodKind::Task | MethodKind::Open),
                ..,
            )
            | (_, Some("resources/read"), _) => Operation::Other,
            // No header names the operation of the other methods. `initialize` precedes the agreement on
            // a revision, so the SDK accepts it without headers.
            _ => return Ok(Self::Body),
        }))
    }
}

fn single_value<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a str>, RepeatedHeader> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    match values.next() {
        Some(_) => Err(RepeatedHeader),
        None => Ok(value.and_then(|value| value.to_str().ok())),
    }
}

/// Decodes `=?base64?…?=`, the form of a value that a header cannot carry otherwise.
fn decode_name(name: &str) -> Option<String> {
    let encoded = name.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?="));
    match encoded {
        None => Some(name.to_owned()),
        Some(encoded) => String::from_utf8(STANDARD.decode(encoded).ok()?).ok(),
    }
}

#[cfg(test)]
mod tests {
    use ::rmcp::model::ClientRequest;
    use ::rmcp::schemars::schema_for;
    use serde_json::Value;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        headers
    }

    const VERSION: (&str, &str) = ("mcp-protocol-version", "2026-07-28");
    const CALL: (&str, &str) = ("mcp-method", "tools/call");

    #[test]
    fn the_name_in_a_header_counts_only_where_the_sdk_compares_it() {
        // R-I4
        let named = OperationSource::Headers(Operation::Tool("create".into()));
        assert_eq!(
            OperationSource::of(&headers(&[VERSION, CALL, ("mcp-name", "create")])),
            Ok(named)
        );
        for version in ["2025-11-25", "2025-06-18", "2025-03-26", "", "1"] {
            let version = ("mcp-protocol-version", version);
            let headers = headers(&[version, CALL, ("mcp-name", "create")]);
            assert_eq!(OperationSource::of(&headers), Ok(OperationSource::Body), "{version:?}");
        }
        let without_version = headers(&[CALL, ("mcp-name", "create")]);
        assert_eq!(OperationSource::of(&without_version), Ok(OperationSource::Body));
    }

    #[test]
    fn each_kind_of_operation_is_read_from_the_headers() {
        // R-I3
        let source = |method, name| {
            OperationSource::of(&headers(&[VERSION, ("mcp-method", method), ("mcp-name", name)]))
        };
        let prompt = OperationSource::Headers(Operation::Prompt("a".into()));
        assert_eq!(source("prompts/get", "a"), Ok(prompt));
        let resource = OperationSource::Headers(Operation::Resources(vec!["a:b".into()]));
        assert_eq!(source("resources/read", "a:b"), Ok(resource));
        assert_eq!(source("tasks/get", "a"), Ok(OperationSource::Headers(Operation::Other)));
    }

    #[test]
    fn every_method_of_the_protocol_has_a_kind() {
        // R-I16: a method that a new version of the SDK adds fails here until it has a kind.
        let schema = serde_json::to_value(schema_for!(ClientRequest)).unwrap();
        let mut methods = Vec::new();
        collect_methods(&schema, &mut methods);
        methods.sort_unstable();
        methods.dedup();
        assert_eq!(
            methods,
            [
                "completion/complete",
                "initialize",
                "logging/setLevel",
                "ping",
                "prompts/get",
                "prompts/list",
                "resources/directory/read",
                "resources/list",
                "resources/read",
                "resources/subscribe",
                "resources/templates/list",
                "resources/unsubscribe",
                "server/discover",
                "skills/get",
                "skills/list",
                "subscriptions/listen",
                "tasks/cancel",
                "tasks/get",
                "tasks/update",
                "tools/call",
                "tools/list",
            ]
        );
        for method in methods {
            assert_ne!(MethodKind::of(&method), MethodKind::Unknown, "{method}");
        }
    }

    /// The methods that a schema names.
    fn collect_methods(schema: &Value, methods: &mut Vec<String>) {
        match schema {
            Value::Object(members) => {
                // The SDK describes its own constants so, and only methods are constants.
                let constant = members.get("const").filter(|_| members.contains_key("format"));
                methods.extend(constant.and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|value| collect_methods(value, methods));
            }
            Value::Array(values) => values.iter().for_each(|it| collect_methods(it, methods)),
            _ => {}
        }
    }

    #[test]
    fn an_encoded_name_is_the_name() {
        let encoded = headers(&[VERSION, CALL, ("mcp-name", "=?base64?Y3LDqWU=?=")]);
        assert_eq!(
            OperationSource::of(&encoded),
            Ok(OperationSource::Headers(Operation::Tool("crée".into())))
        );
        for broken in ["=?base64?!?=", "=?base64?/w==?="] {
            let headers = headers(&[VERSION, CALL, ("mcp-name", broken)]);
            assert_eq!(
                OperationSource::of(&headers),
                Ok(OperationSource::Headers(Operation::Other)),
                "{broken}"
            );
        }
    }

    #[test]
    fn a_repeated_header_is_an_error() {
        for repeated in [
            [VERSION, VERSION, CALL],
            [VERSION, CALL, CALL],
            [VERSION, CALL, ("mcp-method", "tools/list")],
        ] {
            assert_eq!(
                OperationSource::of(&headers(&repeated)),
                Err(RepeatedHeader),
                "{repeated:?}"
            );
        }
        let names = [VERSION, CALL, ("mcp-name", "a"), ("mcp-name", "b")];
        assert_eq!(OperationSource::of(&headers(&names)), Err(RepeatedHeader));
    }

    #[test]
    fn the_body_counts_where_no_header_names_the_operation() {
        for method in [
            "completion/complete",
            "subscriptions/listen",
            "resources/directory/read",
            "resources/subscribe",
            "resources/unsubscribe",
            "skills/get",
            "skills/read",
            "x/own",
        ] {
            let headers = headers(&[VERSION, ("mcp-method", method)]);
            assert_eq!(OperationSource::of(&headers), Ok(OperationSource::Body), "{method}");
        }
        assert_eq!(OperationSource::of(&headers(&[VERSION])), Ok(OperationSource::Body));
        let listing = headers(&[VERSION, ("mcp-method", "tools/list")]);
        assert_eq!(OperationSource::of(&listing), Ok(OperationSource::Headers(Operation::Other)));
    }
}
