"""HTTP requests, and the requests of an OAuth client."""

import base64
import hashlib
import http.cookiejar
import json
import secrets
import ssl
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


def opener(*handlers):
    # Servers are on loopback: a proxy of the environment is not used.
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect, *handlers)


OPENER = opener()


def with_certificate(server, client=None):
    """An opener for a server with this certificate, which presents that of a client, if there is one."""
    context = ssl.create_default_context(cafile=server["certificate"])
    if client is not None:
        context.load_cert_chain(client["certificate"], client["key"])
    return opener(urllib.request.HTTPSHandler(context=context))


def request(url, *, form=None, body=None, headers=None, basic=None, method=None, opener=OPENER):
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
        return Response(opener.open(outgoing, timeout=TIMEOUT))
    except urllib.error.HTTPError as error:
        return Response(error)


def expect(response, what):
    """The response, or an error that shows it if its status is not one of success."""
    if not 200 <= response.status < 300:
        raise SystemExit(f"{what}: status {response.status}: {response.text[:500]}")
    return response


def client_credentials(url, client, secret, *, opener=OPENER, headers=None, **parameters):
    """A token by the client credentials grant (RFC 6749 §4.4)."""
    form = {"grant_type": "client_credentials", **parameters}
    response = expect(request(url, form=form, basic=(client, secret), headers=headers, opener=opener), f"token of {client}")
    return response.json()["access_token"]


class Browser:
    """A browser: it follows redirects and keeps cookies, and so the session of a user."""

    def __init__(self):
        # On loopback, browsers send cookies that are marked as secure over http too.
        policy = http.cookiejar.DefaultCookiePolicy(secure_protocols=("http", "https"))
        self.opener = opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar(policy)))

    def open(self, url, **arguments):
        """Follows redirects to the first page, or to a URL of the client. Returns the page and its URL."""
        for _ in range(20):
            response = request(url, opener=self.opener, **arguments)
            arguments = {}
            if not 300 <= response.status < 400:
                return response, url
            url = urllib.parse.urljoin(url, response.headers["Location"])
            if url.startswith(REDIRECT_URI):
                return None, url
        raise SystemExit(f"more than 20 redirects, the last one to {url}")


# Nothing listens there: the browser stops at it.
REDIRECT_URI = "http://127.0.0.1:9/callback"


def authorization_response(browser, issuer, client, *, answer=None, **parameters):
    """The members of the authorization response to a request with PKCE (RFC 7636), and the code verifier.

    `answer` submits a page of the login, and returns what the browser opens next.
    """
    metadata = expect(request(f"{issuer}/.well-known/openid-configuration"), "metadata").json()
    verifier = secrets.token_urlsafe(32)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = urllib.parse.urlencode({
        "client_id": client, "response_type": "code", "redirect_uri": REDIRECT_URI, "state": "state",
        "code_challenge": challenge, "code_challenge_method": "S256", **parameters})
    page, url = browser.open(f"{metadata['authorization_endpoint']}?{query}")
    for _ in range(5):
        if page is None or answer is None:
            break
        page, url = answer(page, url)
    if page is not None:
        raise SystemExit(f"authorization request: status {page.status} at {url}: {page.text[:2000]}")
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query)), verifier


def authorization_code(browser, issuer, client, **parameters):
    """A token by the authorization code grant, for a public client."""
    response, verifier = authorization_response(browser, issuer, client, **parameters)
    if "code" not in response:
        raise SystemExit(f"authorization response: {response}")
    metadata = request(f"{issuer}/.well-known/openid-configuration").json()
    form = {"grant_type": "authorization_code", "client_id": client, "redirect_uri": REDIRECT_URI,
            "code": response["code"], "code_verifier": verifier}
    if "resource" in parameters:
        form["resource"] = parameters["resource"]
    return expect(request(metadata["token_endpoint"], form=form), f"token of {client}").json()["access_token"]


def revoke(url, client, secret, token):
    """Revokes a token (RFC 7009)."""
    expect(request(url, form={"token": token}, basic=(client, secret)), "revocation")
    return token


def claims_of(token):
    """The claims of a JWT, unverified."""
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
