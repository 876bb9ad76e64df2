// R-K9
use requires_auth::{AuthInfo, requires_auth};
use rmcp::model::{ReadResourceRequestParams, ReadResourceResponse};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};

struct Journal;

impl ServerHandler for Journal {
    #[requires_auth(scopes = "entries:read")]
    async fn read_resource(
        &self,
        _request: ReadResourceRequestParams,
        _context: RequestContext<RoleServer>,
        auth: AuthInfo,
    ) -> Result<ReadResourceResponse, ErrorData> {
        auth.require("entries:list").map_err(|_| ErrorData::invalid_params("none", None))?;
        Err(ErrorData::invalid_params("none", None))
    }
}

fn main() {}
