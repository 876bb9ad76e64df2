"""Keycloak with a new realm in memory."""

import html
import json
import re
import shutil
import zipfile

from harness.requirements import PRINT, bound_to_certificates, bound_to_keys, exchanged, logins
from harness.server import RESOURCE, SCOPE_OF_ENTRIES, SCOPE_OF_HELLO, SCOPE_OF_SHOP, SCOPES, SHOP, SHORT, Server, web

VERSION = "26.7.3"
ADMIN = "admin"
USER = "alice"
PASSWORD = "correct horse battery"


class Keycloak(Server):
    needs = {"java": "17 or newer", "mvn": "Maven 3", "openssl": "1.1.1 or newer"}

    def install(self):
        archive = self.maven(f"org.keycloak:keycloak-quarkus-dist:{VERSION}:zip",
                             "27a6535553c3cdcd083872ba40629efafb3475e3b758e0c6f691395561dd0f1f")
        if self.is_installed():
            return
        shutil.rmtree(self.home(), ignore_errors=True)
        with zipfile.ZipFile(archive) as files:
            files.extractall(self.installed)
        self.home("bin", "kc.sh").chmod(0o755)
        # Otherwise each start does this.
        self.command([self.home("bin", "kc.sh"), "build", "--db", "dev-mem", "--cache", "local", "--https-client-auth", "request"])
        self.done()

    def home(self, *parts):
        return self.installed.joinpath(f"keycloak-{VERSION}", *parts)

    def start(self):
        port, tls_port = self.port(), self.port()
        self.origin = f"http://127.0.0.1:{port}"
        self.certificate, self.client_certificate = self.new_certificate("server"), self.new_certificate("client")
        child = self.spawn([
            self.home("bin", "kc.sh"), "start", "--optimized", "--http-enabled", "true", "--hostname", self.origin,
            "--http-host", "127.0.0.1", "--http-port", port, "--https-port", tls_port,
            "--https-certificate-file", self.certificate["certificate"], "--https-certificate-key-file", self.certificate["key"],
            # A certificate of a client is refused unless it is trusted.
            "--https-trust-store-file", self.client_certificate["certificate"],
        ], {
            "KC_BOOTSTRAP_ADMIN_USERNAME": ADMIN, "KC_BOOTSTRAP_ADMIN_PASSWORD": ADMIN,
            # A quicker start, at the cost of speed that these checks do not need.
            "JAVA_OPTS_APPEND": "-XX:TieredStopAtLevel=1"})
        child.wait_for(f"{self.origin}/realms/master")
        self.set_up()
        self.issuer = issuer = f"{self.origin}/realms/journal"
        endpoint = f"{issuer}/protocol/openid-connect"

        def token(client, scope=SCOPES, **parameters):
            return web.client_credentials(f"{endpoint}/token", client, f"{client}-secret", scope=scope, **parameters)

        self.new_token = lambda: token("caller")
        revoked = web.revoke(f"{endpoint}/revoke", "caller", "caller-secret", token("caller"))
        tokens = {
            "good": token("caller"),
            "no audience mapper": token("plain"),
            "mapper for the resource alone": token("resource-alone"),
            "mapper for the client alone": token("client-alone"),
            "lightweight": token("lightweight"),
            "another scope": token("caller", SCOPE_OF_ENTRIES),
            "revoked": revoked,
            "expired": self.short_lived(token("short")),
        }
        credentials = ["--issuer", issuer, "--client-id", "journal", "--client-secret", "journal-secret"]
        mappers = "two audience mappers"
        return {
            "title": f"Keycloak {VERSION}",
            "issuer": issuer,
            "names": {"ISSUER": issuer},
            "modes": [
                {"mode": "introspection", "defaults": credentials, "tokens": tokens, "note": mappers},
                {"mode": "jwt", "defaults": ["--issuer", issuer], "settings": ["--provider", "keycloak"], "tokens": tokens,
                 "rotates": True, "note": "an audience mapper"},
                {"mode": "hybrid", "name": "introspecting JWTs", "defaults": [*credentials, "--introspect-jwts"],
                 "settings": ["--provider", "keycloak"], "tokens": tokens, "note": mappers},
            ],
            "requirements": [*self.requirements(token, credentials, tls_port), *self.exchanges(token, endpoint)],
        }

    def exchanges(self, token, endpoint):
        """The shop exchanges the tokens of its callers for those of the journal."""
        revoked = web.revoke(f"{endpoint}/revoke", "customer", "customer-secret", token("customer", SCOPE_OF_SHOP))
        tokens = {
            "token for the shop": token("customer", SCOPE_OF_SHOP),
            "token whose `aud` lacks the client of the shop": token("customer-without-client", SCOPE_OF_SHOP),
            "token that is revoked": revoked,
            "token without the scope of the shop": token("customer", SCOPE_OF_HELLO),
        }
        # The keys of the issuer do not tell that a token is revoked, but the exchange does.
        settings = {"REQUIRES_AUTH_RESOURCE": SHOP, "REQUIRES_AUTH_ISSUER": self.issuer, "REQUIRES_AUTH_MODE": "jwt",
                    "REQUIRES_AUTH_PROVIDER": "keycloak", "EXCHANGE_CLIENT_ID": "shop", "EXCHANGE_CLIENT_SECRET": "shop-secret",
                    "ORDERS_AUDIENCE": "journal", "ORDERS_SCOPES": SCOPE_OF_ENTRIES}
        flags = ["--issuer", self.issuer, "--client-id", "journal", "--client-secret", "journal-secret"]
        first = dict([next(iter(tokens.items()))])
        groups = [("token exchange", {}, tokens)]
        groups += [(f"token exchange, {label}", changed, first) for label, changed in [
            ("by a client without the capability", {"EXCHANGE_CLIENT_ID": "plain", "EXCHANGE_CLIENT_SECRET": "plain-secret"}),
            ("with a wrong secret", {"EXCHANGE_CLIENT_SECRET": "wrong"}),
            ("for an audience without a mapper", {"ORDERS_AUDIENCE": "caller"}),
            ("for a client that does not exist", {"ORDERS_AUDIENCE": "nobody"}),
            ("for a scope that the client does not have", {"ORDERS_SCOPES": "nothing:read"}),
            ("with a resource in place of the audience", {"ORDERS_RESOURCE": RESOURCE}),
        ]]
        return [{"name": name, "flags": flags, "shop": {**settings, **changed}, "requests": exchanged(tokens)}
                for name, changed, tokens in groups]

    def requirements(self, token, credentials, tls_port):
        """The groups of requests, with the same tokens for introspection and for the keys of the issuer."""
        key, other_key = self.new_key("key"), self.new_key("other-key")
        endpoint = f"{self.issuer}/protocol/openid-connect/token"
        bound = token("bound", headers={"DPoP": self.proof(key, "POST", endpoint)})
        # Of the https port, so that the client can present its certificate. The issuer is the same.
        bound_to_certificate = web.client_credentials(
            endpoint.replace(self.origin, f"https://127.0.0.1:{tls_port}"), "certified", "certified-secret", scope=SCOPE_OF_HELLO,
            opener=web.with_certificate(self.certificate, self.client_certificate))
        self.user = web.Browser()
        strong = {"acr_values": "phr phrh", "max_age": "600"}
        tokens = {
            "token of a client": token("caller"),
            "login with a password": self.login(self.user, "app"),
            "client without the scope `acr`": self.login(web.Browser(), "app-without-acr", **strong),
            "client without the scope `basic`": self.login(web.Browser(), "app-without-basic", **strong),
            "client whose `acr.loa.map` lacks one of the classes": self.login(web.Browser(), "app-with-other-map", **strong),
        }
        refused, _ = web.authorization_response(
            web.Browser(), self.issuer, "app", scope=SCOPES, authorization_details=json.dumps([PRINT]))
        other_certificate = self.new_certificate("other")
        groups = [{"name": "details", "absent": f"the authorization server responds {refused['error']}, {refused['error_description']}"}]
        for name, flags, settings in [
            ("introspection", credentials, {"CLIENT_ID": "journal", "CLIENT_SECRET": "journal-secret"}),
            ("JWT", ["--mode", "jwt", "--issuer", self.issuer, "--provider", "keycloak"], {"MODE": "jwt", "PROVIDER": "keycloak"}),
        ]:
            groups += [
                {"name": f"{name}, bound to keys", "flags": flags,
                 "requests": bound_to_keys(bound, key, other_key, token("caller"))},
                {"name": f"{name}, logins", "flags": flags, "requests": logins(tokens, "app")},
                {"name": f"{name}, bound to certificates", "mtls": self.certificate, "settings": {"ISSUER": self.issuer, **settings},
                 "requests": bound_to_certificates(
                    bound_to_certificate, self.client_certificate, other_certificate, token("caller", SCOPE_OF_HELLO))},
            ]
        return groups

    def login(self, browser, client, scope=SCOPES, **parameters):
        """A token for the user, who answers each page with the username and the password."""
        def answer(page, url):
            form = re.search(r'<form[^>]*id="kc-form-login"[^>]*action="([^"]*)"', page.text)
            if form is None:
                raise SystemExit(f"no page of a login at {url}: {page.text[:2000]}")
            return browser.open(html.unescape(form[1]), form={"username": USER, "password": PASSWORD})

        return web.authorization_code(browser, self.issuer, client, answer=answer, scope=f"openid {scope}", **parameters)

    def log_in(self, client, challenge):
        return self.login(self.user, client, **challenge)

    def set_up(self):
        # Both classes that the functions list are mapped: Keycloak ignores `acr_values` if one is not.
        classes = {"pwd": 1, "phr": 2, "phrh": 3}
        self.create("", {"realm": "journal", "enabled": True, "accessTokenLifespan": 3600,
                         "attributes": {"acr.loa.map": json.dumps(classes)}})
        for scope in [*SCOPES.split(), SCOPE_OF_HELLO, SCOPE_OF_SHOP]:
            self.create("/journal/client-scopes", {
                "name": scope, "protocol": "openid-connect", "attributes": {"include.in.token.scope": "true"}})
        for_resource = audience_mapper("resource", "included.custom.audience", RESOURCE)
        for_client = audience_mapper("client", "included.client.audience", "journal")
        both = [for_resource, for_client]
        self.client("journal", [])
        self.client("caller", both)
        self.client("plain", [])
        self.client("resource-alone", [for_resource])
        self.client("client-alone", [for_client])
        self.client("lightweight", both, {"client.use.lightweight.access.token.enabled": "true"})
        self.client("short", both, {"access.token.lifespan": str(SHORT)})
        self.client("bound", both, {"dpop.bound.access.tokens": "true"})
        for_shop = audience_mapper("shop", "included.custom.audience", SHOP)
        self.client("shop", both, {"standard.token.exchange.enabled": "true"})
        self.client("customer", [for_shop, audience_mapper("client of the shop", "included.client.audience", "shop")])
        self.client("customer-without-client", [for_shop])
        self.client("certified", both, {"tls.client.certificate.bound.access.tokens": "true"})
        # `acr` is written by the client scope `acr`, `auth_time` by `basic`.
        self.application("app", both, ["basic", "acr"])
        self.application("app-without-acr", both, ["basic"])
        self.application("app-without-basic", both, ["acr"])
        self.application("app-with-other-map", both, ["basic", "acr"], {"acr.loa.map": json.dumps({"pwd": 1, "phr": 2})})
        self.create("/journal/users", {
            "username": USER, "enabled": True, "email": "alice@example.com", "emailVerified": True, "firstName": "Alice",
            "lastName": "Example", "credentials": [{"type": "password", "value": PASSWORD}]})
        self.levels()

    def levels(self):
        """A login of two levels: with a password, and for the second one with the password once more."""
        flows = "/journal/authentication/flows"

        def subflow(parent, alias):
            self.create(f"{flows}/{parent}/executions/flow", {
                "alias": alias, "type": "basic-flow", "provider": "registration-page-form", "description": ""})

        def execution(parent, provider):
            created = self.create(f"{flows}/{parent}/executions/execution", {"provider": provider})
            return created.headers["Location"].rsplit("/", 1)[1]

        self.create(flows, {"alias": "levels", "providerId": "basic-flow", "topLevel": True, "builtIn": False})
        execution("levels", "auth-cookie")
        subflow("levels", "steps")
        for level, form, lasts in [("1", "auth-username-password-form", "36000"), ("2", "auth-password-form", "0")]:
            subflow("steps", f"level-{level}")
            condition = execution(f"level-{level}", "conditional-level-of-authentication")
            self.create(f"/journal/authentication/executions/{condition}/config", {
                "alias": f"level-{level}", "config": {"loa-condition-level": level, "loa-max-age": lasts}})
            execution(f"level-{level}", form)
        requirements = {"Cookie": "ALTERNATIVE", "steps": "ALTERNATIVE", "level-1": "CONDITIONAL", "level-2": "CONDITIONAL"}
        for each in self.administer("GET", f"{flows}/levels/executions").json():
            each["requirement"] = requirements.get(each["displayName"], "REQUIRED")
            self.administer("PUT", f"{flows}/levels/executions", each)
        self.administer("PUT", "/journal", {"browserFlow": "levels"})

    def client(self, client, mappers, attributes=None):
        self.create("/journal/clients", {
            "clientId": client, "secret": f"{client}-secret", "serviceAccountsEnabled": True, "standardFlowEnabled": False,
            "optionalClientScopes": [*SCOPES.split(), SCOPE_OF_HELLO, SCOPE_OF_SHOP], "protocolMappers": mappers, "attributes": attributes or {},
        })

    def application(self, client, mappers, scopes, attributes=None):
        """A client with the browser of a user."""
        self.create("/journal/clients", {
            "clientId": client, "publicClient": True, "redirectUris": [web.REDIRECT_URI], "defaultClientScopes": scopes,
            "optionalClientScopes": SCOPES.split(), "protocolMappers": mappers, "attributes": attributes or {},
        })

    def create(self, place, body):
        return self.administer("POST", place, body)

    def administer(self, method, place, body=None):
        form = {"grant_type": "password", "client_id": "admin-cli", "username": ADMIN, "password": ADMIN}
        login = web.request(f"{self.origin}/realms/master/protocol/openid-connect/token", form=form)
        headers = {"Authorization": f"Bearer {web.expect(login, 'administrator').json()['access_token']}"}
        response = web.request(f"{self.origin}/admin/realms{place}", body=body, headers=headers, method=method)
        return web.expect(response, f"{method} {place}: {body}")

    def rotate_keys(self):
        """Adds a key of a higher priority than that of the realm. The first one stays in the key set."""
        self.create("/journal/components", {
            "name": "second", "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider",
            "config": {"priority": ["200"], "algorithm": ["RS256"]}})
        return self.new_token()


def audience_mapper(name, setting, audience):
    return {
        "name": name, "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper",
        "config": {setting: audience, "access.token.claim": "true", "introspection.token.claim": "true"},
    }


if __name__ == "__main__":
    Keycloak().main()
