//! A setting of a builder that has one value.

use super::{SettingName, SetupError};

/// A value that is set at most once. A second value would replace the first one silently, so it is kept
/// as an error until the builder is built.
#[derive(Debug, Clone)]
pub(crate) struct SingleValue<T> {
    value: Option<T>,
    is_contradicted: bool,
}

impl<T> SingleValue<T> {
    pub(crate) const UNSET: Self = Self { value: None, is_contradicted: false };

    /// For values that cannot be compared: each further one contradicts.
    pub(crate) fn set_once(&mut self, value: T) {
        self.is_contradicted |= self.value.is_some();
        self.value.get_or_insert(value);
    }

    /// The value, or an error that names the setting.
    pub(crate) fn get(self, setting: SettingName) -> Result<Option<T>, SetupError> {
        if self.is_contradicted { Err(SetupError::SetTwice { setting }) } else { Ok(self.value) }
    }

    /// The value that was set first.
    pub(crate) fn first(&self) -> Option<&T> {
        self.value.as_ref()
    }
}

impl<T: PartialEq> SingleValue<T> {
    /// The same value again is no contradiction.
    pub(crate) fn set(&mut self, value: T) {
        self.is_contradicted |= self.value.as_ref().is_some_and(|first| *first != value);
        self.value.get_or_insert(value);
    }
}
