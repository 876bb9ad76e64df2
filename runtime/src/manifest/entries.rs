//! The functions of a program.

use super::entry::{Entry, Kind};
use super::registration::Registration;
use super::typed_literals::with_typed_literals;
#[cfg(feature = "rmcp")]
use crate::Requirement;
use crate::ResourceServer;

/// Functions of a program, and what they require of their callers, in the order of their paths.
///
/// `Display` shows a table for the terminal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    pub(super) entries: Vec<Entry>,
}

impl Manifest {
    /// Every guarded function that is linked into this program, also those of libraries.
    ///
    /// A library is linked if the program uses something of it. In a test under `tests/`, write
    /// `use my_crate as _;` if the test uses nothing else of the crate.
    #[must_use]
    pub fn collect() -> Self {
        Self::new(inventory::iter::<Registration>.into_iter().map(Entry::from).collect())
    }

    /// The same, as this resource server decides: with its [vocabularies](crate::ResourceServerBuilder::scopes), a
    /// string literal is also met by the scopes that imply it, and the manifest shows them.
    ///
    /// ```no_run
    /// # async fn run() -> Result<(), requires_auth::SetupError> {
    /// use requires_auth::{Manifest, ResourceServer};
    ///
    /// # let builder = ResourceServer::builder("https://journal.example");
    /// let server: ResourceServer = builder.build()?;
    /// print!("{}", Manifest::collect_for(&server));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn collect_for(server: &ResourceServer) -> Self {
        let mut manifest = Self::collect();
        for entry in &mut manifest.entries {
            entry.condition = with_typed_literals(entry.condition, server.definitions());
        }
        manifest
    }

    fn new(mut entries: Vec<Entry>) -> Self {
        entries.sort_by(|a, b| {
            let key = |entry: &Entry| (entry.kind, entry.file, entry.line);
            (&a.module, &a.name, key(a)).cmp(&(&b.module, &b.name, key(b)))
        });
        entries.dedup();
        Self { entries }
    }

    /// Adds a function that callers reach without a guard, such as the handler of a public route. `path` is what
    /// [`Entry::path`] returns.
    ///
    /// `Mcp::manifest` adds the tools and prompts of an MCP server that have no guard.
    ///
    /// ```
    /// use requires_auth::Manifest;
    /// use requires_auth::manifest::Kind;
    ///
    /// let manifest = Manifest::collect().with_unguarded(Kind::Handler, "journal::rest::health");
    /// assert!(manifest.entries().iter().any(|entry| !entry.is_guarded()));
    /// ```
    #[must_use]
    pub fn with_unguarded(mut self, kind: Kind, path: &str) -> Self {
        self.entries.push(Entry::unguarded(kind, path));
        Self::new(self.entries)
    }

    /// Adds a resource of an MCP server, as this resource server decides.
    #[cfg(feature = "rmcp")]
    pub(crate) fn with_resource(
        mut self,
        template: &str,
        requirement: Requirement,
        scopes_from: Option<&'static str>,
        server: &ResourceServer,
    ) -> Self {
        let condition = with_typed_literals(requirement.condition, server.definitions());
        let requirement = Requirement { condition, ..requirement };
        self.entries.push(Entry::resource(template, requirement, scopes_from));
        Self::new(self.entries)
    }

    /// The functions, in the order of their paths.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The functions for which `keep` returns `true`.
    ///
    /// ```
    /// use requires_auth::Manifest;
    ///
    /// let manifest = Manifest::collect().filter(|entry| entry.path().starts_with("journal::"));
    /// ```
    #[must_use]
    pub fn filter(mut self, keep: impl FnMut(&Entry) -> bool) -> Self {
        self.entries.retain(keep);
        self
    }
}
