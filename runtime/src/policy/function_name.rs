//! How logs and metrics name a guarded function.

/// A guarded function, as logs and metrics name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FunctionName {
    name: &'static str,
    /// With the feature `manifest`, the [id](function_id) with which the function registers its path; otherwise 0.
    id: u64,
}

impl FunctionName {
    pub(super) const fn new(name: &'static str, id: u64) -> Self {
        Self { name, id }
    }

    /// A name that is all that is known, such as that of a tool.
    #[cfg(feature = "rmcp")]
    pub(crate) const fn without_path(name: &'static str) -> Self {
        Self::new(name, 0)
    }

    /// The name alone.
    #[cfg(feature = "rmcp")]
    pub(crate) const fn name(self) -> &'static str {
        self.name
    }

    #[cfg(feature = "manifest")]
    pub(crate) const fn id(self) -> u64 {
        self.id
    }

    /// With the feature `manifest`, the path in the manifest; otherwise the name. It is searched for only when a
    /// request is rejected.
    pub(crate) fn path_or_name(self) -> &'static str {
        #[cfg(feature = "manifest")]
        if let Some(path) = crate::manifest::path_of(self.id) {
            return path;
        }
        self.name
    }
}

/// Tells two guarded functions of a program apart, also where their names and policies are equal. It is a hash
/// (64-bit FNV-1a) of the place in the source, and becomes a parameter of the policy's type.
#[must_use]
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler: out of bounds is an error")]
pub const fn function_id(module: &str, name: &str, line: u32, column: u32) -> u64 {
    const PRIME: u64 = 0x0100_0000_01b3;
    let (line, column) = (line.to_le_bytes(), column.to_le_bytes());
    let parts: [&[u8]; 4] = [module.as_bytes(), name.as_bytes(), &line, &column];
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut part = 0;
    while part < parts.len() {
        let mut index = 0;
        while index < parts[part].len() {
            hash = (hash ^ parts[part][index] as u64).wrapping_mul(PRIME);
            index += 1;
        }
        part += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_in_other_places_have_other_ids() {
        // R-K16
        let id = function_id("journal::rest", "list", 1, 2);
        assert_eq!(id, function_id("journal::rest", "list", 1, 2));
        for other in [
            function_id("journal::mcp", "list", 1, 2),
            function_id("journal::rest", "lisp", 1, 2),
            function_id("journal::rest", "list", 2, 2),
            function_id("journal::rest", "list", 1, 1),
        ] {
            assert_ne!(id, other);
        }
    }
}
