"""Hydra with SQLite in memory. The strategy of a client decides whether its tokens are opaque or JWTs."""

from harness.server import OTHER_RESOURCE, RESOURCE, SCOPE_OF_ENTRIES, SCOPES, SHORT, Server, web


class Hydra(Server):
    needs = {"go": "1.24 or newer", "gcc": "or another C compiler, for SQLite"}

    def install(self):
        self.go("github.com/ory/hydra/v2", "-tags", "sqlite")

    def start(self):
        public, admin = self.port(), self.port()
        issuer, self.admin = f"http://127.0.0.1:{public}", f"http://127.0.0.1:{admin}/admin"
        child = self.spawn([self.installed / self.name, "serve", "all", "--dev", "--sqa-opt-out"], {
            "DSN": "memory",
            "SECRETS_SYSTEM": "a-secret-of-the-tests-that-is-long-enough",
            "SERVE_PUBLIC_HOST": "127.0.0.1", "SERVE_PUBLIC_PORT": str(public),
            "SERVE_ADMIN_HOST": "127.0.0.1", "SERVE_ADMIN_PORT": str(admin),
            "URLS_SELF_ISSUER": issuer,
            "WEBFINGER_JWKS_BROADCAST_KEYS": "hydra.openid.id-token,hydra.jwt.access-token",
            "LOG_LEVEL": "warn",
        })
        child.wait_for(f"{issuer}/.well-known/openid-configuration")
        child.wait_for(f"http://127.0.0.1:{admin}/health/ready")
        for name in ("caller", "short"):
            for strategy in ("opaque", "jwt"):
                self.register(f"{name}-{strategy}", strategy, f"{SHORT}s" if name == "short" else "1h")

        def token(client, **parameters):
            return web.client_credentials(f"{issuer}/oauth2/token", client, f"{client}-secret", **parameters)

        def tokens(strategy):
            client, granted = f"caller-{strategy}", {"scope": SCOPES, "audience": RESOURCE}
            issued = {
                "good": token(client, **granted),
                "no audience": token(client, scope=SCOPES),
                # Hydra ignores the parameter of RFC 8707.
                "resource in place of audience": token(client, scope=SCOPES, resource=RESOURCE),
                "another scope": token(client, scope=SCOPE_OF_ENTRIES, audience=RESOURCE),
                "another audience": token(client, scope=SCOPES, audience=OTHER_RESOURCE),
                "expired": self.short_lived(token(f"short-{strategy}", **granted)),
            }
            issued["revoked"] = web.revoke(f"{issuer}/oauth2/revoke", client, f"{client}-secret", token(client, **granted))
            return issued

        self.new_token = lambda: token("caller-jwt", scope=SCOPES, audience=RESOURCE)
        endpoint = ["--introspection-url", f"{self.admin}/oauth2/introspect"]
        opaque, jwt = tokens("opaque"), tokens("jwt")
        provider = ["--provider", "hydra"]
        return {
            "title": "Hydra 2.3.0",
            "issuer": issuer,
            "names": {"ISSUER": issuer, "ADMIN": self.admin},
            "modes": [
                {"mode": "introspection", "name": "opaque", "defaults": ["--issuer", issuer], "settings": endpoint, "tokens": opaque},
                {"mode": "introspection", "name": "JWT", "defaults": ["--issuer", issuer], "settings": endpoint, "tokens": jwt, "listed": False},
                {"mode": "jwt", "defaults": ["--issuer", issuer], "settings": provider, "tokens": jwt, "rotates": True},
                {"mode": "hybrid", "defaults": ["--issuer", issuer], "settings": [*endpoint, *provider],
                 "tokens": {**opaque, "JWT": jwt["good"], "JWT for another scope": jwt["another scope"]}},
            ],
        }

    def register(self, client, strategy, lifespan):
        body = {
            "client_id": client, "client_secret": f"{client}-secret", "grant_types": ["client_credentials"],
            "scope": SCOPES, "audience": [RESOURCE, OTHER_RESOURCE], "access_token_strategy": strategy,
            "client_credentials_grant_access_token_lifespan": lifespan,
        }
        web.expect(web.request(f"{self.admin}/clients", body=body), client)

    def rotate_keys(self):
        body = {"alg": "RS256", "kid": "second", "use": "sig"}
        web.expect(web.request(f"{self.admin}/keys/hydra.jwt.access-token", body=body), "new key")
        return self.new_token()


if __name__ == "__main__":
    Hydra().main()
