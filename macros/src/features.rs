//! The features of the crate, as a value, so that one test run covers both states of each.

/// Which features are on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Features {
    /// Whether functions may be tools and prompts of rmcp.
    pub(crate) rmcp: bool,
    /// Whether functions may be operations of an OpenAPI document by utoipa.
    pub(crate) utoipa: bool,
}

impl Features {
    /// The features with which this crate was compiled.
    pub(crate) const fn enabled() -> Self {
        Self { rmcp: cfg!(feature = "rmcp"), utoipa: cfg!(feature = "utoipa") }
    }
}
