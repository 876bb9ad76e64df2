//! What a request asks an MCP server to do, as far as authorization needs to know it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName};

/// An operation that a server can declare scopes for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operation {
    /// A call of a tool, by its name.
    Tool(String),
    /// A prompt that is read or completed, by its name.
    Prompt(String),
    /// Resources that are read, completed or subscribed to, by their URIs.
    Resources(Vec<String>),
    /// Anything else: a valid token is all that it needs.
    Other,
}

impl Operation {
    /// The tool that is called.
    pub(super) fn tool(&self) -> Option<&str> {
        match self {
            Self::Tool(name) => Some(name),
            _ => None,
        }
    }
}

/// What the methods of the protocol are about, as far as authorization needs to know it. One that
/// reads a resource is decided as that resource, whatever its name is.
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
    /// `params.taskId` is a task, which the handler's guard decides about.
    Task,
    /// A valid token is all that it needs: it is about the server or the client as a whole, and of
    /// what the server has it only lists names and descriptions.
    Open,
    /// No method of the protocol, so the handler's own: a valid token is all that it needs here.
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

/// Where a request says what it asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum OperationSource {
    /// In its headers, which the SDK compares with the body.
    Headers(Operation),
    /// Only in its body.
    Body,
}

/// A header that can only be there once is there more than once.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RepeatedHeader;

const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");

/// The first revision that requires the headers, and whose servers must compare them with the body.
/// Revisions are dates, and compare as text.
const STANDARD_HEADERS: &str = "2026-07-28";

/// Reads the headers of a `POST`.
///
/// With an earlier revision nobody compares `Mcp-Name` with the body, so it is not believed: a
/// request could name one tool there and call another.
pub(super) fn operation_source(headers: &HeaderMap) -> Result<OperationSource, RepeatedHeader> {
    let version = once(headers, &PROTOCOL_VERSION)?;
    if version.is_none_or(|version| version < STANDARD_HEADERS) {
        return Ok(OperationSource::Body);
    }
    let method = once(headers, &METHOD)?;
    let name = once(headers, &NAME)?;
    // A name that cannot be decoded names nothing; the SDK refuses the request.
    let name = name.and_then(decoded);
    Ok(OperationSource::Headers(match (method.map(MethodKind::of), method, name) {
        (Some(MethodKind::Tool), _, Some(name)) => Operation::Tool(name),
        (Some(MethodKind::Prompt), _, Some(name)) => Operation::Prompt(name),
        // Of the methods that read a resource, the SDK makes only this one repeat the URI.
        (Some(MethodKind::Resource), Some("resources/read"), Some(uri)) => {
            Operation::Resources(vec![uri])
        }
        (Some(MethodKind::Tool | MethodKind::Prompt | MethodKind::Task | MethodKind::Open), ..)
        | (_, Some("resources/read"), _) => Operation::Other,
        // No header tells what the others are about. `initialize` comes before the revision is agreed
        // on, so the SDK lets it do without headers.
        _ => return Ok(OperationSource::Body),
    }))
}

fn once<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, RepeatedHeader> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    match values.next() {
        Some(_) => Err(RepeatedHeader),
        None => Ok(value.and_then(|value| value.to_str().ok())),
    }
}

/// A value that a header cannot carry as it is comes as `=?base64?…?=`.
fn decoded(name: &str) -> Option<String> {
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
    fn the_name_in_a_header_is_believed_only_where_it_is_compared() {
        // R-I4
        let named = OperationSource::Headers(Operation::Tool("create".into()));
        assert_eq!(operation_source(&headers(&[VERSION, CALL, ("mcp-name", "create")])), Ok(named));
        for version in ["2025-11-25", "2025-06-18", "2025-03-26", "", "1"] {
            let version = ("mcp-protocol-version", version);
            let headers = headers(&[version, CALL, ("mcp-name", "create")]);
            assert_eq!(operation_source(&headers), Ok(OperationSource::Body), "{version:?}");
        }
        let without_version = headers(&[CALL, ("mcp-name", "create")]);
        assert_eq!(operation_source(&without_version), Ok(OperationSource::Body));
    }

    #[test]
    fn each_kind_of_operation_has_its_header() {
        // R-I3
        let said = |method, name| {
            operation_source(&headers(&[VERSION, ("mcp-method", method), ("mcp-name", name)]))
        };
        let prompt = OperationSource::Headers(Operation::Prompt("a".into()));
        assert_eq!(said("prompts/get", "a"), Ok(prompt));
        let resource = OperationSource::Headers(Operation::Resources(vec!["a:b".into()]));
        assert_eq!(said("resources/read", "a:b"), Ok(resource));
        assert_eq!(said("tasks/get", "a"), Ok(OperationSource::Headers(Operation::Other)));
    }

    #[test]
    fn every_method_of_the_protocol_is_decided_in_some_way() {
        // R-I16: a method that the SDK adds has no place in this list, and no decision yet.
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
                // So the SDK describes its own constants, which are methods alone.
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
            operation_source(&encoded),
            Ok(OperationSource::Headers(Operation::Tool("crée".into())))
        );
        for broken in ["=?base64?!?=", "=?base64?/w==?="] {
            let headers = headers(&[VERSION, CALL, ("mcp-name", broken)]);
            assert_eq!(
                operation_source(&headers),
                Ok(OperationSource::Headers(Operation::Other)),
                "{broken}"
            );
        }
    }

    #[test]
    fn a_repeated_header_is_refused() {
        for repeated in [
            [VERSION, VERSION, CALL],
            [VERSION, CALL, CALL],
            [VERSION, CALL, ("mcp-method", "tools/list")],
        ] {
            assert_eq!(operation_source(&headers(&repeated)), Err(RepeatedHeader), "{repeated:?}");
        }
        let names = [VERSION, CALL, ("mcp-name", "a"), ("mcp-name", "b")];
        assert_eq!(operation_source(&headers(&names)), Err(RepeatedHeader));
    }

    #[test]
    fn what_no_header_tells_is_looked_up_in_the_body() {
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
            assert_eq!(operation_source(&headers), Ok(OperationSource::Body), "{method}");
        }
        assert_eq!(operation_source(&headers(&[VERSION])), Ok(OperationSource::Body));
        let listing = headers(&[VERSION, ("mcp-method", "tools/list")]);
        assert_eq!(operation_source(&listing), Ok(OperationSource::Headers(Operation::Other)));
    }
}
