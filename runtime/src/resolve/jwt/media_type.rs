//! The media type of a JWT, `typ` (RFC 7515 §4.1.9).

/// Which media types are those of access tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AcceptedTypes {
    /// `at+jwt` (RFC 9068 §2.1).
    AccessToken,
    /// The same, `JWT`, and no type at all.
    Generic,
}

impl AcceptedTypes {
    pub(super) fn accepts(self, media_type: Option<&str>) -> bool {
        match media_type {
            Some(it) => {
                is_media_type(it, "at+jwt") || (self == Self::Generic && is_media_type(it, "JWT"))
            }
            None => self == Self::Generic,
        }
    }
}

/// Whether `typ` is this media type, which is case-insensitive, and whose `application/` may be omitted.
pub(in crate::resolve) fn is_media_type(typ: &str, name: &str) -> bool {
    let (prefix, rest) = typ.split_at_checked("application/".len()).unwrap_or_default();
    let short = if prefix.eq_ignore_ascii_case("application/") { rest } else { typ };
    short.eq_ignore_ascii_case(name)
}

#[cfg(test)]
mod tests {
    use super::AcceptedTypes::{AccessToken, Generic};

    #[test]
    fn the_type_is_that_of_an_access_token() {
        // R-F4
        for accepted in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+jwt"] {
            assert!(AccessToken.accepts(Some(accepted)), "{accepted}");
            assert!(Generic.accepts(Some(accepted)), "{accepted}");
        }
        for generic in [Some("JWT"), Some("jwt"), Some("application/jwt"), None] {
            assert!(!AccessToken.accepts(generic), "{generic:?}");
            assert!(Generic.accepts(generic), "{generic:?}");
        }
        let others = ["", "at", "at+jwt ", "text/at+jwt", "dpop+jwt", "logout+jwt", "rt+jwt"];
        for other in others.into_iter().chain(["application/application/at+jwt", "application/"]) {
            assert!(!AccessToken.accepts(Some(other)), "{other}");
            assert!(!Generic.accepts(Some(other)), "{other}");
        }
    }
}
