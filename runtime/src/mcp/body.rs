//! The bodies on both sides of [`McpService`](super::McpService), as types of this crate: the version of
//! `http-body-util` is no part of the public API.

mod event_stream;
mod read;
mod request;
mod response;
mod timed;

pub(super) use event_stream::{EventStream, has_readable_encoding, is_event_stream};
pub(super) use read::ReadBody;
pub use request::RequestBody;
pub use response::ResponseBody;
