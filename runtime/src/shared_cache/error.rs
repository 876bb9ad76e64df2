//! Why it is not known whether others have forgotten.

/// The shared cache could not be told what was forgotten, yet. Here it is forgotten, and the others
/// are told when the store can be reached again; until then they remember it for as long as they would.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the shared cache has not been reached yet: it is told as soon as it is")]
pub struct InvalidationError(());

impl InvalidationError {
    pub(crate) fn new() -> Self {
        Self(())
    }
}
