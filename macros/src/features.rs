//! The features of the crate, as a value, so that one test run covers both states of each.

/// Which features are on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Features {
    /// Whether guarded functions register themselves for the manifest.
    pub(crate) manifest: bool,
    /// Whether functions may be tools and prompts of rmcp.
    pub(crate) rmcp: bool,
    /// Whether functions may be operations of an OpenAPI document by utoipa.
    pub(crate) utoipa: bool,
}

impl Features {
    /// The features with which this crate was compiled.
    pub(crate) const fn enabled() -> Self {
        Self {
            manifest: cfg!(feature = "manifest"),
            rmcp: cfg!(feature = "rmcp"),
            utoipa: cfg!(feature = "utoipa"),
        }
    }
}
