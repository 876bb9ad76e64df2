"""Keycloak with a new realm in memory."""

import shutil
import zipfile

from harness.server import RESOURCE, SCOPE_OF_ENTRIES, SCOPES, SHORT, Server, web

VERSION = "26.7.3"
ADMIN = "admin"


class Keycloak(Server):
    needs = {"java": "17 or newer", "mvn": "Maven 3"}

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
        self.command([self.home("bin", "kc.sh"), "build", "--db", "dev-mem", "--cache", "local"])
        self.done()

    def home(self, *parts):
        return self.installed.joinpath(f"keycloak-{VERSION}", *parts)

    def start(self):
        port = self.port()
        self.origin = f"http://127.0.0.1:{port}"
        child = self.spawn([self.home("bin", "kc.sh"), "start", "--optimized", "--http-enabled", "true",
                            "--hostname-strict", "false", "--http-host", "127.0.0.1", "--http-port", port], {"KC_BOOTSTRAP_ADMIN_USERNAME": ADMIN, "KC_BOOTSTRAP_ADMIN_PASSWORD": ADMIN,
                            # A quicker start, at the cost of speed that these checks do not need.
                            "JAVA_OPTS_APPEND": "-XX:TieredStopAtLevel=1"})
        child.wait_for(f"{self.origin}/realms/master")
        self.set_up()
        issuer = f"{self.origin}/realms/journal"
        endpoint = f"{issuer}/protocol/openid-connect"

        def token(client, scope=SCOPES):
            return web.client_credentials(f"{endpoint}/token", client, f"{client}-secret", scope=scope)

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
        }

    def set_up(self):
        self.create("", {"realm": "journal", "enabled": True, "accessTokenLifespan": 3600})
        for scope in SCOPES.split():
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

    def client(self, client, mappers, attributes=None):
        self.create("/journal/clients", {
            "clientId": client, "secret": f"{client}-secret", "serviceAccountsEnabled": True, "standardFlowEnabled": False,
            "optionalClientScopes": SCOPES.split(), "protocolMappers": mappers, "attributes": attributes or {},
        })

    def create(self, place, body):
        form = {"grant_type": "password", "client_id": "admin-cli", "username": ADMIN, "password": ADMIN}
        login = web.request(f"{self.origin}/realms/master/protocol/openid-connect/token", form=form)
        headers = {"Authorization": f"Bearer {web.expect(login, 'administrator').json()['access_token']}"}
        web.expect(web.request(f"{self.origin}/admin/realms{place}", body=body, headers=headers), f"{place}: {body}")

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
