//! Why an API key is invalid.

/// Why an API key is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ApiKeyError {
    /// The file of [`ApiKeys`](crate::ApiKeys) has no such key.
    #[error("the API key is not in the file of API keys")]
    Unknown,
    /// It is shorter than 32 bytes, so that it can be found by trying.
    #[error("the API key is shorter than 32 bytes")]
    TooShort,
}
