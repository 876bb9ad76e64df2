//! Short programs, one for each task.
//!
#![doc = include_str!("../docs/recipes.md")]

#[doc = include_str!("../docs/recipes/api_keys.md")]
pub mod api_keys {}

#[doc = include_str!("../docs/recipes/behind_a_proxy.md")]
pub mod behind_a_proxy {}

#[doc = include_str!("../docs/recipes/observing.md")]
pub mod observing {}

#[doc = include_str!("../docs/recipes/optional_authentication.md")]
pub mod optional_authentication {}

#[doc = include_str!("../docs/recipes/own_error_bodies.md")]
pub mod own_error_bodies {}

#[doc = include_str!("../docs/recipes/roles.md")]
pub mod roles {}

#[doc = include_str!("../docs/recipes/rotating_secrets.md")]
pub mod rotating_secrets {}

#[doc = include_str!("../docs/recipes/several_issuers.md")]
pub mod several_issuers {}

#[doc = include_str!("../docs/recipes/tests_without_a_network.md")]
pub mod tests_without_a_network {}

#[doc = include_str!("../docs/recipes/websockets_and_event_streams.md")]
pub mod websockets_and_event_streams {}
