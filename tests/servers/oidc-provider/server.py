"""oidc-provider. The name of a client decides whether its tokens are opaque or JWTs."""

import json
import shutil

from harness.requirements import PRINT, bound_to_certificates, bound_to_keys, details, logins
from harness.server import OTHER_RESOURCE, RESOURCE, SCOPE_OF_ENTRIES, SCOPE_OF_HELLO, SCOPES, Server, web

ALL_SCOPES = {"scope": SCOPES, "resource": RESOURCE}


class OidcProvider(Server):
    needs = {"node": "20 or newer", "npm": "of Node", "openssl": "1.1.1 or newer"}

    def install(self):
        self.npm()

    def start(self):
        port, tls_port = self.port(), self.port()
        self.issuer = issuer = f"http://127.0.0.1:{port}"
        # The browsers of users, by client.
        self.users = {}
        # The program imports its packages from the directory where it is.
        shutil.copy(self.directory / "provider.mjs", self.installed)
        self.certificate = self.new_certificate("server")
        child = self.spawn(["node", self.installed / "provider.mjs", port, tls_port], {
            "SCOPES": f"{SCOPES} {SCOPE_OF_HELLO}", "REDIRECT_URI": web.REDIRECT_URI,
            "CERTIFICATE": self.certificate["certificate"], "KEY": self.certificate["key"]})
        child.wait_for(f"{issuer}/.well-known/openid-configuration")
        self.metadata = web.request(f"{issuer}/.well-known/openid-configuration").json()
        self.endpoint = self.metadata["token_endpoint"]

        def token(client, **parameters):
            return web.client_credentials(self.endpoint, client, f"{client}-secret", **parameters)

        def tokens(client):
            suffix = "-jwt" if client.endswith("-jwt") else ""
            issued = {
                "good": token(client, **ALL_SCOPES),
                "another scope": token(client, scope=SCOPE_OF_ENTRIES, resource=RESOURCE),
                "another resource": token(client, scope=SCOPES, resource=OTHER_RESOURCE),
                "expired": self.short_lived(token(f"short{suffix}", **ALL_SCOPES)),
            }
            if not suffix:
                issued["no resource"] = token(client, scope=SCOPES)
                revoked = token(client, **ALL_SCOPES)
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
            "requirements": [
                *self.requirements("opaque", "", credentials, {"CLIENT_ID": "journal", "CLIENT_SECRET": "journal-secret"}),
                *self.requirements("JWT", "-jwt", ["--mode", "jwt", "--issuer", issuer], {"MODE": "jwt"}),
            ],
        }

    def requirements(self, form, suffix, flags, settings):
        """The groups of requests with tokens of one form, from the clients whose names end in this suffix."""
        caller, app, certified = f"caller{suffix}", f"app{suffix}", f"certified{suffix}"
        hello = {"scope": SCOPE_OF_HELLO, "resource": RESOURCE}
        key, other_key = self.new_key(f"key{suffix}"), self.new_key(f"other-key{suffix}")
        certificate, other_certificate = self.new_certificate(f"client{suffix}"), self.new_certificate(f"other{suffix}")

        def token(client, **parameters):
            return web.client_credentials(self.endpoint, client, f"{client}-secret", **{**ALL_SCOPES, **parameters})

        def login(browser, **parameters):
            return web.authorization_code(browser, self.issuer, app, scope=f"openid {SCOPES}", resource=RESOURCE, **parameters)

        self.users[app] = user = web.Browser()
        recent = login(web.Browser())
        logins_by_label = {
            "token of a client": token(caller),
            "login just now, without a class": recent,
            "login an hour ago, with the class": login(web.Browser(), acr_values="phr", login_hint="earlier"),
            "login an hour ago, without a class": login(user, login_hint="earlier"),
        }
        bound_to_key = token(caller, headers={"DPoP": self.proof(key, "POST", self.endpoint)})
        alias = self.metadata["mtls_endpoint_aliases"]["token_endpoint"]
        bound_to_certificate = web.client_credentials(
            alias, certified, f"{certified}-secret", opener=web.with_certificate(self.certificate, certificate), **hello)
        granted = login(web.Browser(), authorization_details=json.dumps([PRINT]))
        return [
            {"name": f"{form}, bound to keys", "flags": flags,
             "requests": bound_to_keys(bound_to_key, key, other_key, token(caller))},
            {"name": f"{form}, logins", "flags": flags, "requests": logins(logins_by_label, app)},
            {"name": f"{form}, details", "flags": flags, "requests": details(granted, recent)},
            {"name": f"{form}, bound to certificates", "mtls": self.certificate, "settings": {"ISSUER": self.issuer, **settings},
             "requests": bound_to_certificates(bound_to_certificate, certificate, other_certificate, token(caller, **hello))},
        ]

    def log_in(self, client, challenge):
        # `acr_values` is only for requests with this scope.
        parameters = {**challenge, "scope": f"openid {challenge['scope']}", "resource": RESOURCE}
        return web.authorization_code(self.users[client], self.issuer, client, **parameters)


if __name__ == "__main__":
    OidcProvider().main()
