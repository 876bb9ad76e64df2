"""The example provider of Zitadel's OpenID library. The name of a client decides whether its tokens are opaque or JWTs."""

from harness.server import OTHER_RESOURCE, RESOURCE, SCOPE_OF_ENTRIES, SCOPES, Server, web


class Zitadel(Server):
    needs = {"go": "1.26 or newer"}

    def install(self):
        self.go(".")

    def start(self):
        port = self.port()
        issuer = f"http://127.0.0.1:{port}/"
        child = self.spawn([self.installed / self.name, port, "journal", RESOURCE])
        child.wait_for(f"{issuer}.well-known/openid-configuration")

        def token(client, scope=SCOPES):
            return web.client_credentials(f"{issuer}oauth/token", client, f"{client}-secret", scope=scope)

        def tokens(suffix):
            return {
                "good": token(f"caller{suffix}"),
                "another audience": token(f"stranger{suffix}"),
                "another scope": token(f"caller{suffix}", SCOPE_OF_ENTRIES),
            }

        without_slash = ["--issuer", issuer.rstrip("/"), "--client-id", "journal", "--client-secret", "journal-secret"]
        client = ["--client-id", "journal", "--client-secret", "journal-secret"]
        with_slash = ["--issuer", issuer]
        opaque, jwt = tokens(""), tokens("-jwt")
        audience = ["--audience", "if-present"]
        note = "issuer with its final `/`"
        return {
            "title": "Zitadel's example provider 3.51.17",
            "issuer": issuer,
            "names": {"ISSUER/": issuer, "ISSUER": issuer.rstrip("/")},
            "modes": [
                {"mode": "introspection", "name": "issuer without its slash", "defaults": without_slash, "tokens": opaque,
                 "listed": False},
                {"mode": "introspection", "name": "opaque", "defaults": [*with_slash, *client], "settings": audience,
                 "tokens": opaque, "note": note},
                {"mode": "introspection", "name": "JWT", "defaults": [*with_slash, *client], "settings": audience,
                 "tokens": jwt, "listed": False},
                {"mode": "jwt", "defaults": with_slash, "settings": ["--provider", "zitadel"], "tokens": jwt, "note": "its JWTs have no scopes"},
                {"mode": "hybrid", "defaults": [*with_slash, *client], "settings": [*audience, "--provider", "zitadel"],
                 "tokens": {**opaque, "JWT": jwt["good"]}, "note": f"{note}; opaque tokens"},
            ],
        }


if __name__ == "__main__":
    Zitadel().main()
