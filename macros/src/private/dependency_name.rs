//! Under which name the user's crate depends on `requires-auth` (R-K6).
//!
//! A renamed dependency is found in the manifest, so that `crate = …` is not needed for it. Whatever
//! cannot be read there has no effect: the path is then `::requires_auth`.

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::{env, fs};

const PACKAGE: &str = "requires-auth";

thread_local! {
    /// The last directory, and the name there: one process may expand several crates.
    static LAST: RefCell<Option<(OsString, Option<String>)>> = const { RefCell::new(None) };
}

/// The name, if it is another one than that of the package.
pub(crate) fn renamed() -> Option<String> {
    let directory = env::var_os("CARGO_MANIFEST_DIR")?;
    LAST.with_borrow_mut(|last| match last {
        Some((known, name)) if *known == directory => name.clone(),
        _ => {
            let name = in_directory(&directory);
            *last = Some((directory, name.clone()));
            name
        }
    })
}

fn in_directory(directory: &OsStr) -> Option<String> {
    let directory = PathBuf::from(directory);
    let manifest = read(&directory)?;
    let workspace =
        || directory.ancestors().filter_map(read).find(|manifest| manifest.contains("[workspace"));
    let name = name_in(&manifest, workspace)?;
    syn::parse_str::<syn::Ident>(&name).is_ok().then_some(name)
}

fn read(directory: &Path) -> Option<String> {
    fs::read_to_string(directory.join("Cargo.toml")).ok()
}

fn name_in(manifest: &str, workspace: impl FnOnce() -> Option<String>) -> Option<String> {
    let own: Vec<Dependency> =
        dependencies(manifest).into_iter().filter(|it| !it.of_the_workspace).collect();
    if own.iter().any(|dependency| dependency.name == PACKAGE) {
        return None;
    }
    let renamed = own.iter().find(|dependency| dependency.is_renamed);
    let name = match renamed {
        Some(dependency) => dependency.name.clone(),
        None => {
            let inherited: Vec<&Dependency> = own.iter().filter(|it| it.is_inherited).collect();
            if inherited.is_empty() {
                return None;
            }
            let declared = dependencies(&workspace()?);
            let renamed = |it: &&Dependency| it.of_the_workspace && it.is_renamed;
            let mut names = declared.iter().filter(renamed).map(|it| &it.name);
            names.find(|name| inherited.iter().any(|it| it.name == **name))?.clone()
        }
    };
    let name = name.replace('-', "_");
    (name != "requires_auth").then_some(name)
}

/// A dependency as it is declared in a manifest.
struct Dependency {
    name: String,
    /// Whether it is another name for this package.
    is_renamed: bool,
    /// Whether the workspace says what it is.
    is_inherited: bool,
    /// Whether it stands in `[workspace.dependencies]`.
    of_the_workspace: bool,
}

/// Line by line, which is how TOML declares them.
fn dependencies(manifest: &str) -> Vec<Dependency> {
    let mut found: Vec<Dependency> = Vec::new();
    let mut section = String::new();
    for line in manifest.lines() {
        let line: String = line.chars().filter(|it| !it.is_whitespace()).collect();
        let line = line.replace('\'', "\"");
        if let Some(header) = line.strip_prefix('[') {
            header.split(']').next().unwrap_or_default().clone_into(&mut section);
            continue;
        }
        let of_the_workspace = section.starts_with("workspace.");
        let declaration = if section.ends_with("dependencies") {
            line.split_once(['.', '=']).map(|(name, rest)| (name.to_owned(), rest.to_owned()))
        } else {
            let name = section.rsplit_once("dependencies.").map(|(_, name)| name.to_owned());
            name.map(|name| (name, line.clone()))
        };
        let Some((name, rest)) = declaration else { continue };
        found.push(Dependency {
            name: name.trim_matches('"').to_owned(),
            is_renamed: rest.contains(&format!("package=\"{PACKAGE}\"")),
            is_inherited: rest.contains("workspace=true"),
            of_the_workspace,
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(manifest: &str, workspace: &str) -> Option<String> {
        name_in(manifest, || Some(workspace.to_owned()))
    }

    #[test]
    fn a_renamed_dependency_is_found() {
        // R-K6
        for manifest in [
            "[dependencies]\nmy-auth = { package = \"requires-auth\", version = \"0.1\" }",
            "[dependencies]\nmy-auth = { version = '0.1', package = 'requires-auth' }",
            "[dependencies.my-auth]\nversion = \"0.1\"\npackage = \"requires-auth\"",
            "[dependencies]\nmy-auth.version = \"0.1\"\nmy-auth.package = \"requires-auth\"",
            "[target.'cfg(unix)'.dependencies]\nmy-auth = { package = \"requires-auth\" }",
            "[dev-dependencies]\nmy-auth = { package = \"requires-auth\" }",
        ] {
            assert_eq!(name(manifest, ""), Some("my_auth".to_owned()), "{manifest}");
        }
        let workspace = "[workspace.dependencies]\nmy-auth = { package = \"requires-auth\" }";
        for member in [
            "[dependencies]\nmy-auth = { workspace = true }",
            "[dependencies]\nmy-auth.workspace = true",
        ] {
            assert_eq!(name(member, workspace), Some("my_auth".to_owned()), "{member}");
        }
    }

    #[test]
    fn every_other_manifest_changes_nothing() {
        for manifest in [
            "",
            "[dependencies]\nrequires-auth = \"0.1\"",
            "[dependencies]\nrequires-auth.workspace = true",
            "[dependencies]\nrequires-auth = \"0.1\"\n[dev-dependencies]\na = { package = \"requires-auth\" }",
            "[dependencies]\nrequires_auth = { package = \"requires-auth\" }",
            "[dependencies]\nother = { package = \"requires-auth-macros\" }",
            "[package]\nname = \"requires-auth\"",
            "[workspace.dependencies]\na = { package = \"requires-auth\" }",
            "[dependencies]\nserde.workspace = true",
        ] {
            let workspace = "[workspace.dependencies]\na = { package = \"requires-auth\" }";
            assert_eq!(name(manifest, workspace), None, "{manifest}");
        }
    }
}
