//! Writes the policies of the functions into a document.

use std::fmt::Write as _;

use utoipa::Modify;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{OpenApi, RefOr};

use super::extension::OperationPolicy;
use super::responses::add_rejections;
use crate::ResourceServer;

/// Writes the policy of each guarded function into its operation of a document: the security requirement, and the
/// responses 401, 403 and 503. Adds the security scheme to the components.
///
/// - An alternative of the condition is a security requirement of its own: any of them suffices. With `optional`, one of
///   them is empty.
/// - The security of an operation that has a guard is that of the guard, in place of what `#[utoipa::path]` says. A
///   response that `#[utoipa::path]` describes is not changed.
/// - A scope that another scope of the same alternative implies is left out, as in a challenge.
/// - The scopes have the names that a client requests them by: see
///   [`requested_scope_prefix`](crate::ResourceServerBuilder::requested_scope_prefix).
///
/// The [module](super) has an example.
#[derive(Clone)]
pub struct OpenApiSecurity {
    server: ResourceServer,
    name: String,
    scheme: SecurityScheme,
}

impl OpenApiSecurity {
    /// For the functions that this resource server guards.
    #[must_use]
    pub fn new(server: &ResourceServer) -> Self {
        let issuers = server.metadata().authorization_servers.join(", ");
        let mut description = format!("An OAuth 2.0 access token of {issuers}");
        for (index, scope) in server.scope_definitions().enumerate() {
            let separator = if index == 0 { "\n\n" } else { "\n" };
            let name = server.requested_scopes().name(scope.name());
            let text = scope.description().map(|text| format!(": {text}")).unwrap_or_default();
            let _ = write!(description, "{separator}- `{name}`{text}");
        }
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(description))
            .build();
        let (name, scheme) = ("oauth2".to_owned(), SecurityScheme::Http(bearer));
        Self { server: server.clone(), name, scheme }
    }

    /// The name of the security scheme in the document. Default: `oauth2`.
    #[must_use]
    pub fn scheme_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The security scheme, such as `oauth2` with the URLs of the authorization server, so that a page which shows the
    /// document can sign in. Default: `http` with `bearer`; its description has the authorization servers and the
    /// scopes of the server's
    /// [vocabularies](crate::ResourceServerBuilder::scopes).
    #[must_use]
    pub fn scheme(mut self, scheme: SecurityScheme) -> Self {
        self.scheme = scheme;
        self
    }

    fn write(&self, operation: &mut Operation) {
        let Some(policy) = OperationPolicy::take(operation) else { return };
        let requested = self.server.requested_scopes();
        let anonymous = policy.optional.then(SecurityRequirement::default);
        let alternatives = policy.alternatives.iter().map(|scopes| {
            let scopes = scopes.iter().map(String::as_str).collect();
            let scopes = self.server.definitions().without_implied(scopes);
            SecurityRequirement::new(&self.name, scopes.iter().map(|scope| requested.name(scope)))
        });
        operation.security = Some(alternatives.chain(anonymous).collect());
        add_rejections(&mut operation.responses);
    }
}

impl Modify for OpenApiSecurity {
    fn modify(&self, document: &mut OpenApi) {
        for path in document.paths.paths.values_mut() {
            operations(path).for_each(|operation| self.write(operation));
        }
        let components = document.components.get_or_insert_default();
        components.security_schemes.insert(self.name.clone(), RefOr::T(self.scheme.clone()));
    }
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, options, head, patch, trace, query, .. } = path;
    let standard = [get, put, post, delete, options, head, patch, trace, query];
    standard.into_iter().flatten().chain(path.additional_operations.values_mut())
}

impl std::fmt::Debug for OpenApiSecurity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenApiSecurity").field("name", &self.name).finish_non_exhaustive()
    }
}
