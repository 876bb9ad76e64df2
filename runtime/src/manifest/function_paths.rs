//! The paths of the guarded functions, for logs and metrics.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::registration::Registration;

/// By the ids of the functions; `None` for an id that functions with different paths share, such as methods of two
/// types that one call of a macro defines. It is collected when the first request is rejected.
static PATHS: LazyLock<HashMap<u64, Option<String>>> = LazyLock::new(|| {
    let mut paths = HashMap::new();
    for registration in inventory::iter::<Registration> {
        let Some(id) = registration.id else { continue };
        let path = registration.function_path();
        paths
            .entry(id)
            .and_modify(|known: &mut Option<String>| {
                if known.as_ref() != Some(&path) {
                    *known = None;
                }
            })
            .or_insert(Some(path.clone()));
    }
    paths
});

/// The path of the function with this id, as in the manifest.
pub(crate) fn path_of(id: u64) -> Option<&'static str> {
    PATHS.get(&id)?.as_deref()
}
