"""Authlib's server classes in a Flask application."""

from harness.server import OTHER_RESOURCE, RESOURCE, SCOPE_OF_ENTRIES, SCOPES, SHORT, Server, web


class Authlib(Server):
    needs = {"python3": "3.11, with venv"}

    def install(self):
        self.python()

    def start(self):
        port = self.port()
        issuer = f"http://127.0.0.1:{port}"
        child = self.spawn([self.python(), self.directory / "provider.py", port, SHORT])
        child.wait_for(f"{issuer}/.well-known/oauth-authorization-server")

        def token(client="caller", scope=SCOPES, **parameters):
            return web.client_credentials(f"{issuer}/token", client, f"{client}-secret", scope=scope, **parameters)

        tokens = {
            "good": token(resource=RESOURCE),
            "no resource": token(),
            "another resource": token(resource=OTHER_RESOURCE),
            "another scope": token(scope=SCOPE_OF_ENTRIES, resource=RESOURCE),
            "revoked": web.revoke(f"{issuer}/revoke", "caller", "caller-secret", token(resource=RESOURCE)),
            "expired": self.short_lived(token("short", resource=RESOURCE)),
        }
        credentials = ["--issuer", issuer, "--client-id", "journal", "--client-secret", "journal-secret"]
        for_post = ["--issuer", issuer, "--client-id", "journal-post", "--client-secret", "journal-post-secret"]
        return {
            "title": "Authlib 1.9.10 with Flask",
            "issuer": issuer,
            "names": {"ISSUER": issuer},
            "modes": [
                {"mode": "introspection", "defaults": credentials, "tokens": tokens},
                {"mode": "introspection", "name": "a client for client_secret_post", "defaults": for_post,
                 "settings": ["--client-authentication", "client_secret_post"], "tokens": tokens, "listed": False},
            ],
        }


if __name__ == "__main__":
    Authlib().main()
