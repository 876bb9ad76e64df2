//! Demo mode: an authorization server, tokens, and commands that use them.

use std::error::Error;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use axum::Router;
use requires_auth::testing::{self, AuthorizationServer, DpopKey, TokenFormat};
use requires_auth::{AuthorizationDetail, Dpop, ScopeDefinition, ScopeVocabulary};
use reqwest::Url;
use serde::Serialize;
use serde_json::{Value, json};

use crate::page;
use crate::proof;
use crate::scopes::JournalScope;
use crate::settings::{Consent, Mode, Settings};
use crate::sign_in::{self, SignIn};
use crate::store::Print;

const CLIENT_ID: &str = "journal";
const CLIENT_SECRET: &str = "only-for-the-demo";

/// The running demo. Dropping it stops the authorization server.
pub struct Demo {
    authorization_server: AuthorizationServer,
    tokens: Tokens,
    sign_in: SignIn,
    proof_key: ProofKey,
    /// The URL of the journal in a proof: the origin of the resource identifier.
    origin: String,
    page: Router,
}

/// A token for each case, in the form of the `--tokens-file`.
#[derive(Serialize)]
struct Tokens {
    /// The three read scopes.
    reader: String,
    /// `entries:read entries:write`
    writer: String,
    /// All scopes of a user.
    full: String,
    /// The same, expired.
    expired: String,
    /// The same for a second user.
    other: String,
    /// The same for another resource.
    wrong_audience: String,
    /// The same, used by an agent on behalf of the user.
    agent: String,
    /// `journal:admin`, which implies the others.
    admin: String,
    /// All scopes of a user who has just logged in with a phishing-resistant method.
    login: String,
    /// The same without this login, and the user has authorized an order for two printed copies.
    print: String,
    /// All scopes of a user, bound to the key in `bound_key`: it needs DPoP proofs.
    bound: String,
    /// The private key, in PEM.
    bound_key: String,
}

/// The file with the key that a token is bound to.
struct ProofKey {
    path: PathBuf,
    is_temporary: bool,
}

impl ProofKey {
    /// Reads the key of the file, or makes one.
    fn open(path: Option<&Path>, journal: SocketAddr) -> Result<(Self, DpopKey), Box<dyn Error>> {
        let temporary = || {
            let name = format!("journal-{}-{}.pem", journal.port(), std::process::id());
            std::env::temp_dir().join(name)
        };
        let file = Self {
            path: path.map_or_else(temporary, Path::to_owned),
            is_temporary: path.is_none(),
        };
        if file.path.exists() && !file.is_temporary {
            let key = fs::read(&file.path).and_then(DpopKey::from_pem).map_err(|error| {
                format!("cannot use the key in {}: {error}", file.path.display())
            })?;
            return Ok((file, key));
        }
        let key = DpopKey::generate();
        proof::write_key(&key, &file.path)?;
        Ok((file, key))
    }
}

impl Drop for ProofKey {
    fn drop(&mut self) {
        if self.is_temporary {
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Demo {
    /// Starts the authorization server, and changes the settings to use it.
    pub async fn start(
        settings: &mut Settings,
        journal: SocketAddr,
        resource: &str,
    ) -> Result<Self, Box<dyn Error>> {
        let consent = match settings.consent {
            Consent::Ask => testing::Consent::Ask,
            Consent::Auto => testing::Consent::Auto,
        };
        let mut dpop = Dpop::accepted();
        if settings.dpop_nonce_key.is_some() {
            dpop = dpop.require_nonces();
        }
        let authorization_server = AuthorizationServer::builder()
            .dpop(dpop)
            .listen(settings.auth_listen)
            .consent(consent)
            .token_format(match settings.mode() {
                Mode::Introspection => TokenFormat::Opaque,
                Mode::Jwt | Mode::Hybrid => TokenFormat::Jwt,
            })
            .client(CLIENT_ID, CLIENT_SECRET)
            .register(sign_in::client(journal))
            .resource(resource)
            .authorization_details_types_supported([Print::TYPE])
            .scopes_supported(JournalScope::DEFINITIONS.iter().map(ScopeDefinition::name))
            .start()
            .await
            .map_err(|error| {
                format!(
                    "the demo's authorization server cannot listen on {}: {error}; choose another \
                     loopback address with --auth-listen, such as --auth-listen 127.0.0.1:0",
                    settings.auth_listen
                )
            })?;
        settings.issuer = vec![authorization_server.issuer().to_owned()];
        if settings.mode() != Mode::Jwt {
            settings.client_id = Some(CLIENT_ID.to_owned());
            settings.client_secret = Some(CLIENT_SECRET.to_owned());
        }
        let all = JournalScope::of_users();
        let (proof_key, key) = ProofKey::open(settings.proof_key.as_deref(), journal)?;
        let tokens = Tokens::mint(&authorization_server, resource, &all, &key);
        if let Some(path) = &settings.tokens_file {
            tokens.write(path).map_err(|error| {
                format!("the tokens cannot be written to {}: {error}", path.display())
            })?;
        }
        let sign_in = SignIn::new(&authorization_server, journal, resource, &all)?;
        let origin = Url::parse(resource)?.origin().ascii_serialization();
        let page = page::routes(authorization_server.issuer(), resource);
        Ok(Self { authorization_server, tokens, sign_in, proof_key, origin, page })
    }

    /// The page at the end of a sign-in in the browser, and the page that uses the journal.
    pub fn routes(&self) -> Router {
        self.sign_in.routes().merge(self.page.clone())
    }

    /// Commands to paste, each with its expected status.
    pub fn commands(&self, journal: SocketAddr) -> String {
        let Tokens { reader, writer, full, agent, admin, login, print, bound, .. } = &self.tokens;
        format!(
            "\
authorization server of the demo: {issuer}

Paste these into another terminal. The tokens are valid for an hour.

# 401: no token. The challenge names the metadata of the resource.
curl -i http://{journal}/entries

# 200: a token with entries:read.
curl -i http://{journal}/entries -H 'Authorization: Bearer {reader}'

# 403: the same token, without the scope for writing. The challenge names the scope.
curl -i http://{journal}/entries -H 'Authorization: Bearer {reader}' -H 'Content-Type: application/json' -d '{entry}'

# 201: a token with entries:write.
curl -i http://{journal}/entries -H 'Authorization: Bearer {writer}' -H 'Content-Type: application/json' -d '{entry}'

# 403: the entries of another user are for an administrator. The challenge names the scope.
curl -i 'http://{journal}/entries?owner=alice' -H 'Authorization: Bearer {reader}'

# 200: a token with journal:admin, which implies the other scopes.
curl -i 'http://{journal}/entries?owner=alice' -H 'Authorization: Bearer {admin}'

# 403: an agent deletes nothing on behalf of a user, whatever its scopes. No challenge.
curl -i -X DELETE http://{journal}/entries/1 -H 'Authorization: Bearer {agent}'

# 401: a token that does not exist.
curl -i http://{journal}/me -H 'Authorization: Bearer mistyped'

# 401: a token that is bound to a key, without a proof.
curl -i http://{journal}/entries -H 'Authorization: Bearer {bound}'

# 200: the same with a DPoP proof for this request. A second request needs another proof.
curl -i http://{journal}/entries {with_proof_of_get}

# 200: the whole journal, which a function gives only for a bound token.
curl -i http://{journal}/export {with_proof_of_export}

# 401: the same for a token that whoever has it could use.
curl -i http://{journal}/export -H 'Authorization: Bearer {full}'

# 401: all entries are deleted only for a user who has just logged in. The challenge says how.
curl -i -X DELETE http://{journal}/entries -H 'Authorization: Bearer {full}'

# 204: after such a login. In ten minutes it is too old.
curl -i -X DELETE http://{journal}/entries -H 'Authorization: Bearer {login}'

# 201: an order that the user has authorized.
curl -i http://{journal}/prints -H 'Authorization: Bearer {print}' -H 'Content-Type: application/json' -d '{two_copies}'

# 403: another order.
curl -i http://{journal}/prints -H 'Authorization: Bearer {print}' -H 'Content-Type: application/json' -d '{three_copies}'

# 200: a tool with a bound token, at the MCP server.
curl -i http://{journal}/mcp {with_proof_of_post} {mcp} -H 'Mcp-Name: whoami' -d '{whoami}'

# 403: the same journal as an MCP server. The challenge starts the step-up of a client.
curl -i http://{journal}/mcp -H 'Authorization: Bearer {reader}' {mcp} -H 'Mcp-Name: create_entry' -d '{create}'

# 200: a tool whose scope the token has.
curl -i http://{journal}/mcp -H 'Authorization: Bearer {reader}' {mcp} -H 'Mcp-Name: whoami' -d '{whoami}'

# 200: the metadata, which clients read before they have a token.
curl -i http://{journal}/.well-known/oauth-protected-resource/mcp

Sign in with a browser, as the client {client}, and get a token of your own:
{link}

An MCP client discovers the rest from the address http://{journal}/mcp

Use the journal in a browser, with sign-in and step-up: {browser}/

Ctrl-C ends the demo.
",
            issuer = self.authorization_server.issuer(),
            with_proof_of_get = self.with_proof("GET", "/entries"),
            with_proof_of_export = self.with_proof("GET", "/export"),
            two_copies = order(2),
            three_copies = order(3),
            with_proof_of_post = self.with_proof("POST", "/mcp"),
            client = sign_in::CLIENT_ID,
            link = self.sign_in.link(),
            browser = sign_in::browser_url(journal),
            mcp = "-H 'Accept: application/json, text/event-stream' \
                   -H 'Content-Type: application/json' -H 'MCP-Protocol-Version: 2026-07-28' \
                   -H 'Mcp-Method: tools/call'",
            create = tool_call("create_entry", &json!({ "title": "Monday", "content": "Rain." })),
            whoami = tool_call("whoami", &json!({})),
            entry = r#"{"title": "Monday", "content": "It rained.", "tags": ["weather"]}"#,
        )
    }
}

impl Demo {
    /// The headers of curl for the bound token, with a proof that the shell makes when the command runs.
    fn with_proof(&self, method: &str, path: &str) -> String {
        let program = std::env::current_exe().unwrap_or_else(|_| "journal".into());
        format!(
            "-H 'Authorization: DPoP {bound}' -H \"DPoP: $('{program}' proof --key '{key}' --method {method} --url \
             {origin}{path} --token {bound})\"",
            bound = self.tokens.bound,
            program = program.display(),
            key = self.proof_key.path.display(),
            origin = self.origin,
        )
    }
}

/// The body of an order for printed copies.
fn order(copies: u32) -> Value {
    json!({ "copies": copies, "recipient": "alice" })
}

/// What a token permits that was authorized for two copies.
fn print_detail() -> Value {
    json!({ "type": Print::TYPE, "copies": 2, "recipient": "alice" })
}

/// A tool call in the revision 2026-07-28 of the Model Context Protocol.
fn tool_call(name: &str, arguments: &Value) -> Value {
    json!({
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {
            "name": name,
            "arguments": arguments,
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": { "name": "curl", "version": "1" },
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        },
    })
}

impl Tokens {
    fn mint(server: &AuthorizationServer, resource: &str, all: &str, key: &DpopKey) -> Self {
        let user =
            |name: &str| server.mint().subject(name).username(name).client_id(sign_in::CLIENT_ID);
        let admin = JournalScope::Admin.definition().name();
        let alice = || user("alice").audience(resource);
        Self {
            reader: alice().scopes("user:read entries:read tags:read").issue(),
            writer: alice().scopes("entries:read entries:write").issue(),
            full: alice().scopes(all).issue(),
            expired: alice().scopes(all).expired().issue(),
            other: user("bob").audience(resource).scopes(all).issue(),
            wrong_audience: user("alice")
                .audience("https://another-resource.example/")
                .scopes(all)
                .issue(),
            agent: alice().scopes(all).actor("writing-assistant").issue(),
            admin: user("carol").audience(resource).scopes(admin).issue(),
            login: alice().scopes(all).acr("phr").auth_time(SystemTime::now()).issue(),
            print: alice().scopes(all).authorization_details([print_detail()]).issue(),
            bound: alice().scopes(all).bound_to(key).issue(),
            bound_key: key.to_pem(),
        }
    }

    /// Writes the tokens to a file that, on Unix, only the current user can read.
    fn write(&self, path: &Path) -> Result<(), Box<dyn Error>> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let json = serde_json::to_string_pretty(self)?;
        let mut file = options.open(path)?;
        // An existing file would keep its mode.
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        Ok(file.write_all(json.as_bytes())?)
    }
}
