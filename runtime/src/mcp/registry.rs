//! What the tools, prompts and resources of a server ask of their callers.

use std::collections::{BTreeSet, HashMap, HashSet};

use ::rmcp::handler::server::router::prompt::PromptRouter;
use ::rmcp::handler::server::router::tool::ToolRouter;
use ::rmcp::model::{MetaObject, Tool};

use super::declared_policy::{DeclaredPolicy, is_declared, is_declared_of_both};
use super::operation::Operation;
use super::uri_template::UriTemplate;
use crate::policy::{all_scopes, first_alternative};
use crate::rejection::OFFLINE_ACCESS;
use crate::{Condition, ProtectedResourceMetadata, SetupError};

/// Filled once from the code's own declarations, and then only read.
#[derive(Debug, Default)]
pub(super) struct Registry {
    tools: HashMap<String, DeclaredPolicy>,
    /// The tools as they are described, without their `_meta`.
    described: HashMap<String, Tool>,
    prompts: HashMap<String, DeclaredPolicy>,
    tool_policies: Policies,
    prompt_policies: Policies,
    resources: Vec<(UriTemplate, DeclaredPolicy)>,
    /// The first declaration that cannot be understood.
    problem: Option<SetupError>,
}

/// Which of the tools, or of the prompts, declare a policy.
#[derive(Debug, Default)]
struct Policies {
    /// Whether all of them must.
    required: bool,
    /// Those that declare one, which may be that they are public.
    declared: HashSet<String>,
    /// Those whose route does not. One of the same name may.
    undeclared: BTreeSet<String>,
    /// Those that the builder has declared to be public.
    public: HashSet<String>,
}

impl Policies {
    fn add(&mut self, name: &str, meta: Option<&MetaObject>, guarded: bool) {
        let in_block = is_declared(meta);
        self.required |= in_block;
        if in_block || guarded {
            self.declared.insert(name.to_owned());
        } else {
            self.undeclared.insert(name.to_owned());
        }
    }

    fn check(&self, kind: &'static str) -> Result<(), SetupError> {
        let missing = self.undeclared.iter().find(|name| !self.public.contains(*name));
        match missing.filter(|_| self.required) {
            Some(name) => Err(SetupError::NoPolicy { kind, name: name.clone() }),
            None => Ok(()),
        }
    }

    /// Whether what has this name may be used without a look at what it declares.
    fn allow(&self, name: &str) -> bool {
        !self.required || self.declared.contains(name) || self.public.contains(name)
    }
}

/// It bounds the work of comparing a URI with the templates, which grows with its length.
const LONGEST_URI: usize = 8 * 1024;

impl Registry {
    pub(super) fn add_tools<H: Send + Sync + 'static>(&mut self, router: &ToolRouter<H>) {
        for route in router.map.values() {
            let mut tool = route.attr.clone();
            let meta = tool.meta.take();
            let declared = self.read(meta.as_ref());
            let name = route.name();
            // One that is switched off now may be switched on later.
            self.tool_policies.add(name, meta.as_ref(), declared.is_some());
            self.prompt_policies.required |= is_declared_of_both(meta.as_ref());
            // To a client it does not exist.
            if router.is_disabled(name) {
                continue;
            }
            self.described.insert(name.to_owned(), tool);
            self.tools.extend(declared.map(|asked| (name.to_owned(), asked.named(name))));
        }
    }

    pub(super) fn add_prompts<H: Send + Sync + 'static>(&mut self, router: &PromptRouter<H>) {
        for route in router.map.values() {
            let meta = route.attr.meta.as_ref();
            let declared = self.read(meta);
            let name = route.name();
            self.prompt_policies.add(name, meta, declared.is_some());
            self.tool_policies.required |= is_declared_of_both(meta);
            self.prompts.extend(declared.map(|asked| (name.to_owned(), asked.named(name))));
        }
    }

    /// Every tool and every prompt must declare a policy.
    pub(super) fn require_policies(&mut self) {
        self.tool_policies.required = true;
        self.prompt_policies.required = true;
    }

    pub(super) fn add_public_tool(&mut self, name: &str) {
        self.tool_policies.public.insert(name.to_owned());
    }

    pub(super) fn add_public_prompt(&mut self, name: &str) {
        self.prompt_policies.public.insert(name.to_owned());
    }

    /// The same of a tool, by its name.
    pub(super) fn allows_tool(&self, name: &str) -> bool {
        self.tool_policies.allow(name)
    }

    /// Whether an operation may be left to the handler: not if it is a tool or a prompt that had to
    /// declare a policy, and that no router of the builder has.
    pub(super) fn allows(&self, operation: &Operation) -> bool {
        match operation {
            Operation::Tool(name) => self.tool_policies.allow(name),
            Operation::Prompt(name) => self.prompt_policies.allow(name),
            Operation::Resources(_) | Operation::Other => true,
        }
    }

    pub(super) fn add_resource(&mut self, template: &str, condition: Condition) {
        match UriTemplate::parse(template) {
            Some(parsed) => {
                let asked = DeclaredPolicy { requirement: condition.into(), optional: false };
                self.resources.push((parsed, asked.named(template)));
            }
            None => self.problem(SetupError::Setting(
                "a resource is declared with a URI template that is not made of literals and \
                 `{name}` or `{+name}`",
            )),
        }
    }

    pub(super) fn check(&mut self) -> Result<(), SetupError> {
        self.problem.take().map_or(Ok(()), Err)?;
        self.tool_policies.check("tool")?;
        self.prompt_policies.check("prompt")
    }

    /// The tool of this name, if there is one.
    pub(super) fn tool(&self, name: &str) -> Option<&Tool> {
        self.described.get(name)
    }

    /// What an operation asks for, each requirement of it. Nothing for what does not exist: nobody
    /// is asked for scopes that lead nowhere.
    pub(super) fn policies(&self, operation: &Operation) -> impl Iterator<Item = DeclaredPolicy> {
        let (named, uris) = match operation {
            Operation::Tool(name) => (self.tools.get(name), &[][..]),
            Operation::Prompt(name) => (self.prompts.get(name), &[][..]),
            Operation::Resources(uris) => (None, uris.as_slice()),
            Operation::Other => (None, &[][..]),
        };
        let resources = uris.iter().flat_map(|uri| self.resource(uri));
        named.copied().into_iter().chain(resources)
    }

    /// The name of a tool or a prompt that nobody has declared.
    pub(super) fn unregistered<'a>(&self, operation: &'a Operation) -> Option<&'a str> {
        let (declared, name) = match operation {
            Operation::Tool(name) => (&self.tools, name),
            Operation::Prompt(name) => (&self.prompts, name),
            Operation::Resources(_) | Operation::Other => return None,
        };
        (!declared.contains_key(name)).then_some(name)
    }

    /// What the first template that fits asks for. A URI that is too long to be compared may be any
    /// of them, so it asks for what each does.
    fn resource(&self, uri: &str) -> impl Iterator<Item = DeclaredPolicy> {
        let long = uri.len() > LONGEST_URI;
        let fitting =
            self.resources.iter().filter(move |(template, _)| long || template.matches(uri));
        fitting.take(if long { usize::MAX } else { 1 }).map(|(_, requirement)| *requirement)
    }

    /// The scopes of the metadata, and behind them those that only the declarations name.
    pub(super) fn scopes_with(&self, metadata: &ProtectedResourceMetadata) -> Vec<String> {
        with(metadata, self.scopes(all_scopes))
    }

    /// The same, but of a declaration that leaves a choice only the alternative that is written first.
    pub(super) fn initial_scopes(&self, metadata: &ProtectedResourceMetadata) -> Vec<String> {
        with(metadata, self.scopes(|condition| first_alternative(&condition)))
    }

    /// These scopes of each declaration, each once and in order.
    fn scopes(&self, of: impl Fn(Condition) -> Vec<&'static str>) -> Vec<&'static str> {
        let named = self.tools.values().chain(self.prompts.values());
        let all = named.chain(self.resources.iter().map(|(_, requirement)| requirement));
        let mut scopes: Vec<&'static str> =
            all.flat_map(|requirement| of(requirement.requirement.condition)).collect();
        scopes.retain(|scope| *scope != OFFLINE_ACCESS);
        scopes.sort_unstable();
        scopes.dedup();
        scopes
    }

    fn read(&mut self, meta: Option<&MetaObject>) -> Option<DeclaredPolicy> {
        match DeclaredPolicy::read(meta) {
            Ok(declared) => declared,
            Err(_) => {
                self.problem(SetupError::Setting(
                    "a tool or prompt has a `_meta` with `requires-auth/authorization` that \
                     `#[requires_auth]` has not written",
                ));
                None
            }
        }
    }

    fn problem(&mut self, problem: SetupError) {
        self.problem.get_or_insert(problem);
    }
}

fn with(metadata: &ProtectedResourceMetadata, further: Vec<&str>) -> Vec<String> {
    let mut scopes = metadata.scopes_supported.clone();
    for scope in further {
        if !scopes.iter().any(|known| known == scope) {
            scopes.push(scope.to_owned());
        }
    }
    scopes
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ::rmcp::handler::server::router::tool::ToolRoute;
    use ::rmcp::model::CallToolResult;

    use super::*;
    use crate::mcp::META_KEY;

    fn router(meta: MetaObject) -> ToolRouter<()> {
        let tool = Tool::new("tool", "", Arc::default()).with_meta(meta);
        ToolRouter::new().with_route(ToolRoute::new_dyn(tool, |_| {
            Box::pin(async { Ok(CallToolResult::success(Vec::new()).into()) })
        }))
    }

    fn asked(registry: &Registry) -> usize {
        registry.policies(&Operation::Tool("tool".into())).count()
    }

    #[test]
    fn a_tool_that_is_switched_off_does_not_exist() {
        // R-I5
        let guarded = DeclaredPolicy { requirement: Condition::Scope("a").into(), optional: false };
        let mut router = router(guarded.write_meta(None));
        let mut registry = Registry::default();
        registry.add_tools(&router);
        assert_eq!((asked(&registry), registry.scopes(all_scopes)), (1, vec!["a"]));

        router.disable_route("tool");
        let mut registry = Registry::default();
        registry.add_tools(&router);
        assert_eq!((asked(&registry), registry.scopes(all_scopes)), (0, vec![]));
    }

    #[test]
    fn a_uri_that_is_too_long_to_be_compared_asks_for_everything() {
        // R-I4: a handler that leaves the decision to the declarations would serve it to anybody.
        let mut registry = Registry::default();
        registry.add_resource("a:{+path}", Condition::Scope("a"));
        registry.add_resource("{b}:c", Condition::Scope("b"));
        let asked = |length: usize| {
            let uri = format!("a:{}", "x".repeat(length - 2));
            let resources = Operation::Resources(vec![uri]);
            let asked = registry.policies(&resources).map(|asked| asked.requirement.condition);
            asked.collect::<Vec<_>>()
        };
        assert_eq!(asked(LONGEST_URI), [Condition::Scope("a")]);
        assert_eq!(asked(LONGEST_URI + 1), [Condition::Scope("a"), Condition::Scope("b")]);
    }

    #[test]
    fn a_declaration_that_cannot_be_understood_is_an_error() {
        let mut meta = MetaObject::new();
        meta.0.insert(META_KEY.into(), "anything".into());
        let mut registry = Registry::default();
        registry.add_tools(&router(meta));
        let problem = registry.check().unwrap_err().to_string();
        assert!(problem.contains(META_KEY), "{problem}");

        let mut registry = Registry::default();
        registry.add_resource("a:{", Condition::NONE);
        assert!(registry.check().unwrap_err().to_string().contains("URI template"));
    }
}
