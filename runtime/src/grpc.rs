//! Guards gRPC services on tonic.
//!
#![doc = include_str!("../docs/grpc.md")]

mod request;
mod status;
