"""Authlib with Flask: provider.py PORT SHORT.

The author of a server chooses the members of its introspection response: here `aud` is the parameter
`resource` of the token request, if there is one, as RFC 8707 has it.
"""

import sys
import time

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin, grants
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from flask import Flask, jsonify

PORT, SHORT = int(sys.argv[1]), int(sys.argv[2])
ISSUER = f"http://127.0.0.1:{PORT}"


class Client(ClientMixin):
    def __init__(self, client_id, method="client_secret_basic"):
        self.client_id = client_id
        self.method = method

    def get_client_id(self):
        return self.client_id

    def get_default_redirect_uri(self):
        return None

    def get_allowed_scope(self, scope):
        return scope or ""

    def check_client_secret(self, secret):
        return secret == f"{self.client_id}-secret"

    def check_endpoint_auth_method(self, method, endpoint):
        return method == self.method

    def check_grant_type(self, grant_type):
        return grant_type == "client_credentials"


class Token(TokenMixin):
    def __init__(self, response, request):
        self.response = response
        self.client = request.client
        self.resource = request.form.get("resource")
        self.issued_at = int(time.time())
        self.expires_at = self.issued_at + (SHORT if self.client.client_id == "short" else 3600)
        self.revoked = False

    def check_client(self, client):
        return client is self.client

    def get_scope(self):
        return self.response.get("scope", "")

    def is_expired(self):
        return time.time() >= self.expires_at

    def is_revoked(self):
        return self.revoked

    def get_client(self):
        return self.client


CLIENTS = {name: Client(name) for name in ("journal", "caller", "short")}
CLIENTS["journal-post"] = Client("journal-post", "client_secret_post")
TOKENS = {}


def save_token(response, request):
    TOKENS[response["access_token"]] = Token(response, request)


app = Flask(__name__)
server = AuthorizationServer(app, query_client=CLIENTS.get, save_token=save_token)
server.register_grant(grants.ClientCredentialsGrant)


class Introspection(IntrospectionEndpoint):
    CLIENT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]

    def query_token(self, token, token_type_hint):
        return TOKENS.get(token)

    def check_permission(self, token, client, request):
        return True

    def introspect_token(self, token):
        claims = {
            "active": True, "client_id": token.client.client_id, "token_type": "Bearer", "scope": token.get_scope(),
            "sub": token.client.client_id, "iss": ISSUER, "iat": token.issued_at, "exp": token.expires_at,
        }
        return claims | ({"aud": token.resource} if token.resource else {})


class Revocation(RevocationEndpoint):
    def query_token(self, token, token_type_hint):
        return TOKENS.get(token)

    def revoke_token(self, token, request):
        token.revoked = True


server.register_endpoint(Introspection)
server.register_endpoint(Revocation)
app.post("/token", endpoint="token")(server.create_token_response)
app.post("/introspect", endpoint="introspect")(lambda: server.create_endpoint_response("introspection"))
app.post("/revoke", endpoint="revoke")(lambda: server.create_endpoint_response("revocation"))


@app.get("/.well-known/oauth-authorization-server")
def metadata():
    return jsonify(
        issuer=ISSUER, token_endpoint=f"{ISSUER}/token", introspection_endpoint=f"{ISSUER}/introspect",
        revocation_endpoint=f"{ISSUER}/revoke", response_types_supported=[], grant_types_supported=["client_credentials"])


app.run("127.0.0.1", PORT)
