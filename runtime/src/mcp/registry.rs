//! The policies that the tools, prompts and resources of a server declare.

mod coverage;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use ::rmcp::handler::server::router::prompt::PromptRouter;
use ::rmcp::handler::server::router::tool::ToolRouter;
use ::rmcp::model::{MetaObject, Tool};

use super::declared_policy::DeclaredPolicy;
use super::meta::{MetaPolicy, is_declared_both};
use super::operation::Operation;
use super::resource_scopes::ResourceScopes;
use super::scopes_from::{ArgumentsError, ScopesFrom};
use super::stream_requirement::{RequirementId, StreamRequirement};
use super::uri_template::{MAX_URI_LENGTH, UriTemplate};
use super::uri_variables::UriVariables;
#[cfg(feature = "manifest")]
use crate::manifest::Kind;
use crate::policy::{DetailType, FunctionName, Requirement, all_scopes, first_alternative};
use crate::rejection::OFFLINE_ACCESS;
use crate::scope::RequestedScopes;
use crate::telemetry::Quoted;
use crate::{Condition, ProtectedResourceMetadata, SettingName, SetupError};
use coverage::Coverage;

/// Filled by the builder from the declarations in the code, and read-only afterwards.
#[derive(Debug, Default)]
pub(super) struct Registry {
    tools: HashMap<String, Declared>,
    /// The definitions of the tools, without `_meta`.
    definitions: HashMap<String, Tool>,
    prompts: HashMap<String, Declared>,
    resources: Vec<DeclaredResource>,
    /// Every declared requirement, by the id that event ids contain for it.
    requirements: HashMap<RequirementId, Requirement>,
    tool_coverage: Coverage,
    prompt_coverage: Coverage,
    /// The first invalid declaration.
    error: Option<SetupError>,
}

/// A policy, and what it requires of the event streams that are begun with it.
#[derive(Debug, Clone, Copy)]
struct Declared {
    policy: DeclaredPolicy,
    /// `None` if every token meets the policy.
    stream_requirement: Option<StreamRequirement>,
}

impl Declared {
    fn with_function(self, function: Option<FunctionName>) -> Self {
        Self { policy: self.policy.with_function(function), ..self }
    }
}

/// A resource, or all resources of a template.
#[derive(Debug)]
pub(super) struct DeclaredResource {
    template: UriTemplate,
    declared: Declared,
    /// Finds out the further scopes that the variables of a URI require.
    scopes_from: Option<ResourceScopes>,
    /// The template as declared.
    #[cfg(feature = "manifest")]
    text: String,
}

/// A policy that applies to an operation.
pub(super) struct Declaration<'a> {
    declared: &'a Declared,
    /// The resource, its URI in the request, and whether that may be the template.
    resource: Option<(&'a DeclaredResource, &'a str, bool)>,
}

impl Declaration<'_> {
    pub(super) fn policy(&self) -> DeclaredPolicy {
        self.declared.policy
    }

    /// What the variables of the URI require beyond the policy; `None` for what has no function of its variables.
    pub(super) fn scopes_of_variables(&self) -> Option<Result<Condition, ArgumentsError>> {
        let (resource, uri, is_completion) = self.resource?;
        let scopes_from = resource.scopes_from.as_ref()?;
        let variables = UriVariables::read(&resource.template, uri, is_completion);
        Some(scopes_from.evaluate(variables.as_ref()))
    }
}

const RESOURCE: SettingName = SettingName::of_builder("resource");

impl Registry {
    pub(super) fn add_tools<H: Send + Sync + 'static>(&mut self, router: &ToolRouter<H>) {
        for route in router.map.values() {
            let mut tool = route.attr.clone();
            let meta = tool.meta.take();
            let name = route.name();
            let declared = self.declared_in("tool", meta.as_ref(), name);
            // A disabled tool counts too: it can be enabled later.
            self.tool_coverage.add::<H>(name, meta.as_ref(), declared.is_some());
            self.prompt_coverage.required |= is_declared_both(meta.as_ref());
            // Clients get no answer that differs from that for a tool that does not exist.
            if router.is_disabled(name) {
                continue;
            }
            if let Some(declared) = declared {
                // The name is `'static` for a tool of `#[tool]`.
                let function = match (&tool.name, declared.policy.requirement.function) {
                    (Cow::Borrowed(name), Some(function)) if function.is(name) => Some(function),
                    (Cow::Borrowed(name), _) => Some(FunctionName::of_text(name)),
                    (Cow::Owned(_), function) => function,
                };
                let declared = declared.with_function(function);
                let previous = self.tools.insert(name.to_owned(), declared);
                self.check_same("tool", name, previous, declared);
            }
            self.definitions.insert(name.to_owned(), tool);
        }
    }

    pub(super) fn add_prompts<H: Send + Sync + 'static>(&mut self, router: &PromptRouter<H>) {
        for route in router.map.values() {
            let meta = route.attr.meta.as_ref();
            let name = route.name();
            let declared = self.declared_in("prompt", meta, name);
            self.prompt_coverage.add::<H>(name, meta, declared.is_some());
            self.tool_coverage.required |= is_declared_both(meta);
            if let Some(declared) = declared {
                let previous = self.prompts.insert(name.to_owned(), declared);
                self.check_same("prompt", name, previous, declared);
            }
        }
    }

    /// `function` is the name of the resource in log events and metrics.
    pub(super) fn add_resource(
        &mut self,
        template: &str,
        function: Option<&'static str>,
        requirement: Requirement,
        scopes_from: Option<ResourceScopes>,
    ) {
        let Some(parsed) = UriTemplate::parse(template) else {
            self.set_error(SetupError::invalid(
                RESOURCE,
                "a URI template of literals, `{name}` and `{+name}`",
                Quoted(template),
            ));
            return;
        };
        let mut names = HashSet::new();
        if scopes_from.is_some() && !parsed.names().iter().all(|name| names.insert(name)) {
            let expected = "a URI template whose variables have different names";
            self.set_error(SetupError::invalid(RESOURCE, expected, Quoted(template)));
            return;
        }
        let condition = requirement.condition;
        if condition.check().is_err() {
            let expected = "declared with a condition on scopes of RFC 6749 §3.3";
            self.set_error(SetupError::invalid(RESOURCE, expected, format!("{condition:?}")));
            return;
        }
        let acr_values = requirement.token.map(|token| token.authentication);
        if let Some(authentication) = acr_values.filter(|login| !login.is_quotable()) {
            let expected =
                "declared with `acr_values` of printable ASCII without spaces, `\"` and `\\`";
            let found = format!("{:?}", authentication.acr_values);
            self.set_error(SetupError::invalid(RESOURCE, expected, found));
            return;
        }
        let policy = DeclaredPolicy { requirement, optional: false, scopes_from: None };
        let declared = self.declared(policy);
        // Of two equal templates, the second one is never used.
        let previous = self.resources.iter().find(|it| it.template.has_same_parts(&parsed));
        if previous.is_some_and(|it| it.scopes_from.is_some() || scopes_from.is_some()) {
            // Two functions cannot be compared.
            self.set_error(SetupError::TwoPolicies { kind: "resource", name: template.to_owned() });
            return;
        }
        self.check_same("resource", template, previous.map(|it| it.declared), declared);
        let function = function.map(FunctionName::of_text);
        self.resources.push(DeclaredResource {
            template: parsed,
            declared: declared.with_function(function),
            scopes_from,
            #[cfg(feature = "manifest")]
            text: template.to_owned(),
        });
    }

    pub(super) fn add_public_tool(&mut self, name: &str) {
        self.tool_coverage.public.insert(name.to_owned());
    }

    pub(super) fn add_public_prompt(&mut self, name: &str) {
        self.prompt_coverage.public.insert(name.to_owned());
    }

    /// Requires a policy of every tool and every prompt.
    pub(super) fn require_policies(&mut self) {
        self.tool_coverage.required = true;
        self.prompt_coverage.required = true;
    }

    pub(super) fn check(&mut self) -> Result<(), SetupError> {
        self.error.take().map_or(Ok(()), Err)?;
        self.tool_coverage.check("tool")?;
        self.prompt_coverage.check("prompt")
    }

    /// The paths of the tools, and of the prompts, that are called without a guard.
    #[cfg(feature = "manifest")]
    pub(super) fn unguarded<H>(&self) -> [(Kind, Vec<String>); 2] {
        [
            (Kind::Tool, self.tool_coverage.unguarded::<H>().collect()),
            (Kind::Prompt, self.prompt_coverage.unguarded::<H>().collect()),
        ]
    }

    /// The resources by their URIs or templates, with what they require and the names of their functions.
    #[cfg(feature = "manifest")]
    pub(super) fn declared_resources(
        &self,
    ) -> impl Iterator<Item = (&str, Requirement, Option<&'static str>)> {
        self.resources.iter().map(|it| {
            let scopes_from = it.scopes_from.as_ref().map(ResourceScopes::name);
            (it.text.as_str(), it.declared.policy.requirement, scopes_from)
        })
    }

    pub(super) fn allows_tool(&self, name: &str) -> bool {
        self.tool_coverage.allows(name)
    }

    /// Whether an operation may be passed to the handler; not if it is a tool or a prompt that must declare
    /// a policy and is in none of the routers.
    pub(super) fn allows(&self, operation: &Operation) -> bool {
        match operation {
            Operation::Tool(name) => self.tool_coverage.allows(name),
            Operation::Prompt(name) => self.prompt_coverage.allows(name),
            Operation::Resources(_) | Operation::ResourceCompletion(_) | Operation::Other => true,
        }
    }

    /// The definition of a tool, without `_meta`.
    pub(super) fn tool(&self, name: &str) -> Option<&Tool> {
        self.definitions.get(name)
    }

    /// The policies of an operation. A name that does not exist has none: a challenge would name scopes
    /// that lead nowhere.
    pub(super) fn policies<'a>(
        &'a self,
        operation: &'a Operation,
    ) -> impl Iterator<Item = DeclaredPolicy> {
        self.declarations(operation).map(|declaration| declaration.policy())
    }

    /// What they require of an event stream, without what every token meets.
    pub(super) fn stream_requirements<'a>(
        &'a self,
        operation: &'a Operation,
    ) -> impl Iterator<Item = StreamRequirement> {
        self.declarations(operation).filter_map(|it| it.declared.stream_requirement)
    }

    /// The same, each with what the variables of its URI require.
    pub(super) fn declarations<'a>(
        &'a self,
        operation: &'a Operation,
    ) -> impl Iterator<Item = Declaration<'a>> {
        let named = match operation {
            Operation::Tool(name) => self.tools.get(name),
            Operation::Prompt(name) => self.prompts.get(name),
            Operation::Resources(_) | Operation::ResourceCompletion(_) | Operation::Other => None,
        };
        let named = named.map(|declared| Declaration { declared, resource: None });
        named.into_iter().chain(self.resource_declarations(operation))
    }

    /// The same of its resources alone.
    pub(super) fn resource_declarations<'a>(
        &'a self,
        operation: &'a Operation,
    ) -> impl Iterator<Item = Declaration<'a>> {
        let is_completion = matches!(operation, Operation::ResourceCompletion(_));
        operation.uris().iter().flat_map(move |uri| {
            self.resources(uri).map(move |resource| {
                let declared = &resource.declared;
                Declaration { declared, resource: Some((resource, uri, is_completion)) }
            })
        })
    }

    /// Whether the scopes of an operation depend on its arguments.
    pub(super) fn depends_on_arguments(&self, operation: &Operation) -> bool {
        self.policies(operation).any(|policy| policy.scopes_from.is_some())
    }

    /// The name of a tool or a prompt that has no policy here.
    pub(super) fn unregistered<'a>(&self, operation: &'a Operation) -> Option<&'a str> {
        let (registered, name) = match operation {
            Operation::Tool(name) => (&self.tools, name),
            Operation::Prompt(name) => (&self.prompts, name),
            Operation::Resources(_) | Operation::ResourceCompletion(_) | Operation::Other => {
                return None;
            }
        };
        (!registered.contains_key(name)).then_some(name)
    }

    /// The first template that matches, and each that matches and has a function. A URI longer than
    /// [`MAX_URI_LENGTH`] is not compared and could match any template, so all of them apply to it.
    fn resources(&self, uri: &str) -> impl Iterator<Item = &DeclaredResource> {
        let too_long = uri.len() > MAX_URI_LENGTH;
        let mut is_first = true;
        self.resources.iter().filter(move |resource| {
            let counts = is_first || resource.scopes_from.is_some();
            let applies = too_long || counts && resource.template.matches(uri);
            is_first &= !applies;
            applies
        })
    }

    /// The declared requirement with this id.
    pub(super) fn requirement(&self, id: RequirementId) -> Option<Requirement> {
        self.requirements.get(&id).copied()
    }

    /// The scopes of the metadata, followed by those that only declarations name, all as clients request them. Beside
    /// `scopes_from`, a declaration names the scopes of its `vocabulary`.
    pub(super) fn scopes_with(
        &self,
        metadata: &ProtectedResourceMetadata,
        requested: &RequestedScopes,
    ) -> Vec<String> {
        let scopes = self.scopes(|policy| {
            let of_arguments = policy.scopes_from.into_iter().flat_map(ScopesFrom::scopes);
            all_scopes(policy.requirement.condition).into_iter().chain(of_arguments).collect()
        });
        merge(metadata, scopes, requested)
    }

    /// As [`scopes_with`](Self::scopes_with), but only the first alternative of each declaration.
    pub(super) fn initial_scopes(
        &self,
        metadata: &ProtectedResourceMetadata,
        requested: &RequestedScopes,
    ) -> Vec<String> {
        let first = |policy: &DeclaredPolicy| first_alternative(&policy.requirement.condition);
        merge(metadata, self.scopes(first), requested)
    }

    /// The selected scopes of all declarations, sorted, each once.
    fn scopes(&self, select: impl Fn(&DeclaredPolicy) -> Vec<&'static str>) -> Vec<&'static str> {
        let named = self.tools.values().chain(self.prompts.values());
        let all = named.chain(self.resources.iter().map(|resource| &resource.declared));
        let mut scopes: Vec<&'static str> = all.flat_map(|it| select(&it.policy)).collect();
        scopes.retain(|scope| *scope != OFFLINE_ACCESS);
        scopes.sort_unstable();
        scopes.dedup();
        scopes
    }

    fn declared_in(
        &mut self,
        kind: &'static str,
        meta: Option<&MetaObject>,
        name: &str,
    ) -> Option<Declared> {
        match MetaPolicy::of(meta, name) {
            MetaPolicy::None => None,
            MetaPolicy::Policy(policy) => Some(self.declared(policy)),
            MetaPolicy::Unknown => {
                self.set_error(SetupError::UnknownPolicy { kind, name: name.to_owned() });
                None
            }
        }
    }

    fn declared(&mut self, policy: DeclaredPolicy) -> Declared {
        let stream_requirement = StreamRequirement::of(policy.requirement);
        if let Some(StreamRequirement { requirement, id }) = stream_requirement {
            self.requirements.insert(id, requirement);
        }
        Declared { policy, stream_requirement }
    }

    /// The types of authorization details of the metadata, followed by those that declarations name.
    pub(super) fn authorization_details_with(
        &self,
        metadata: &ProtectedResourceMetadata,
    ) -> Vec<String> {
        let named = self.tools.values().chain(self.prompts.values());
        let declared = named.chain(self.resources.iter().map(|resource| &resource.declared));
        let mut declared: Vec<&str> = declared
            .filter_map(|it| it.policy.requirement.token)
            .flat_map(|token| token.authorization_details.iter().map(DetailType::name))
            .collect();
        declared.sort_unstable();
        let mut types = metadata.authorization_details_types_supported.clone();
        for name in declared {
            if !types.iter().any(|present| present == name) {
                types.push(name.to_owned());
            }
        }
        types
    }

    /// A router can be passed twice, to declare its tools and to call them, but not with two policies.
    fn check_same(
        &mut self,
        kind: &'static str,
        name: &str,
        previous: Option<Declared>,
        declared: Declared,
    ) {
        if previous.is_some_and(|previous| !previous.policy.requires_the_same(declared.policy)) {
            self.set_error(SetupError::TwoPolicies { kind, name: name.to_owned() });
        }
    }

    pub(super) fn set_error(&mut self, error: SetupError) {
        self.error.get_or_insert(error);
    }
}

fn merge(
    metadata: &ProtectedResourceMetadata,
    further: Vec<&str>,
    requested: &RequestedScopes,
) -> Vec<String> {
    let mut scopes = metadata.scopes_supported.clone();
    for scope in further.into_iter().map(|scope| requested.name(scope)) {
        if !scopes.iter().any(|present| *present == scope) {
            scopes.push(scope.into_owned());
        }
    }
    scopes
}

#[cfg(test)]
mod tests;
