//! Where the guarded handlers of one MCP server come from.

use std::io;
use std::sync::Arc;

use ::rmcp::ServerHandler;

use super::environment::Environment;
use super::guarded::Guarded;
use super::setup::Setup;

/// Makes handlers, and holds what all of them share.
pub(super) struct Source<H> {
    pub(super) setup: Arc<Setup>,
    pub(super) factory: Factory<H>,
}

pub(super) type Factory<H> = Box<dyn Fn() -> io::Result<H> + Send + Sync>;

impl<H: ServerHandler> Source<H> {
    pub(super) fn guarded(
        self: &Arc<Self>,
        environment: Option<Environment>,
    ) -> io::Result<Guarded<H>> {
        let handler = (self.factory)()?;
        // The SDK moves a handler about, so it is kept small.
        let environment = environment.map(Box::new);
        Ok(Guarded { handler, source: Arc::clone(self), environment })
    }
}
