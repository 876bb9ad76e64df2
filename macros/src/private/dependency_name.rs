//! The name under which the user's crate depends on `requires-auth` (R-K6).
//!
//! A dependency that is renamed in the manifest needs no `crate = …`. Where the manifest cannot be
//! read, the name is `requires_auth`.

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::{env, fs};

const PACKAGE: &str = "requires-auth";

thread_local! {
    /// The last directory and the name there. One process may expand several crates.
    static CACHED: RefCell<Option<(OsString, Option<String>)>> = const { RefCell::new(None) };
}

/// The name, if it differs from `requires_auth`.
pub(crate) fn renamed() -> Option<String> {
    let directory = env::var_os("CARGO_MANIFEST_DIR")?;
    CACHED.with_borrow_mut(|cached| match cached {
        Some((last, name)) if *last == directory => name.clone(),
        _ => {
            let name = name_in_directory(&directory);
            *cached = Some((directory, name.clone()));
            name
        }
    })
}

fn name_in_directory(directory: &OsStr) -> Option<String> {
    let directory = PathBuf::from(directory);
    let manifest = read(&directory)?;
    let workspace =
        || directory.ancestors().filter_map(read).find(|manifest| manifest.contains("[workspace"));
    let name = name_in_manifest(&manifest, workspace)?;
    syn::parse_str::<syn::Ident>(&name).is_ok().then_some(name)
}

fn read(directory: &Path) -> Option<String> {
    fs::read_to_string(directory.join("Cargo.toml")).ok()
}

fn name_in_manifest(manifest: &str, workspace: impl FnOnce() -> Option<String>) -> Option<String> {
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

/// A declaration of a dependency in a manifest.
struct Dependency {
    name: String,
    /// Whether it has `package = "requires-auth"`.
    is_renamed: bool,
    /// Whether it has `workspace = true`.
    is_inherited: bool,
    /// Whether it is in `[workspace.dependencies]`.
    of_the_workspace: bool,
}

/// The declarations in a manifest, which is read line by line.
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
        name_in_manifest(manifest, || Some(workspace.to_owned()))
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
    fn other_manifests_give_no_name() {
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
