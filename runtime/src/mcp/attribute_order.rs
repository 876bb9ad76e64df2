//! Checks that `#[requires_auth]` is above `#[tool]`, if the signature of the function does not show it.

/// Below `#[tool]`, a function that is not `async` looks like one without `#[tool]`. But `#[tool]` has emitted another
/// function beside it, which returns its definition and has a name derived from its name. `#[requires_auth]` emits a
/// call of that name: it resolves to the function of `#[tool]`, or else to a fallback that returns this type.
#[derive(Debug)]
pub struct NoToolAttribute;

/// Implemented by [`NoToolAttribute`] alone.
#[diagnostic::on_unimplemented(
    message = "`#[tool]` or `#[prompt]` is above `#[requires_auth]`, and has expanded first",
    label = "its `_meta` lacks what `#[requires_auth]` requires",
    note = "move `#[requires_auth]` above it"
)]
pub trait AboveTool {}

#[diagnostic::do_not_recommend]
impl AboveTool for NoToolAttribute {}

/// Compiles if `#[tool]` and `#[prompt]` have not expanded yet.
pub const fn assert_above_tool<T: AboveTool>(_: fn() -> T) {}
