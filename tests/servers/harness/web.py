"""HTTP requests, and the requests of an OAuth client."""

import base64
import json
import urllib.error
import urllib.parse
import urllib.request

TIMEOUT = 30


class Response:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode(errors="replace")

    def json(self):
        """The body as JSON, or None."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


# Servers are on loopback: a proxy of the environment is not used.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)


def request(url, *, form=None, body=None, headers=None, basic=None, method=None):
    """Sends a request, with a form or a JSON body; `basic` is a client id and its secret."""
    headers = dict(headers or {})
    data = None
    if form is not None:
        data = urllib.parse.urlencode(form).encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    if body is not None:
        data = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    if basic:
        credentials = ":".join(urllib.parse.quote(part, safe="") for part in basic)
        headers["Authorization"] = "Basic " + base64.b64encode(credentials.encode()).decode()
    outgoing = urllib.request.Request(url, data=data, headers=headers, method=method)
    try:
        return Response(OPENER.open(outgoing, timeout=TIMEOUT))
    except urllib.error.HTTPError as error:
        return Response(error)


def expect(response, what):
    """The response, or an error that shows it if its status is not one of success."""
    if not 200 <= response.status < 300:
        raise SystemExit(f"{what}: status {response.status}: {response.text[:500]}")
    return response


def client_credentials(url, client, secret, **parameters):
    """A token by the client credentials grant (RFC 6749 §4.4)."""
    form = {"grant_type": "client_credentials", **parameters}
    response = expect(request(url, form=form, basic=(client, secret)), f"token of {client}")
    return response.json()["access_token"]


def revoke(url, client, secret, token):
    """Revokes a token (RFC 7009)."""
    expect(request(url, form={"token": token}, basic=(client, secret)), "revocation")
    return token


def claims_of(token):
    """The claims of a JWT, unverified."""
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
