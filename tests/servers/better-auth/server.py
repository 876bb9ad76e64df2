"""Better Auth with its OAuth provider. Tokens that are requested with `resource` are JWTs, others are opaque."""

import json
import shutil

from harness.requirements import bound_to_keys
from harness.server import OTHER_RESOURCE, RESOURCE, SCOPE_OF_ENTRIES, SCOPES, Server, web


class BetterAuth(Server):
    needs = {"node": "20 or newer", "npm": "of Node"}

    def install(self):
        self.npm()

    def start(self):
        port = self.port()
        origin = f"http://127.0.0.1:{port}"
        issuer = f"{origin}/api/auth"
        # The program imports its packages from the directory where it is.
        shutil.copy(self.directory / "provider.mjs", self.installed)
        child = self.spawn(["node", self.installed / "provider.mjs", port],
                           {"SCOPES": SCOPES, "RESOURCES": f"{RESOURCE} {OTHER_RESOURCE}"})
        child.wait_for(f"{issuer}/.well-known/openid-configuration")
        written = next(line for line in child.text().splitlines() if line.startswith("{"))
        clients = {name: (client["client_id"], client["client_secret"]) for name, client in json.loads(written).items()}

        endpoint = f"{issuer}/oauth2/token"
        key, other_key = self.new_key("key"), self.new_key("other-key")

        def token(**parameters):
            return web.client_credentials(endpoint, *clients["caller"], **parameters)

        def bound_and_unbound(**parameters):
            bound = token(headers={"DPoP": self.proof(key, "POST", endpoint)}, **parameters)
            return bound_to_keys(bound, key, other_key, token(**parameters))

        def flags(name):
            return ["--issuer", issuer, "--client-id", clients[name][0], "--client-secret", clients[name][1]]

        def rotate():
            web.expect(web.request(f"{origin}/rotate"), "rotation")
            return token(scope=SCOPES, resource=RESOURCE)

        self.rotate_keys = rotate
        jwts = {
            "good": token(scope=SCOPES, resource=RESOURCE),
            "another scope": token(scope=SCOPE_OF_ENTRIES, resource=RESOURCE),
            "another resource": token(scope=SCOPES, resource=OTHER_RESOURCE),
            "expired": self.short_lived(token(scope=f"{SCOPES} short", resource=RESOURCE)),
        }
        opaque = {
            "good": token(scope=SCOPES),
            "another scope": token(scope=SCOPE_OF_ENTRIES),
            "revoked": web.revoke(f"{issuer}/oauth2/revoke", *clients["caller"], token(scope=SCOPES)),
        }
        return {
            "title": "Better Auth 1.7.5",
            "issuer": issuer,
            "names": {"ISSUER": issuer, "JOURNAL": clients["journal"][0], "JOURNAL_SECRET": clients["journal"][1],
                      "CALLER": clients["caller"][0], "CALLER_SECRET": clients["caller"][1]},
            "modes": [
                {"mode": "introspection", "name": "JWT", "defaults": flags("journal"), "tokens": jwts,
                 "note": "a JWT, with a client that is linked to the resource"},
                {"mode": "introspection", "name": "opaque", "defaults": flags("caller"),
                 "settings": ["--audience", "if-present"], "tokens": opaque,
                 "note": "opaque, with the client that got the token"},
                {"mode": "jwt", "defaults": ["--issuer", issuer], "tokens": jwts, "rotates": True},
                {"mode": "hybrid", "defaults": flags("journal"), "tokens": {**jwts, "opaque, of another client": opaque["good"]}},
            ],
            "requirements": [
                {"name": "introspection, JWT, bound to keys", "flags": flags("journal"),
                 "requests": bound_and_unbound(scope=SCOPES, resource=RESOURCE)},
                {"name": "introspection, opaque, bound to keys", "flags": [*flags("caller"), "--audience", "if-present"],
                 "requests": bound_and_unbound(scope=SCOPES)},
                {"name": "JWT, bound to keys", "flags": ["--mode", "jwt", "--issuer", issuer],
                 "requests": bound_and_unbound(scope=SCOPES, resource=RESOURCE)},
                {"name": "logins", "absent": "not checked, no access token of this version has `acr` or `auth_time`"},
                {"name": "details", "absent": "not checked, this version has no `authorization_details`"},
                {"name": "bound to certificates", "absent": "not checked, this version binds no token to a certificate"},
            ],
        }


if __name__ == "__main__":
    BetterAuth().main()
