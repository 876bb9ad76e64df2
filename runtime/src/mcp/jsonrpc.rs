//! Reads the operation from the body of a JSON-RPC request, and nothing else of it.

mod message;
mod unique_members;

use serde::de::DeserializeSeed;
use serde_json::de::{Read, SliceRead, StrRead};
use serde_json::error::Category;
use serde_json::value::RawValue;

use message::{BoundedList, JsonString, Message, ObjectMembers, string};
use unique_members::UniqueMembers;

use super::operation::{MethodKind, Operation};

/// Why a body is not passed on: two parsers could read different operations from it, or it names too many
/// resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum MessageError {
    /// Several messages in one body; the revisions from 2025-06-18 on have none.
    #[error("a batch of messages is not accepted")]
    Batch,
    /// A member occurs twice, or has another type.
    #[error("the message is not a JSON-RPC request of the Model Context Protocol")]
    Malformed,
    /// The request names more resources than `max_resources`.
    #[error("the request names more resources than this server accepts in one")]
    TooManyResources,
}

/// The operation of the message in a body, which may name up to `max_resources`.
///
/// A body that is no JSON has none: the SDK rejects it.
pub(super) fn operation(body: &[u8], max_resources: usize) -> Result<Operation, MessageError> {
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'[') => return Err(MessageError::Batch),
        Some(b'{') => {}
        _ => return Ok(Operation::Other),
    }
    // One check of the whole text is faster than one of each string in it.
    let operation = match str::from_utf8(body) {
        Ok(text) => read(StrRead::new(text), max_resources),
        Err(_) => read(SliceRead::new(body), max_resources),
    };
    match operation {
        Ok(Some(operation)) => Ok(operation),
        Ok(None) => Err(MessageError::TooManyResources),
        Err(error) if matches!(error.classify(), Category::Data) => Err(MessageError::Malformed),
        Err(_) => Ok(Operation::Other),
    }
}

/// Checks that no object in a message has a member twice. A body that is no JSON has none: the SDK rejects it.
pub(super) fn check_members(body: &[u8]) -> Result<(), MessageError> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    match UniqueMembers.deserialize(&mut deserializer) {
        Err(error) if matches!(error.classify(), Category::Data) => Err(MessageError::Malformed),
        _ => Ok(()),
    }
}

/// `None` if the message names too many resources.
fn read<'a>(json: impl Read<'a>, max_resources: usize) -> serde_json::Result<Option<Operation>> {
    let Message { method, params } = Message::read(json)?;
    let Some(JsonString(method)) = method else { return Ok(Some(Operation::Other)) };
    Ok(Some(match MethodKind::of(&method) {
        MethodKind::Tool => params.name.text()?.map_or(Operation::Other, Operation::Tool),
        MethodKind::Prompt => params.name.text()?.map_or(Operation::Other, Operation::Prompt),
        MethodKind::Resource => {
            params.uri.text()?.map_or(Operation::Other, |uri| Operation::Resources(vec![uri]))
        }
        MethodKind::Completion => reference(params.reference.value()?)?,
        MethodKind::Subscriptions => {
            return subscriptions(params.notifications.value()?, max_resources);
        }
        MethodKind::Task | MethodKind::Open | MethodKind::Unknown => Operation::Other,
    }))
}

/// The prompt or the resource of a completion.
fn reference(reference: Option<&RawValue>) -> serde_json::Result<Operation> {
    let Some(reference) = reference else { return Ok(Operation::Other) };
    let mut deserializer = serde_json::Deserializer::from_str(reference.get());
    let [kind, name, uri] =
        ObjectMembers(["type", "name", "uri"]).deserialize(&mut deserializer)?;
    Ok(match (kind.map(string).transpose()?.as_deref(), name, uri) {
        (Some("ref/prompt"), Some(name), _) => Operation::Prompt(string(name)?),
        (Some("ref/resource"), _, Some(uri)) => Operation::ResourceCompletion(string(uri)?),
        _ => Operation::Other,
    })
}

/// The resources of a subscription; `None` if there are too many.
fn subscriptions(
    filter: Option<&RawValue>,
    max_resources: usize,
) -> serde_json::Result<Option<Operation>> {
    let Some(filter) = filter else { return Ok(Some(Operation::Other)) };
    let mut deserializer = serde_json::Deserializer::from_str(filter.get());
    let [uris] = ObjectMembers(["resourceSubscriptions"]).deserialize(&mut deserializer)?;
    let Some(uris) = uris else { return Ok(Some(Operation::Other)) };
    let mut deserializer = serde_json::Deserializer::from_str(uris.get());
    let uris = BoundedList(max_resources).deserialize(&mut deserializer)?;
    Ok(uris.map(|uris| uris.map_or(Operation::Other, Operation::Resources)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Operation, MessageError> {
        operation(body.as_bytes(), 2)
    }

    #[test]
    fn the_operation_is_read_from_the_body() {
        // R-I3
        let tool = || Ok(Operation::Tool("create".into()));
        let uris =
            |uris: &[&str]| Ok(Operation::Resources(uris.iter().map(|&u| u.into()).collect()));
        for (body, expected) in [
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create"}}"#,
                tool(),
            ),
            (
                r#" {"params":{"arguments":{"name":"x","method":"y"},"name":"create"},"method":"tools/call"}"#,
                tool(),
            ),
            (r#"{"method":"tools\/call","params":{"n\u0061me":"cr\u0065ate"}}"#, tool()),
            (
                r#"{"method":"prompts/get","params":{"name":"p"}}"#,
                Ok(Operation::Prompt("p".into())),
            ),
            (r#"{"method":"resources/read","params":{"uri":"a:b"}}"#, uris(&["a:b"])),
            (r#"{"method":"resources/subscribe","params":{"uri":"a:b"}}"#, uris(&["a:b"])),
            (r#"{"method":"resources/unsubscribe","params":{"uri":"a:b"}}"#, uris(&["a:b"])),
            (r#"{"method":"resources/directory/read","params":{"uri":"a:b"}}"#, uris(&["a:b"])),
            (r#"{"method":"skills/get","params":{"uri":"a:b"}}"#, uris(&["a:b"])),
            (
                r#"{"method":"subscriptions/listen","params":{"notifications":{"resourceSubscriptions":null}}}"#,
                Ok(Operation::Other),
            ),
            (
                r#"{"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"p"}}}"#,
                Ok(Operation::Prompt("p".into())),
            ),
            (
                r#"{"method":"completion/complete","params":{"ref":{"type":"ref/resource","uri":"a:{b}"}}}"#,
                Ok(Operation::ResourceCompletion("a:{b}".into())),
            ),
            (
                r#"{"method":"subscriptions/listen","params":{"notifications":{"resourceSubscriptions":["a:b","a:c"]}}}"#,
                uris(&["a:b", "a:c"]),
            ),
            (r#"{"method":"tools/list"}"#, Ok(Operation::Other)),
            (r#"{"method":"tools/list","params":null}"#, Ok(Operation::Other)),
            (r#"{"method":"tools/list","params":[{"name":"x"}]}"#, Ok(Operation::Other)),
            (r#"{"method":"tools/list","params":{"name":1,"name":2}}"#, Ok(Operation::Other)),
            (r#"{"params":{"uri":1,"name":"create"},"method":"tools/call"}"#, tool()),
            (r#"{"method":"tools/call","params":{}}"#, Ok(Operation::Other)),
            (r#"{"id":1,"result":{}}"#, Ok(Operation::Other)),
            ("no JSON", Ok(Operation::Other)),
            (r#"{"method":"tools/call","params":{"name":"create""#, Ok(Operation::Other)),
            ("", Ok(Operation::Other)),
        ] {
            assert_eq!(read(body), expected, "{body}");
        }
    }

    #[test]
    fn an_ambiguous_message_is_an_error() {
        for body in [
            r#"{"method":"tools/list","method":"tools/call","params":{"name":"create"}}"#,
            r#"{"method":"tools/call","params":{"name":"a"},"params":{"name":"b"}}"#,
            r#"{"method":"tools/call","params":{"name":"a","name":"b"}}"#,
            r#"{"method":"tools/call","params":{"name":"a","n\u0061me":"b"}}"#,
            r#"{"method":"tools/call","params":["create"]}"#,
            r#"{"method":"tools/call","params":"create"}"#,
            r#"{"method":"tools/call","params":1}"#,
            r#"{"method":"tools/call","params":-1.5}"#,
            r#"{"method":"tools/call","params":true}"#,
            r#"{"params":{"name":"a","name":"b"},"method":"tools/call"}"#,
            r#"{"method":"tools/call","params":{"name":null}}"#,
            r#"{"method":"tools/call","params":{"name":["create"]}}"#,
            r#"{"method":["tools/call"],"params":{"name":"create"}}"#,
            r#"{"method":"completion/complete","params":{"ref":{"type":"ref/prompt","type":"ref/resource","name":"p"}}}"#,
            r#"{"method":"subscriptions/listen","params":{"notifications":{"resourceSubscriptions":"a:b"}}}"#,
        ] {
            assert_eq!(read(body), Err(MessageError::Malformed), "{body}");
        }
        assert_eq!(read(r#" [{"method":"tools/call"}]"#), Err(MessageError::Batch));
    }

    #[test]
    fn the_resources_of_one_request_are_bounded() {
        // R-I13: URIs beyond the limit are skipped and not stored.
        let listen = |uris: &[&str]| {
            let uris = serde_json::to_string(uris).unwrap();
            read(&format!(
                r#"{{"method":"subscriptions/listen","params":{{"notifications":{{"resourceSubscriptions":{uris}}}}}}}"#
            ))
        };
        assert_eq!(listen(&[]), Ok(Operation::Resources(vec![])));
        assert_eq!(listen(&["a", "a"]), Ok(Operation::Resources(vec!["a".into(), "a".into()])));
        assert_eq!(listen(&["a", "a", "a"]), Err(MessageError::TooManyResources));
        assert_eq!(listen(&["a"].repeat(10_000)), Err(MessageError::TooManyResources));
    }

    #[test]
    fn a_repeated_member_is_malformed_at_any_depth() {
        // R-I20
        let check = |body: &str| check_members(body.as_bytes());
        for unique in [
            r#"{"a":{"b":[{"c":1},{"c":2}]},"b":{"a":null},"c":[1,-2,3.5,true,"a","a"]}"#,
            "[]",
            // The SDK rejects these.
            "",
            "no JSON",
            r#"{"a":1,"b":"#,
        ] {
            assert_eq!(check(unique), Ok(()), "{unique}");
        }
        for repeated in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":1}"#,
            r#"{"a":{"b":[1,{"c":{},"c":{}}]}}"#,
            r#"[{"a":[],"b":1,"a":[]}]"#,
        ] {
            assert_eq!(check(repeated), Err(MessageError::Malformed), "{repeated}");
        }
    }
}
