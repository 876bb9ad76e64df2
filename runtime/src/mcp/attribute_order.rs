//! Whether the attribute stands above `#[tool]`, where that cannot be seen in the function.

/// Below `#[tool]`, a function that is not `async` looks as if it were none. But next to it there is
/// then another one that describes it, named after it. The attribute calls that name: what it finds
/// is either that function, or one of its own that returns this.
#[derive(Debug)]
pub struct NotATool;

/// What only [`NotATool`] is.
#[diagnostic::on_unimplemented(
    message = "`#[tool]` or `#[prompt]` has described this function before it could be guarded",
    label = "its `_meta` lacks what `#[requires_auth]` requires",
    note = "move `#[requires_auth]` above it"
)]
pub trait Undescribed {}

#[diagnostic::do_not_recommend]
impl Undescribed for NotATool {}

/// Compiles if nothing describes the function yet.
pub const fn undescribed<D: Undescribed>(_: fn() -> D) {}
