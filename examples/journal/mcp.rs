//! The journal as an MCP server. The attribute of each tool and prompt names the scopes that it requires.

use std::sync::Arc;

use axum::Router;
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderName, Method};
use requires_auth::mcp::{Mcp, authorize};
use requires_auth::{AuthInfo, ResourceServer, SetupError, requires_auth};
use rmcp::handler::server::wrapper::{Json, Parameters};
use rmcp::model::{
    GetPromptResult, Implementation, ListResourceTemplatesResult, ListResourcesResult,
    PaginatedRequestParams, PromptMessage, ReadResourceRequestParams, ReadResourceResponse,
    ReadResourceResult, Resource, ResourceContents, ResourceTemplate, Role, ServerCapabilities,
    ServerConfig,
};
use rmcp::schemars::{self, JsonSchema};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::{
    ErrorData, RoleServer, ServerHandler, prompt, prompt_handler, prompt_router, tool,
    tool_handler, tool_router,
};
use serde::{Deserialize, Serialize};
use tower_http::cors::{AllowHeaders, Any, CorsLayer};

use crate::scopes::{JournalScope, scopes_of};
use crate::store::{Entry, EntryFilter, NewEntry, NewTag, Owner, Store, Tag};

/// The condition of the resources, for their declaration and for the handler. The SDK has no function for each
/// resource that could have an attribute.
const READING: JournalScope = JournalScope::EntriesRead;
const ENTRIES: &str = "journal://entries";
const ENTRY: &str = "journal://entries/{id}";

/// The guarded server.
pub fn server(server: &ResourceServer, store: Arc<Store>) -> Result<Mcp<Journal>, SetupError> {
    Mcp::builder(server, move || Ok(Journal { store: Arc::clone(&store) }))
        .tool_router(Journal::tool_router())
        .declare_prompts(&Journal::prompt_router())
        .resource(ENTRIES, READING)
        .resource(ENTRY, READING)
        .initial_scopes("user:read entries:read tags:read")
        .build()
}

const MCP_SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");

/// The nonce for the next DPoP proof (RFC 9449 §8).
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// The route of the guarded server. Clients that run in a browser, such as the MCP Inspector, need CORS with the
/// headers for the challenge and the session.
pub fn router(mcp: &Mcp<Journal>) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        // `*` would not cover `Authorization`.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([WWW_AUTHENTICATE, MCP_SESSION_ID, DPOP_NONCE]);
    let sessions = Arc::new(LocalSessionManager::default());
    mcp.routes(sessions, StreamableHttpServerConfig::default()).layer(cors)
}

/// The tools and prompts. Each caller has an own journal.
#[derive(Debug, Clone)]
pub struct Journal {
    store: Arc<Store>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct EntryId {
    /// The number of the entry
    #[schemars(with = "i64")]
    id: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Caller {
    subject: Option<String>,
    username: Option<String>,
    client_id: Option<String>,
    scopes: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Entries {
    entries: Vec<Entry>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Tags {
    tags: Vec<Tag>,
}

// On the block, the attribute requires a decision for each tool: one with neither an attribute of its own nor
// `#[public]` does not compile.
#[requires_auth]
#[tool_router(vis = "pub")]
impl Journal {
    /// Return the identity and the scopes of the caller
    #[requires_auth(scopes = JournalScope::UserRead)]
    #[tool(annotations(read_only_hint = true))]
    async fn whoami(&self, auth: AuthInfo) -> Json<Caller> {
        let text = |value: Option<&str>| value.map(str::to_owned);
        Json(Caller {
            subject: text(auth.subject()),
            username: text(auth.username()),
            client_id: text(auth.client_id()),
            scopes: auth.scopes().iter().map(str::to_owned).collect(),
        })
    }

    /// List the entries of the journal
    #[requires_auth(scopes = JournalScope::EntriesRead, scopes_from = scopes_of)]
    #[tool(annotations(read_only_hint = true))]
    async fn list_entries(
        &self,
        auth: AuthInfo,
        Parameters(filter): Parameters<EntryFilter>,
    ) -> Result<Json<Entries>, ErrorData> {
        let own = || owner(&auth);
        let owner = filter.owner.map_or_else(own, |subject| Ok(Owner::Subject(subject)))?;
        Ok(Json(Entries { entries: self.store.entries(&owner) }))
    }

    /// Show one entry of the journal
    #[requires_auth(scopes = JournalScope::EntriesRead)]
    #[tool(annotations(read_only_hint = true))]
    async fn get_entry(
        &self,
        auth: AuthInfo,
        Parameters(EntryId { id }): Parameters<EntryId>,
    ) -> Result<Json<Entry>, ErrorData> {
        self.store.entry(&owner(&auth)?, id).map(Json).ok_or_else(no_such_entry)
    }

    /// Write an entry into the journal
    #[requires_auth(scopes = JournalScope::EntriesWrite)]
    #[tool]
    async fn create_entry(
        &self,
        auth: AuthInfo,
        Parameters(entry): Parameters<NewEntry>,
    ) -> Result<Json<Entry>, ErrorData> {
        Ok(Json(self.store.create_entry(owner(&auth)?, entry)))
    }

    /// Take an entry out of the journal; the answer is the entry
    // A user deletes entries, and no agent on behalf of a user.
    #[requires_auth(scopes = JournalScope::EntriesWrite, when = auth.actor().is_none())]
    #[tool(annotations(destructive_hint = true))]
    async fn delete_entry(
        &self,
        auth: AuthInfo,
        Parameters(EntryId { id }): Parameters<EntryId>,
    ) -> Result<Json<Entry>, ErrorData> {
        self.store.delete_entry(&owner(&auth)?, id).map(Json).ok_or_else(no_such_entry)
    }

    /// List the tags of the journal
    #[requires_auth(scopes = JournalScope::TagsRead)]
    #[tool(annotations(read_only_hint = true))]
    async fn list_tags(&self, auth: AuthInfo) -> Result<Json<Tags>, ErrorData> {
        Ok(Json(Tags { tags: self.store.tags(&owner(&auth)?) }))
    }

    /// Create a tag; if there is one of this name, the answer is that one
    #[requires_auth(scopes = JournalScope::TagsWrite)]
    #[tool(annotations(idempotent_hint = true))]
    async fn create_tag(
        &self,
        auth: AuthInfo,
        Parameters(tag): Parameters<NewTag>,
    ) -> Result<Json<Tag>, ErrorData> {
        Ok(Json(self.store.create_tag(owner(&auth)?, tag)))
    }
}

#[requires_auth]
#[prompt_router(vis = "pub")]
impl Journal {
    /// Suggest tags for an entry
    #[requires_auth(scopes = [JournalScope::EntriesRead, JournalScope::TagsRead])]
    #[prompt]
    async fn suggest_tags(
        &self,
        auth: AuthInfo,
        Parameters(PromptEntry { id }): Parameters<PromptEntry>,
    ) -> Result<GetPromptResult, ErrorData> {
        let owner = owner(&auth)?;
        let entry = id.parse().ok().and_then(|id| self.store.entry(&owner, id));
        let entry = entry.ok_or_else(no_such_entry)?;
        let tags: Vec<String> = self.store.tags(&owner).into_iter().map(|tag| tag.name).collect();
        let request = format!(
            "Which of these tags suit the entry below? {}\n\n# {}\n\n{}",
            if tags.is_empty() { "(there are none yet)".to_owned() } else { tags.join(", ") },
            entry.title,
            entry.content,
        );
        Ok(GetPromptResult::new(vec![PromptMessage::new_text(Role::User, request)]))
    }
}

/// The arguments of prompts are strings.
#[derive(Debug, Deserialize, JsonSchema)]
struct PromptEntry {
    /// The number of the entry
    id: String,
}

#[tool_handler]
#[prompt_handler]
impl ServerHandler for Journal {
    fn get_info(&self) -> ServerConfig {
        let capabilities =
            ServerCapabilities::builder().enable_tools().enable_prompts().enable_resources();
        ServerConfig::new(capabilities.build())
            .with_server_info(Implementation::new("journal", env!("CARGO_PKG_VERSION")))
            .with_instructions("A journal: entries with tags, each caller's own")
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::with_all_items(vec![
            Resource::new(ENTRIES, "entries").with_mime_type("application/json"),
        ]))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(vec![
            ResourceTemplate::new(ENTRY, "entry").with_mime_type("application/json"),
        ]))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let no_such_resource = || ErrorData::resource_not_found("there is no such resource", None);
        let path = request.uri.strip_prefix(ENTRIES).ok_or_else(no_such_resource)?;
        let auth = authorize(&context, READING)?;
        let owner = owner(&auth)?;
        let text = match path.strip_prefix('/').map(str::parse) {
            None if path.is_empty() => serde_json::to_string(&self.store.entries(&owner)),
            Some(Ok(id)) => match self.store.entry(&owner, id) {
                Some(entry) => serde_json::to_string(&entry),
                None => return Err(no_such_resource()),
            },
            _ => return Err(no_such_resource()),
        };
        let text = text.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
        let contents = ResourceContents::text(text, request.uri).with_mime_type("application/json");
        Ok(ReadResourceResult::new(vec![contents]).into())
    }
}

fn owner(auth: &AuthInfo) -> Result<Owner, ErrorData> {
    Owner::of(auth).ok_or_else(|| {
        ErrorData::invalid_request("the access token names no user and no client", None)
    })
}

fn no_such_entry() -> ErrorData {
    ErrorData::invalid_params("there is no such entry", None)
}
