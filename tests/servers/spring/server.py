"""Spring Authorization Server as Spring Boot configures it by properties."""

import shutil

from harness.requirements import bound_to_keys
from harness.server import SCOPE_OF_ENTRIES, SCOPES, SHORT, Server, web

SOURCES = ("pom.xml", "src/main/java/servers/AuthorizationServer.java")
PREFIX = "spring.security.oauth2.authorizationserver"


class Spring(Server):
    needs = {"java": "17 or newer", "mvn": "Maven 3"}

    def install(self):
        if self.is_installed(*SOURCES):
            return
        # Maven writes beside its sources.
        for source in SOURCES:
            target = self.installed / source
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self.directory / source, target)
        self.command(["mvn", "--batch-mode", "--quiet", "-DskipTests", "package"], cwd=self.installed)
        self.done(*SOURCES)

    def start(self):
        port = self.port()
        issuer = f"http://127.0.0.1:{port}"
        properties = ["--server.address=127.0.0.1", f"--server.port={port}", f"--{PREFIX}.issuer={issuer}"]
        properties += registration("journal", "self-contained", 3600)
        for name, lifetime in (("caller", 3600), ("stranger", 3600), ("short", SHORT)):
            properties += registration(f"{name}-opaque", "reference", lifetime)
            properties += registration(f"{name}-jwt", "self-contained", lifetime)
        child = self.spawn(["java", "-XX:TieredStopAtLevel=1", "-jar", self.installed / "target" / "spring.jar", *properties])
        child.wait_for(f"{issuer}/.well-known/openid-configuration")

        endpoint = f"{issuer}/oauth2/token"
        key, other_key = self.new_key("key"), self.new_key("other-key")

        def token(client, scope=SCOPES, **parameters):
            return web.client_credentials(endpoint, client, f"{client}-secret", scope=scope, **parameters)

        def bound_and_unbound(client):
            bound = token(client, headers={"DPoP": self.proof(key, "POST", endpoint)})
            return bound_to_keys(bound, key, other_key, token(client))

        def tokens(kind):
            client = f"caller-{kind}"
            return {
                "good": token(client),
                "another client": token(f"stranger-{kind}"),
                "another scope": token(client, SCOPE_OF_ENTRIES),
                "revoked": web.revoke(f"{issuer}/oauth2/revoke", client, f"{client}-secret", token(client)),
                "expired": self.short_lived(token(f"short-{kind}")),
            }

        def accepted(kind):
            # `aud` is the client that got the token.
            return ["--accept-audience", f"caller-{kind}", "--accept-audience", f"short-{kind}"]

        credentials = ["--issuer", issuer, "--client-id", "journal", "--client-secret", "journal-secret"]
        opaque, jwt = tokens("opaque"), tokens("jwt")
        for_jwts = ["--accept-generic-type", "--optional-claim", "client_id", "--scope-claim", "/scope"]
        return {
            "title": "Spring Authorization Server (Boot 3.5.7)",
            "issuer": issuer,
            "names": {"ISSUER": issuer},
            "modes": [
                {"mode": "introspection", "name": "opaque", "defaults": credentials, "settings": accepted("opaque"), "tokens": opaque},
                {"mode": "introspection", "name": "JWT", "defaults": credentials, "settings": accepted("jwt"), "tokens": jwt, "listed": False},
                {"mode": "jwt", "defaults": ["--issuer", issuer], "settings": [*accepted("jwt"), *for_jwts], "tokens": jwt},
                {"mode": "hybrid", "defaults": credentials, "settings": [*accepted("opaque"), *accepted("jwt"), *for_jwts],
                 "tokens": {**opaque, "JWT": jwt["good"], "JWT for another scope": jwt["another scope"]}},
            ],
            "requirements": [
                {"name": "introspection, opaque, bound to keys", "flags": [*credentials, *accepted("opaque")],
                 "requests": bound_and_unbound("caller-opaque")},
                {"name": "introspection, JWT, bound to keys", "flags": [*credentials, *accepted("jwt")],
                 "requests": bound_and_unbound("caller-jwt")},
                {"name": "JWT, bound to keys", "flags": ["--mode", "jwt", "--issuer", issuer, *accepted("jwt"), *for_jwts],
                 "requests": bound_and_unbound("caller-jwt")},
            ],
        }


def registration(client, token_format, lifetime):
    settings = {
        "registration.client-id": client,
        "registration.client-secret": f"{{noop}}{client}-secret",
        "registration.client-authentication-methods": "client_secret_basic",
        "registration.authorization-grant-types": "client_credentials",
        "registration.scopes": SCOPES.replace(" ", ","),
        "token.access-token-format": token_format,
        "token.access-token-time-to-live": f"{lifetime}s",
    }
    return [f"--{PREFIX}.client.{client}.{name}={value}" for name, value in settings.items()]


if __name__ == "__main__":
    Spring().main()
