//! The manifest of the library.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

use std::panic::catch_unwind;
use std::sync::Arc;

use requires_auth::manifest::Kind;
use requires_auth::mcp::{Mcp, McpBuilder, UriVariables};
use requires_auth::{
    AccessToken, Claims, Condition, Manifest, Requirement, ResolveError, Resolver, ResourceServer,
    Scope, TokenError, TokenRequirement,
};
use requires_auth_manifest_tests::tools::Tools;
use rmcp::ServerHandler;
use rmcp::handler::server::router::prompt::{PromptRoute, PromptRouter};
use rmcp::handler::server::router::tool::{ToolRoute, ToolRouter};
use rmcp::model::{CallToolResult, GetPromptResult, Prompt, Tool};

fn manifest() -> Manifest {
    Manifest::collect().filter(|entry| entry.path().starts_with("requires_auth_manifest_tests::"))
}

#[test]
fn every_guarded_function_is_listed_with_its_path_and_its_line() {
    // R-K16
    let table = "\
FUNCTION                                                  KIND     REQUIRES                                          SOURCE
requires_auth_manifest_tests::any_token                   handler  any token                                         tests/manifest/src/lib.rs:14
requires_auth_manifest_tests::choice                      handler  anonymous or (admin or (read and write))          tests/manifest/src/lib.rs:17
requires_auth_manifest_tests::conditional                 handler  read, when text != \"<b>|\"                         tests/manifest/src/lib.rs:103
requires_auth_manifest_tests::dependent                   handler  any token, scopes_from scopes_of::<String>(text)  tests/manifest/src/lib.rs:108
requires_auth_manifest_tests::first                       handler  of-a-macro                                        tests/manifest/src/lib.rs:59
requires_auth_manifest_tests::future                      handler  read                                              tests/manifest/src/lib.rs:23
requires_auth_manifest_tests::generic                     handler  read                                              tests/manifest/src/lib.rs:28
requires_auth_manifest_tests::match                       handler  read                                              tests/manifest/src/lib.rs:20
requires_auth_manifest_tests::second                      handler  of-a-macro                                        tests/manifest/src/lib.rs:59
requires_auth_manifest_tests::nested::any_token           handler  write                                             tests/manifest/src/lib.rs:38
requires_auth_manifest_tests::nested::Wrapper<_>::method  handler  read and write                                    tests/manifest/src/lib.rs:47
requires_auth_manifest_tests::nested::any_token::inner    handler  inner                                             tests/manifest/src/lib.rs:40
requires_auth_manifest_tests::tools::Tools::of_the_block  tool     by-default                                        tests/manifest/src/lib.rs:72
requires_auth_manifest_tests::tools::Tools::own           tool     own                                               tests/manifest/src/lib.rs:80
requires_auth_manifest_tests::tools::Tools::suggest       prompt   suggest                                           tests/manifest/src/lib.rs:95
";
    assert_eq!(manifest().to_string(), table);
}

#[test]
fn an_entry_has_the_policy_as_data() {
    // R-K16
    let manifest = manifest();
    let choice = manifest.entries().iter().find(|entry| entry.name() == "choice").unwrap();
    let writing = Condition::All(&[Condition::Scope("read"), Condition::Scope("write")]);
    let Condition::Any([admin, both]) = choice.condition() else { unreachable!() };
    assert_eq!((*admin, *both), (Condition::Scope("admin"), writing));
    assert_eq!(choice.module(), "requires_auth_manifest_tests");
    assert_eq!(choice.kind(), Kind::Handler);
    assert!(choice.is_optional());
}

#[test]
fn other_formats_show_the_same() {
    // R-K17
    let tools = manifest().filter(|entry| entry.kind() == Kind::Tool);
    assert_eq!(
        tools.to_json(),
        r#"{
  "version": 1,
  "functions": [
    {"path":"requires_auth_manifest_tests::tools::Tools::of_the_block","kind":"tool","file":"tests/manifest/src/lib.rs","line":72,"scopes":["by-default"]},
    {"path":"requires_auth_manifest_tests::tools::Tools::own","kind":"tool","file":"tests/manifest/src/lib.rs","line":80,"scopes":["own"]}
  ]
}
"#
    );
    let choice = manifest().filter(|entry| entry.name() == "choice");
    assert_eq!(
        choice.to_markdown(),
        "\
| function | kind | requires | source |
|---|---|---|---|
| requires\\_auth\\_manifest\\_tests::choice | handler | anonymous or (admin or (read and write)) | tests/manifest/src/lib.rs:17 |
"
    );
    let dependent = manifest().filter(|entry| entry.scopes_from().is_some());
    let json = dependent.to_json();
    assert!(json.contains(r#""scopes":[],"scopes_from":"scopes_of::<String>(text)"}"#), "{json}");
    let conditional = manifest().filter(|entry| entry.when().is_some());
    let markdown = conditional.to_markdown();
    assert!(markdown.contains(r#"| read, when text \!= "&lt;b&gt;\|" |"#), "{markdown}");
    assert_eq!(
        manifest().filter(|_| false).to_json(),
        "{\n  \"version\": 1,\n  \"functions\": []\n}\n"
    );
}

struct NoToken;

impl Resolver for NoToken {
    async fn resolve(&self, _: &AccessToken) -> Result<Claims, ResolveError> {
        Err(TokenError::Inactive.into())
    }

    fn cache_namespace(&self) -> String {
        String::new()
    }
}

struct Handler(Tools);

impl ServerHandler for Handler {}

fn server() -> McpBuilder<Handler> {
    let server = ResourceServer::builder("https://a.example/mcp").issuer("https://as.example");
    let server = server.resolver(NoToken).build().unwrap();
    Mcp::builder(&server, || Ok(Handler(Tools)))
        .declare_tools(&Tools::tool_router())
        .declare_prompts(&Tools::prompt_router())
}

#[derive(Scope)]
enum LibraryScope {
    #[scope("suggest")]
    Suggest,
    #[scope("own", implies = [Suggest])]
    Own,
}

#[test]
fn a_literal_is_listed_with_the_scopes_that_imply_it_in_the_vocabulary_of_the_server() {
    // R-K16, R-I8
    let _ = (LibraryScope::Suggest, LibraryScope::Own);
    let server = ResourceServer::builder("https://a.example/mcp").issuer("https://as.example");
    let server = server.resolver(NoToken).scopes::<LibraryScope>().build().unwrap();
    let mcp = Mcp::builder(&server, || Ok(Handler(Tools))).build().unwrap();
    for manifest in [Manifest::collect_for(&server), mcp.manifest()] {
        let conditions = |name: &str| {
            let named = manifest.entries().iter().filter(|entry| entry.name() == name);
            named.map(requires_auth::manifest::Entry::condition).collect::<Vec<_>>()
        };
        assert_eq!(conditions("suggest"), [LibraryScope::Suggest.into()]);
        assert_eq!(conditions("first"), [Condition::Scope("of-a-macro")]);
    }
}

fn unguarded(server: McpBuilder<Handler>) -> Manifest {
    server.build().unwrap().manifest().filter(|entry| !entry.is_guarded())
}

fn by_hand(name: &'static str) -> ToolRouter<Handler> {
    ToolRouter::new().with_route(ToolRoute::new_dyn(Tool::new(name, "", Arc::default()), |_| {
        Box::pin(async { Ok(CallToolResult::success(Vec::new()).into()) })
    }))
}

#[test]
fn the_tools_and_prompts_of_a_server_without_a_guard_are_listed() {
    // R-K16
    assert_eq!(
        unguarded(server()).to_string(),
        "\
FUNCTION                                          KIND  REQUIRES   SOURCE
requires_auth_manifest_tests::tools::Tools::open  tool  unguarded
"
    );
    let mut prompts = PromptRouter::<Handler>::new();
    prompts.add_route(PromptRoute::new_dyn(Prompt::new("help", Some(""), None), |_| {
        Box::pin(async { Ok(GetPromptResult::new(Vec::new()).into()) })
    }));
    // A tool that the handler itself calls, and one that is guarded all the same.
    let mut disabled = by_hand("disabled");
    disabled.disable_route("disabled");
    let server = server().tool_router(by_hand("by_hand")).declare_tools(&disabled);
    let server = server.declare_prompts(&prompts).public_prompt("help");
    let server = server.public_tool("by_hand").public_tool("disabled").public_tool("dynamic");
    let manifest = unguarded(server.public_tool("own"));
    assert_eq!(
        manifest.to_markdown(),
        "\
| function | kind | requires | source |
|---|---|---|---|
| manifest::Handler::by\\_hand | tool | unguarded | |
| manifest::Handler::disabled | tool | unguarded | |
| manifest::Handler::dynamic | tool | unguarded | |
| manifest::Handler::help | prompt | unguarded | |
| requires\\_auth\\_manifest\\_tests::tools::Tools::open | tool | unguarded | |
"
    );
    let help = manifest.filter(|entry| entry.name() == "help");
    assert_eq!(
        help.to_json(),
        r#"{
  "version": 1,
  "functions": [
    {"path":"manifest::Handler::help","kind":"prompt","scopes":[],"unguarded":true}
  ]
}
"#
    );
    assert!(help.to_html().contains("<span class=\"badge\">unguarded</span>"));
}

#[test]
fn the_resources_of_a_server_are_listed_with_their_conditions() {
    // R-K16
    const BOTH: Condition =
        Condition::All(&[Condition::Scope("entries:read"), Condition::Scope("tags:read")]);
    let server = server()
        .resource("journal://entries", "entries:read")
        .resource("journal://entries/{id}", BOTH)
        .resource("journal://entries", "entries:read");
    let manifest = server.build().unwrap().manifest();
    let manifest = manifest.filter(|it| it.kind() == Kind::Resource);
    assert_eq!(
        manifest.to_string(),
        "\
FUNCTION                KIND      REQUIRES                    SOURCE
journal://entries       resource  entries:read
journal://entries/{id}  resource  entries:read and tags:read
"
    );
    let first = &manifest.entries()[0];
    assert!(first.is_guarded() && first.module().is_empty() && first.file().is_empty());
    assert_eq!((first.path(), first.line()), ("journal://entries".to_owned(), 0));
    assert_eq!(
        manifest.to_json(),
        r#"{
  "version": 1,
  "functions": [
    {"path":"journal://entries","kind":"resource","scopes":["entries:read"]},
    {"path":"journal://entries/{id}","kind":"resource","scopes":["entries:read","tags:read"]}
  ]
}
"#
    );
    assert_eq!(
        manifest.to_markdown(),
        "\
| function | kind | requires | source |
|---|---|---|---|
| journal://entries | resource | entries:read | |
| journal://entries/{id} | resource | entries:read and tags:read | |
"
    );
    assert!(manifest.to_html().contains("<b>journal://entries/{id}</b>"));
}

fn scopes_of_entry(_: &UriVariables) -> Condition {
    Condition::NONE
}

fn other_scopes_of_entry(_: &UriVariables) -> Condition {
    Condition::NONE
}

#[test]
fn a_resource_is_listed_with_the_function_of_its_scopes() {
    // R-K16, R-I20
    const ENTRY: &str = "journal://entries/{id}";
    let manifest = |server: McpBuilder<Handler>| {
        server.build().unwrap().manifest().filter(|it| it.kind() == Kind::Resource)
    };
    let one = manifest(server().resource_with_scopes_from(ENTRY, "entries:read", scopes_of_entry));
    let other =
        manifest(server().resource_with_scopes_from(ENTRY, "entries:read", other_scopes_of_entry));
    let none = manifest(server().resource(ENTRY, "entries:read"));
    assert_eq!(one.entries()[0].scopes_from(), Some("manifest::scopes_of_entry"));
    assert_eq!(
        one.to_json(),
        r#"{
  "version": 1,
  "functions": [
    {"path":"journal://entries/{id}","kind":"resource","scopes":["entries:read"],"scopes_from":"manifest::scopes_of_entry"}
  ]
}
"#
    );
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/resource_with_scopes_from.json");
    std::fs::write(file, one.to_json()).unwrap();
    one.assert_unchanged(file);
    for changed in [other, none] {
        let panic = catch_unwind(|| changed.assert_unchanged(file)).unwrap_err();
        let text = panic.downcast_ref::<String>().unwrap();
        for expected in [
            "weakened: a caller that was rejected may reach it",
            "- entries:read, scopes_from manifest::scopes_of_entry",
        ] {
            assert!(text.contains(expected), "{text}");
        }
    }
}

#[test]
fn a_resource_is_listed_with_what_it_requires_besides_scopes() {
    // R-K16, R-H3
    const LOGIN: TokenRequirement =
        TokenRequirement::NONE.sender_constrained().acr_values(&["phr", "phrh"]);
    let requirement = Requirement::new(Condition::Scope("entries:read"), &LOGIN);
    let server = server().resource("journal://entries", requirement).build().unwrap();
    let manifest = server.manifest().filter(|it| it.kind() == Kind::Resource);
    let entry = &manifest.entries()[0];
    assert_eq!(entry.condition(), Condition::Scope("entries:read"));
    assert!(entry.is_sender_constrained());
    assert_eq!(entry.acr_values(), ["phr", "phrh"]);
}

#[test]
fn a_new_tool_without_a_guard_fails_the_test_of_the_user() {
    // R-K18
    let with_tool = || {
        let server = server().public_tool("new").build().unwrap();
        let of_library = |path: &str| path.starts_with("requires_auth_manifest_tests::");
        let is_reviewed = |name: &str| name != "open";
        server
            .manifest()
            .filter(|it| of_library(&it.path()) && is_reviewed(it.name()) || it.name() == "new")
            .assert_unchanged("tests/manifest.json");
    };
    let panic = catch_unwind(with_tool).unwrap_err();
    assert_eq!(
        panic.downcast_ref::<String>().unwrap(),
        "\
the guards of this program are not those in `tests/manifest.json`

weakened: it is new, and has no guard
    manifest::Handler::new
      + tool: unguarded

help: if every change is intended, run this test with UPDATE_MANIFEST=1, and commit the file"
    );
}

#[test]
fn the_manifest_is_the_reviewed_one() {
    // R-K18: the one-line test that users write.
    manifest().assert_unchanged("tests/manifest.json");
}

#[test]
fn a_changed_guard_fails_the_test_of_the_user() {
    // R-K18
    let fewer = || {
        manifest().filter(|entry| entry.name() != "own").assert_unchanged("tests/manifest.json");
    };
    let panic = catch_unwind(fewer).unwrap_err();
    assert_eq!(
        panic.downcast_ref::<String>().unwrap(),
        "\
the guards of this program are not those in `tests/manifest.json`

removed: there is no guard, unless the function is removed too
    requires_auth_manifest_tests::tools::Tools::own
      - tool: own

help: if every change is intended, run this test with UPDATE_MANIFEST=1, and commit the file"
    );
}
