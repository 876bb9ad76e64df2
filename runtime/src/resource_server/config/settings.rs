//! The table of settings: the fields of the configuration.

/// Declares a struct whose fields are settings, and derives from them `SETTINGS`, the list of all
/// settings, and `from_variables`, which reads each from its variable. So a setting is declared once.
///
/// A field has its documentation, then the feature that it needs, if any, and then `#[serde(default)]`,
/// if it is neither required nor an `Option`, in this order.
macro_rules! settings {
    (
        $(#[$attribute:meta])*
        pub struct $config:ident {
            $(
                $(#[doc = $doc:literal])*
                $(#[cfg(feature = $feature:tt)])?
                $(#[serde($default:ident)])?
                pub $key:ident: $type:ty,
            )*
        }
    ) => {
        $(#[$attribute])*
        #[allow(clippy::manual_non_exhaustive, reason = "`only_known` reads the unknown keys")]
        pub struct $config {
            $(
                $(#[doc = $doc])*
                $(#[cfg(feature = $feature)])?
                $(#[serde($default)])?
                pub $key: $type,
            )*
            #[serde(flatten, deserialize_with = "only_known")]
            #[expect(dead_code, reason = "it is there to be deserialized")]
            only_known: (),
        }

        /// All settings, also those of features that are not enabled.
        const SETTINGS: &[Setting] = &[$(
            Setting {
                key: stringify!($key),
                missing_feature: settings!(@missing_feature $($feature)?),
            },
        )*];

        impl $config {
            /// Reads each setting from its variable. A setting without one has its default, and so
            /// has `resource`: it is empty.
            fn from_variables(variables: &Variables) -> Result<Self, SetupError> {
                Ok(Self {
                    $(
                        $(#[cfg(feature = $feature)])?
                        $key: variables.value(stringify!($key))?,
                    )*
                    only_known: (),
                })
            }
        }
    };
    (@missing_feature) => {
        None
    };
    (@missing_feature $feature:tt) => {
        if cfg!(feature = $feature) { None } else { Some($feature) }
    };
}

pub(super) use settings;
