//! Whether `#[requires_auth]` stands above `#[tool]`, where the function itself does not show it.

/// Below `#[tool]`, a function that is not `async` looks like one without `#[tool]`. But `#[tool]` has put
/// another function next to it, named after it, which describes it. The code of `#[requires_auth]` calls
/// that name: it finds either that function, or a function of its own, which returns this type.
#[derive(Debug)]
pub struct NotATool;

/// Implemented by [`NotATool`] alone.
#[diagnostic::on_unimplemented(
    message = "`#[tool]` or `#[prompt]` has described this function before it could be guarded",
    label = "its `_meta` lacks what `#[requires_auth]` requires",
    note = "move `#[requires_auth]` above it"
)]
pub trait Undescribed {}

#[diagnostic::do_not_recommend]
impl Undescribed for NotATool {}

/// Compiles if no function describes the guarded one yet.
pub const fn undescribed<D: Undescribed>(_: fn() -> D) {}
