//! What a setting is called, for messages.

use std::fmt;

/// The names of a setting: the method of the builder, the key of the configuration, and the environment
/// variable.
///
/// It is displayed as `` `leeway` (`leeway_s`, REQUIRES_AUTH_LEEWAY_S) ``, and without what is equal or
/// does not exist: `` `issuer` (REQUIRES_AUTH_ISSUER) ``, `` `resolver` ``.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettingName {
    method: Option<&'static str>,
    key: Option<&'static str>,
}

impl SettingName {
    /// A setting that the builder and the configuration name alike.
    pub(crate) const fn of_both(name: &'static str) -> Self {
        Self { method: Some(name), key: Some(name) }
    }

    /// A setting whose key has a prefix or a unit.
    pub(crate) const fn with_key(method: &'static str, key: &'static str) -> Self {
        Self { method: Some(method), key: Some(key) }
    }

    /// A setting that the configuration lacks.
    pub(crate) const fn of_builder(method: &'static str) -> Self {
        Self { method: Some(method), key: None }
    }

    /// A setting that no method of a builder has for itself.
    #[cfg(feature = "introspection")]
    pub(crate) const fn of_configuration(key: &'static str) -> Self {
        Self { method: None, key: Some(key) }
    }

    /// The method of the builder.
    #[must_use]
    pub fn method(&self) -> Option<&'static str> {
        self.method
    }

    /// The key of `ResourceServerConfig`; in capitals after `REQUIRES_AUTH_`, it is the variable.
    #[must_use]
    pub fn key(&self) -> Option<&'static str> {
        self.key
    }
}

impl fmt::Display for SettingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = self.method.or(self.key) {
            write!(f, "`{name}`")?;
        }
        let Some(key) = self.key else { return Ok(()) };
        f.write_str(" (")?;
        if self.method.is_some_and(|method| method != key) {
            write!(f, "`{key}`, ")?;
        }
        write!(f, "REQUIRES_AUTH_{})", key.to_ascii_uppercase())
    }
}

/// Several names, joined by a word.
pub(super) struct Joined<'a>(pub(super) &'a [SettingName], pub(super) &'static str);

impl fmt::Display for Joined<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().enumerate() {
            if index > 0 {
                write!(f, " {} ", self.1)?;
            }
            write!(f, "{name}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_displayed_with_the_key_and_the_variable() {
        // R-C13
        for (name, shown) in [
            (SettingName::of_both("issuer"), "`issuer` (REQUIRES_AUTH_ISSUER)"),
            (
                SettingName::with_key("leeway", "leeway_s"),
                "`leeway` (`leeway_s`, REQUIRES_AUTH_LEEWAY_S)",
            ),
            (SettingName::of_builder("resolver"), "`resolver`"),
        ] {
            assert_eq!(name.to_string(), shown);
        }
    }
}
