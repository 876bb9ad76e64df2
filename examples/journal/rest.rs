//! The journal as a REST API. The attribute of each handler names the scopes that it requires.

use std::sync::Arc;

use axum::Json;
use axum::extract::FromRef;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use requires_auth::{AuthInfo, Rejection, ResourceServer, requires_auth};
use serde_json::json;

use crate::store::{Owner, Store};

pub use handlers::router;

/// The state of the router. The guards take the resource server from it.
#[derive(Debug, Clone, FromRef)]
pub struct App {
    pub server: ResourceServer,
    pub store: Arc<Store>,
}

/// A handler in here that has neither `#[requires_auth]` nor `#[public]` does not compile.
#[requires_auth]
mod handlers {
    use std::sync::Arc;

    use axum::extract::{Path, Query, State};
    use axum::http::StatusCode;
    use axum::http::header::{CACHE_CONTROL, LOCATION};
    use axum::response::{IntoResponse, Response};
    use axum::routing::{delete, get, post};
    use axum::{Json, Router};
    use requires_auth::openapi::OpenApiSecurity;
    use requires_auth::{AuthInfo, AuthorizationDetails, ResourceServer, requires_auth};
    use utoipa::{Modify, OpenApi};

    use super::{App, Failure, owner};
    use crate::scopes::{JournalScope, scopes_of};
    use crate::store::{Entry, EntryFilter, Export, NewEntry, NewTag, Owner, Print, Store, Tag};

    pub fn router(app: App) -> Router {
        Router::new()
            .route("/healthz", get(healthz))
            .route("/openapi.json", get(openapi_document))
            .route("/me", get(me))
            .route("/me/token", delete(invalidate_token))
            .route("/entries", get(list_entries).post(create_entry).delete(delete_entries))
            .route("/entries/{id}", get(show_entry).delete(delete_entry))
            .route("/tags", get(list_tags).post(create_tag))
            .route("/export", get(export))
            .route("/prints", post(order_print))
            .with_state(app)
    }

    /// The OpenAPI document. The scopes in it come from the attributes of the handlers.
    #[public]
    async fn openapi_document(
        State(server): State<ResourceServer>,
    ) -> Json<utoipa::openapi::OpenApi> {
        #[derive(OpenApi)]
        #[openapi(
            info(title = "Journal", description = "Entries and tags, separate for each owner"),
            paths(
                healthz,
                me,
                invalidate_token,
                list_entries,
                show_entry,
                create_entry,
                delete_entry,
                delete_entries,
                list_tags,
                create_tag,
                export,
                order_print,
            )
        )]
        struct Documentation;

        let mut document = Documentation::openapi();
        OpenApiSecurity::new(&server).modify(&mut document);
        Json(document)
    }

    #[public]
    #[utoipa::path(
        get,
        path = "/healthz",
        responses(
            (status = 200, description = "The journal runs", body = str),
        ),
    )]
    async fn healthz() -> &'static str {
        "ok\n"
    }

    #[requires_auth(scopes = JournalScope::UserRead)]
    #[utoipa::path(
        get,
        path = "/me",
        responses(
            (status = 200, description = "The claims of the access token"),
        ),
    )]
    async fn me(auth: AuthInfo) -> impl IntoResponse {
        ([(CACHE_CONTROL, "no-store")], Json(auth))
    }

    /// For clients that have revoked their token: drops its cache entry, in all journals that share a cache.
    #[requires_auth(scopes = JournalScope::UserRead)]
    #[utoipa::path(
        delete,
        path = "/me/token",
        responses(
            (status = 204, description = "The token is resolved again at its next request"),
        ),
    )]
    async fn invalidate_token(auth: AuthInfo, State(server): State<ResourceServer>) -> StatusCode {
        server.invalidate(auth.token());
        StatusCode::NO_CONTENT
    }

    type Journal = State<Arc<Store>>;

    #[requires_auth(scopes = JournalScope::EntriesRead, scopes_from = scopes_of(filter))]
    #[utoipa::path(
        get,
        path = "/entries",
        params(EntryFilter),
        responses(
            (status = 200, description = "The entries", body = Vec<Entry>),
        ),
    )]
    async fn list_entries(
        auth: AuthInfo,
        State(store): Journal,
        Query(filter): Query<EntryFilter>,
    ) -> Result<Json<Vec<Entry>>, Failure> {
        let owner =
            filter.owner.map_or_else(|| owner(&auth), |subject| Ok(Owner::Subject(subject)))?;
        Ok(Json(store.entries(&owner)))
    }

    #[requires_auth(scopes = JournalScope::EntriesRead)]
    #[utoipa::path(
        get,
        path = "/entries/{id}",
        responses(
            (status = 200, description = "The entry", body = Entry),
            (status = 404, description = "There is no such entry"),
        ),
    )]
    async fn show_entry(
        auth: AuthInfo,
        State(store): Journal,
        Path(id): Path<u64>,
    ) -> Result<Json<Entry>, Failure> {
        store.entry(&owner(&auth)?, id).map(Json).ok_or(Failure::NotFound)
    }

    #[requires_auth(scopes = JournalScope::EntriesWrite)]
    #[utoipa::path(
        post,
        path = "/entries",
        responses(
            (status = 201, description = "The new entry", body = Entry),
        ),
    )]
    async fn create_entry(
        auth: AuthInfo,
        State(store): Journal,
        Json(entry): Json<NewEntry>,
    ) -> Result<Response, Failure> {
        let entry = store.create_entry(owner(&auth)?, entry);
        let location = [(LOCATION, format!("/entries/{}", entry.id))];
        Ok((StatusCode::CREATED, location, Json(entry)).into_response())
    }

    /// A user deletes entries, and no agent on behalf of a user.
    #[requires_auth(scopes = JournalScope::EntriesWrite, when = auth.actor().is_none())]
    #[utoipa::path(
        delete,
        path = "/entries/{id}",
        responses(
            (status = 204, description = "The entry is deleted"),
            (status = 404, description = "There is no such entry"),
        ),
    )]
    async fn delete_entry(
        auth: AuthInfo,
        State(store): Journal,
        Path(id): Path<u64>,
    ) -> Result<StatusCode, Failure> {
        store
            .delete_entry(&owner(&auth)?, id)
            .map(|_| StatusCode::NO_CONTENT)
            .ok_or(Failure::NotFound)
    }

    /// For a user who has just logged in with a phishing-resistant method.
    #[requires_auth(
        scopes = JournalScope::EntriesWrite,
        acr_values = "phr phrh",
        max_age = 600,
        when = auth.actor().is_none(),
    )]
    #[utoipa::path(
        delete,
        path = "/entries",
        responses(
            (status = 204, description = "All entries are deleted"),
        ),
    )]
    async fn delete_entries(auth: AuthInfo, State(store): Journal) -> Result<StatusCode, Failure> {
        store.delete_entries(&owner(&auth)?);
        Ok(StatusCode::NO_CONTENT)
    }

    #[requires_auth(scopes = JournalScope::TagsRead)]
    #[utoipa::path(
        get,
        path = "/tags",
        responses(
            (status = 200, description = "The tags of the caller", body = Vec<Tag>),
        ),
    )]
    async fn list_tags(auth: AuthInfo, State(store): Journal) -> Result<Json<Vec<Tag>>, Failure> {
        Ok(Json(store.tags(&owner(&auth)?)))
    }

    #[requires_auth(scopes = JournalScope::TagsWrite)]
    #[utoipa::path(
        post,
        path = "/tags",
        responses(
            (status = 201, description = "The new tag", body = Tag),
        ),
    )]
    async fn create_tag(
        auth: AuthInfo,
        State(store): Journal,
        Json(tag): Json<NewTag>,
    ) -> Result<(StatusCode, Json<Tag>), Failure> {
        Ok((StatusCode::CREATED, Json(store.create_tag(owner(&auth)?, tag))))
    }

    /// The whole journal, for a client that shows that the token is its own.
    #[requires_auth(scopes = [JournalScope::EntriesRead, JournalScope::TagsRead], sender_constrained)]
    #[utoipa::path(
        get,
        path = "/export",
        responses(
            (status = 200, description = "The entries and the tags", body = Export),
        ),
    )]
    async fn export(auth: AuthInfo, State(store): Journal) -> Result<Json<Export>, Failure> {
        let owner = owner(&auth)?;
        Ok(Json(Export { entries: store.entries(&owner), tags: store.tags(&owner) }))
    }

    /// The user has authorized this order, and not orders.
    #[requires_auth(
        scopes = JournalScope::EntriesRead,
        authorization_details = Print,
        when = granted.contains(&print),
    )]
    #[utoipa::path(
        post,
        path = "/prints",
        responses(
            (status = 201, description = "The order", body = Print),
        ),
    )]
    async fn order_print(
        granted: AuthorizationDetails<Print>,
        Json(print): Json<Print>,
    ) -> Result<(StatusCode, Json<Print>), Failure> {
        Ok((StatusCode::CREATED, Json(print)))
    }
}

fn owner(auth: &AuthInfo) -> Result<Owner, Failure> {
    Owner::of(auth).ok_or(Failure::NoOwner)
}

/// Why a request of an authorized caller fails.
#[derive(Debug)]
enum Failure {
    /// There is no such entry, or it has another owner.
    NotFound,
    /// The token has neither a subject nor a username nor a client id.
    NoOwner,
    /// A condition on the arguments does not hold.
    Rejected(Rejection),
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "there is no such entry"),
            Self::NoOwner => {
                (StatusCode::FORBIDDEN, "the access token names no user and no client")
            }
            Self::Rejected(rejection) => return rejection.into_response(),
        };
        (status, Json(json!({ "error": error }))).into_response()
    }
}
