//! Messages and help texts that several errors share.

pub(super) const WRITE_A_CONDITION: &str = "write `scopes = \"read write\"`, `scopes = [\"read\", \"write\"]` or \
     `scopes = any(\"admin\", all(\"read\", \"write\"))`";

pub(super) const NAME_A_SCOPE: &str = "name at least one scope, as in `scopes = \"read\"`";

pub(super) const WRITE_A_LITERAL: &str =
    "write the scope as a string literal: the attribute reads it when the program is compiled";

pub(super) const WRITE_A_LITERAL_OR_A_VARIANT: &str = "write the scope as a string literal, or as a variant of an enum with \
     `#[derive(Scope)]`, as in `JournalScope::EntriesRead`";

pub(super) const CALL_REQUIRE: &str =
    "call `auth.require(\"…\")?` in the function, for what depends on the request";

pub(super) const NO_NEGATION: &str = "a condition has no negation";

pub(super) const NAME_REQUIRED_SCOPES: &str = "name the scopes that the token must have; \
     `auth.has_scope(\"…\")` tests for others in the function";

pub(super) const THE_ARGUMENTS: &str = "the arguments are `scopes = …`, `scopes_from = …`, `vocabulary = …`, `sender_constrained`, `acr_values = …`, `max_age = …`, `authorization_details = …`, `when = …`, `optional`, `from = …` with `server = …`, and `crate = …`";
