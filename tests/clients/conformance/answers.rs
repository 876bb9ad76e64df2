//! What the suite wants to be answered, in the words of the protocol.

use std::sync::Arc;

use rmcp::model::*;
use rmcp::service::{Peer, ServiceError, SubscriptionSink};
use rmcp::{ErrorData, RoleServer};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Answer, Kept, Prompted};

/// Red, one pixel.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg==";
/// Silence.
const WAV: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA=";

pub fn from<T: DeserializeOwned>(value: Value) -> Result<T, ErrorData> {
    serde_json::from_value(value)
        .map_err(|error| ErrorData::internal_error(error.to_string(), None))
}

/// A result, which says that it is one.
pub fn result<T: DeserializeOwned>(mut members: Value) -> Result<T, ErrorData> {
    members["resultType"] = json!("complete");
    from(members)
}

pub fn sent<T>(outcome: Result<T, ServiceError>) -> Result<T, ErrorData> {
    outcome.map_err(|error| ErrorData::internal_error(error.to_string(), None))
}

pub fn info() -> ServerConfig {
    let capabilities = ServerCapabilities::builder()
        .enable_tools()
        .enable_tool_list_changed()
        .enable_prompts()
        .enable_prompts_list_changed()
        .enable_resources()
        .enable_resources_subscribe()
        .enable_resources_list_changed()
        .enable_completions()
        .enable_tasks()
        .enable_logging();
    ServerConfig::new(capabilities.build())
        .with_server_info(Implementation::new("conformance", env!("CARGO_PKG_VERSION")))
}

pub fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

pub fn image() -> Value {
    json!({ "type": "image", "data": PNG, "mimeType": "image/png" })
}

pub fn audio() -> Value {
    json!({ "type": "audio", "data": WAV, "mimeType": "audio/wav" })
}

pub fn resource(uri: &str) -> Value {
    json!({ "uri": uri, "mimeType": "text/plain", "text": "This is a resource." })
}

pub fn content(content: &Value) -> Answer {
    result::<CallToolResult>(json!({ "content": content })).map(Into::into)
}

pub fn prompt(content: &Value) -> Prompted {
    result(json!({ "messages": [{ "role": "user", "content": content }] }))
}

pub fn elicitation(property: &str) -> Value {
    asked_of_user("Please tell", &json!({ property: { "type": "string" } }))
}

fn asked_of_user(message: &str, properties: &Value) -> Value {
    let schema = json!({ "type": "object", "properties": properties });
    json!({
        "method": "elicitation/create",
        "params": { "mode": "form", "message": message, "requestedSchema": schema },
    })
}

pub fn sampling(prompt: &str) -> Value {
    let messages = json!([{ "role": "user", "content": text(prompt) }]);
    json!({
        "method": "sampling/createMessage",
        "params": { "messages": messages, "maxTokens": 100 },
    })
}

pub fn roots() -> Value {
    json!({ "method": "roots/list" })
}

pub fn input_required(
    requests: &Value,
    state: Option<&str>,
) -> Result<InputRequiredResult, ErrorData> {
    let requests = from(requests.clone())?;
    Ok(InputRequiredResult::new(Some(requests), state.map(str::to_owned)))
}

pub fn ask(requests: &Value, state: Option<&str>) -> Answer {
    input_required(requests, state).map(Into::into)
}

/// What was answered to this question; what is no object is no answer.
pub fn answered<'a>(given: Option<&'a InputResponses>, key: &str) -> Option<&'a Value> {
    given?.get(key).filter(|answer| answer.is_object())
}

pub fn confirm(state: Option<&str>) -> Answer {
    match state {
        None => ask(&json!({ "confirm": elicitation("ok") }), Some("to be confirmed")),
        Some("to be confirmed") => content(&json!([text("Confirmed: state-ok")])),
        Some(_) => Err(another_state()),
    }
}

pub fn another_state() -> ErrorData {
    ErrorData::invalid_params("this is not the state that was given", None)
}

pub async fn elicit(peer: &Peer<RoleServer>, message: &str, properties: &Value) -> Answer {
    let asked = from(asked_of_user(message, properties)["params"].take())?;
    let said = sent(peer.create_elicitation(asked).await)?;
    content(&json!([text(&format!("User response: {said:?}"))]))
}

pub fn all(kept: &Kept) -> Vec<SubscriptionSink> {
    kept.subscribers.lock().map(|all| all.clone()).unwrap_or_default()
}

pub fn defaults() -> Value {
    json!({
        "name": { "type": "string", "default": "John Doe" },
        "age": { "type": "integer", "default": 30 },
        "score": { "type": "number", "default": 95.5 },
        "status": {
            "type": "string",
            "enum": ["active", "inactive", "pending"],
            "default": "active",
        },
        "verified": { "type": "boolean", "default": true },
    })
}

pub fn choices() -> Value {
    let plain = json!(["option1", "option2", "option3"]);
    let titled = json!([
        { "const": "value1", "title": "First" },
        { "const": "value2", "title": "Second" },
        { "const": "value3", "title": "Third" },
    ]);
    json!({
        "untitledSingle": { "type": "string", "enum": plain },
        "titledSingle": { "type": "string", "oneOf": titled },
        "legacyEnum": {
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        "untitledMulti": { "type": "array", "items": { "type": "string", "enum": plain } },
        "titledMulti": { "type": "array", "items": { "anyOf": titled } },
    })
}

pub fn schema(schema: Value) -> Arc<JsonObject> {
    match schema {
        Value::Object(members) => Arc::new(members),
        _ => Arc::default(),
    }
}

pub fn schema_custom_header() -> Value {
    json!({
        "type": "object",
        "properties": { "value": { "type": "string", "x-mcp-header": "Value" } },
        "required": ["value"],
    })
}

pub fn schema_2020_12() -> Value {
    let address = json!({
        "$anchor": "address",
        "type": "object",
        "properties": { "street": { "type": "string" }, "city": { "type": "string" } },
    });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": { "address": address },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
        },
        "allOf": [{ "anyOf": [{ "required": ["name"] }, { "required": ["address"] }] }],
        "if": { "required": ["address"] },
        "then": { "properties": { "address": { "required": ["street"] } } },
        "else": { "required": ["name"] },
        "additionalProperties": false,
    })
}

pub fn resources() -> Value {
    json!({ "resources": [
        { "uri": "test://static-text", "name": "text", "mimeType": "text/plain" },
        { "uri": "test://static-binary", "name": "image", "mimeType": "image/png" },
    ], "ttlMs": 60_000, "cacheScope": "public" })
}

pub fn resource_templates() -> Value {
    json!({ "resourceTemplates": [
        { "uriTemplate": "test://template/{id}/data", "name": "template" },
    ], "ttlMs": 60_000, "cacheScope": "public" })
}

pub fn read(uri: &str) -> Result<ReadResourceResponse, ErrorData> {
    let id = uri.strip_prefix("test://template/").and_then(|rest| rest.strip_suffix("/data"));
    let contents = match (uri, id) {
        ("test://static-text", _) => resource(uri),
        ("test://static-binary", _) => json!({ "uri": uri, "mimeType": "image/png", "blob": PNG }),
        (_, Some(id)) => {
            let text = json!({ "id": id, "templateTest": true }).to_string();
            json!({ "uri": uri, "mimeType": "application/json", "text": text })
        }
        _ => {
            let uri = json!({ "uri": uri });
            return Err(ErrorData::resource_not_found("there is no such resource", Some(uri)));
        }
    };
    let read = json!({ "contents": [contents], "ttlMs": 60_000, "cacheScope": "public" });
    result::<ReadResourceResult>(read).map(Into::into)
}
