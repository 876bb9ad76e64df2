//! Calling the next API for a caller: token exchange (RFC 8693).
//!
#![doc = include_str!("../docs/token_exchange.md")]

mod builder;
mod client;
mod error;
mod exchanged_token;
mod request;
pub(crate) mod response;
mod store;

pub use builder::TokenExchangeBuilder;
pub use client::TokenExchange;
pub use error::TokenExchangeError;
pub use exchanged_token::ExchangedToken;
