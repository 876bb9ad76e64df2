//! The stage *authenticate*: reads the access token of a request (RFC 6750 §2.1), and verifies the proof that comes with it.

mod access_token;
#[cfg(feature = "mtls")]
pub(crate) mod client_certificate;
mod credentials;
#[cfg(feature = "dpop")]
mod dpop;
mod presented_token;

pub use access_token::{AccessToken, AccessTokenError};
#[cfg(feature = "mtls")]
pub(crate) use client_certificate::ClientCertificates;
#[cfg(feature = "mtls")]
pub use client_certificate::{
    ClientCertificate, ClientCertificateSource, PeerAddress, ProxyHeader,
};
pub(crate) use credentials::{Credentials, CredentialsError, Scheme};
#[cfg(all(feature = "dpop", feature = "testing"))]
pub(crate) use dpop::DPOP;
#[cfg(feature = "dpop")]
pub use dpop::{
    Dpop, DpopMode, DpopProofError, ReplayStore, ReplayStoreError, ReplayStoreFailure, UsedProof,
};
#[cfg(feature = "dpop")]
pub(crate) use dpop::{DpopVerifier, ExternalUrl, Proof, ProofMismatch, Subject, Use};
pub(crate) use presented_token::PresentedToken;

/// Without the feature `dpop`, no request has a proof.
#[cfg(not(feature = "dpop"))]
#[derive(Debug, Clone)]
pub(crate) enum Proof {}
