"""Django OAuth Toolkit."""

import sqlite3
import time

from harness.server import OTHER_RESOURCE, RESOURCE, SCOPE_OF_ENTRIES, SCOPES, Server, web


class DjangoOAuthToolkit(Server):
    needs = {"python3": "3.11, with venv"}

    def install(self):
        self.python()

    def start(self):
        port = self.port()
        issuer = f"http://127.0.0.1:{port}/o"
        database = self.installed / "database.sqlite3"
        database.unlink(missing_ok=True)
        child = self.spawn([self.python(), self.directory / "provider.py", port, database, *SCOPES.split()])
        child.wait_for(f"{issuer}/.well-known/oauth-authorization-server")

        def token(scope=SCOPES, **parameters):
            return web.client_credentials(f"{issuer}/token/", "caller", "caller-secret", scope=scope, **parameters)

        expired = token(resource=RESOURCE)
        # The lifetime is the same for all clients.
        with sqlite3.connect(database) as connection:
            connection.execute("UPDATE oauth2_provider_accesstoken SET expires = '2020-01-01 00:00:00' WHERE token = ?", (expired,))
        tokens = {
            "good": token(resource=RESOURCE),
            "no resource": token(),
            "another resource": token(resource=OTHER_RESOURCE),
            "another scope": token(SCOPE_OF_ENTRIES, resource=RESOURCE),
            "revoked": web.revoke(f"{issuer}/revoke_token/", "caller", "caller-secret", token(resource=RESOURCE)),
            "expired": {"token": expired, "expires": time.time()},
        }
        credentials = ["--issuer", issuer, "--client-id", "journal", "--client-secret", "journal-secret"]
        return {
            "title": "Django OAuth Toolkit 3.4.1",
            "issuer": issuer,
            "names": {"ISSUER": issuer},
            "modes": [{"mode": "introspection", "defaults": credentials, "settings": ["--introspection-url", f"{issuer}/introspect/"],
                       "tokens": tokens}],
        }


if __name__ == "__main__":
    DjangoOAuthToolkit().main()
