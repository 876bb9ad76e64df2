"""oidc-provider. The name of a client decides whether its tokens are opaque or JWTs."""

import shutil

from harness.server import OTHER_RESOURCE, RESOURCE, SCOPE_OF_ENTRIES, SCOPES, Server, web


class OidcProvider(Server):
    needs = {"node": "20 or newer", "npm": "of Node"}

    def install(self):
        self.npm()

    def start(self):
        port = self.port()
        issuer = f"http://127.0.0.1:{port}"
        # The program imports its packages from the directory where it is.
        shutil.copy(self.directory / "provider.mjs", self.installed)
        child = self.spawn(["node", self.installed / "provider.mjs", port], {"SCOPES": SCOPES})
        child.wait_for(f"{issuer}/.well-known/openid-configuration")

        def token(client, **parameters):
            return web.client_credentials(f"{issuer}/token", client, f"{client}-secret", **parameters)

        def tokens(client):
            suffix = "-jwt" if client.endswith("-jwt") else ""
            all_scopes = {"scope": SCOPES, "resource": RESOURCE}
            issued = {
                "good": token(client, **all_scopes),
                "another scope": token(client, scope=SCOPE_OF_ENTRIES, resource=RESOURCE),
                "another resource": token(client, scope=SCOPES, resource=OTHER_RESOURCE),
                "expired": self.short_lived(token(f"short{suffix}", **all_scopes)),
            }
            if not suffix:
                issued["no resource"] = token(client, scope=SCOPES)
                revoked = token(client, **all_scopes)
                issued["revoked"] = web.revoke(f"{issuer}/token/revocation", client, f"{client}-secret", revoked)
            return issued

        credentials = ["--issuer", issuer, "--client-id", "journal", "--client-secret", "journal-secret"]
        opaque, jwt = tokens("caller"), tokens("caller-jwt")
        return {
            "title": "oidc-provider 9.13.3",
            "issuer": issuer,
            "names": {"ISSUER": issuer},
            "modes": [
                {"mode": "introspection", "defaults": credentials, "tokens": opaque},
                {"mode": "jwt", "defaults": ["--issuer", issuer], "tokens": jwt},
                {"mode": "hybrid", "defaults": credentials, "tokens": {
                    **opaque, "good JWT": jwt["good"], "JWT for another resource": jwt["another resource"]}},
            ],
        }


if __name__ == "__main__":
    OidcProvider().main()
