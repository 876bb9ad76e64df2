//! The manifest of a program with an MCP server.

use ::rmcp::ServerHandler;

use super::server::Mcp;
use crate::Manifest;

impl<H: ServerHandler> Mcp<H> {
    /// [`Manifest::collect_for`] the resource server, and the tools and prompts of this server that have no `#[requires_auth]`: they are listed
    /// as `unguarded`, also if they are `#[public]`, disabled, or declared by
    /// [`public_tool`](super::McpBuilder::public_tool). The layer alone decides who calls them: every caller with a
    /// valid token, and with [`allow_anonymous`](super::McpBuilder::allow_anonymous) every caller.
    ///
    /// Each [`resource`](super::McpBuilder::resource) is listed with its condition; its path is the URI or the template. The
    /// function of [`resource_with_scopes_from`](super::McpBuilder::resource_with_scopes_from) is listed as its
    /// `scopes_from`, with the name of the function's type ([`type_name`](std::any::type_name)): the path of a function, and
    /// for a closure the path of the function that it is written in. One
    /// that is not declared cannot be listed, because only the handler has it: such a resource, too, is read by each
    /// caller whom the layer lets pass, unless the handler decides.
    ///
    /// In a test, [`Manifest::assert_unchanged`] lists a new one as weakened:
    ///
    /// ```no_run
    /// # #[derive(Clone)]
    /// # struct Journal;
    /// # impl rmcp::ServerHandler for Journal {}
    /// # impl Journal { fn tool_router() -> rmcp::handler::server::router::tool::ToolRouter<Self> { Default::default() } }
    /// use requires_auth::ResourceServer;
    /// use requires_auth::mcp::Mcp;
    /// # fn resource_server() -> ResourceServer { ResourceServer::builder("https://journal.example/mcp").build().unwrap() }
    ///
    /// fn server(server: &ResourceServer) -> Mcp<Journal> {
    ///     let mcp = Mcp::builder(server, || Ok(Journal)).tool_router(Journal::tool_router());
    ///     mcp.build().expect("each tool has one policy")
    /// }
    ///
    /// #[test]
    /// fn every_change_of_a_guard_is_reviewed() {
    ///     server(&resource_server()).manifest().assert_unchanged("tests/manifest.json");
    /// }
    /// ```
    #[must_use]
    pub fn manifest(&self) -> Manifest {
        let server = &self.state().server;
        let mut manifest = Manifest::collect_for(server);
        for (template, requirement, scopes_from) in self.state().registry.declared_resources() {
            manifest = manifest.with_resource(template, requirement, scopes_from, server);
        }
        for (kind, paths) in self.state().registry.unguarded::<H>() {
            for path in paths {
                manifest = manifest.with_unguarded(kind, &path);
            }
        }
        manifest
    }
}
