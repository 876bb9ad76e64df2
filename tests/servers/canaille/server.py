"""Canaille."""

import time

from harness.server import SCOPE_OF_ENTRIES, SCOPES, Server, web


class Canaille(Server):
    needs = {"python3": "3.11, with venv"}

    def install(self):
        self.python()

    def start(self):
        port = self.port()
        issuer = f"http://127.0.0.1:{port}"
        child = self.spawn([self.python(), self.directory / "provider.py", port, *SCOPES.split()], cwd=self.installed)
        child.wait_for(f"{issuer}/.well-known/openid-configuration")
        metadata = web.request(f"{issuer}/.well-known/openid-configuration").json()

        def token(client="caller", scope=SCOPES):
            # Tokens of the same second are the same: they have no `jti`.
            time.sleep(1.1)
            form = {"grant_type": "password", "username": "alice", "password": "correct horse battery", "scope": scope}
            response = web.request(metadata["token_endpoint"], form=form, basic=(client, f"{client}-secret"))
            return web.expect(response, f"token of {client}").json()["access_token"]

        tokens = {
            "good": token(),
            "another client": token("stranger"),
            "another scope": token(scope=SCOPE_OF_ENTRIES),
            "revoked": web.revoke(metadata["revocation_endpoint"], "caller", "caller-secret", token()),
        }
        credentials = ["--issuer", metadata["issuer"], "--client-id", "journal", "--client-secret", "journal-secret"]
        # The tokens are JWTs, whose audiences are the ids of the clients that may introspect them.
        audience = ["--accept-audience", "journal"]
        return {
            "title": "Canaille 0.3.6",
            "issuer": metadata["issuer"],
            "names": {"ISSUER": metadata["issuer"]},
            "modes": [
                {"mode": "introspection", "defaults": credentials, "settings": audience, "tokens": tokens},
                {"mode": "jwt", "defaults": ["--issuer", metadata["issuer"]], "settings": audience, "tokens": tokens,
                 "note": "RS512, no scopes"},
            ],
        }


if __name__ == "__main__":
    Canaille().main()
