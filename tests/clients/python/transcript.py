"""What a client sends, what it is answered, and what its user sees, one line each."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import httpx2

# Requests that come whenever they like, or not at all.
UNTOLD_METHODS = {"notifications/initialized", "notifications/cancelled"}


class Transcript:
    def __init__(self, resource: str):
        parts = urlsplit(resource)
        self.journal = f"{parts.scheme}://{parts.netloc}"
        self.authorization_server = None

    def hooks(self):
        """For the event hooks of an HTTP client."""
        return {"response": [self.exchanged]}

    async def exchanged(self, response: httpx2.Response):
        request = response.request
        if str(request.url).startswith(self.journal) and request.method == "GET" and request.url.path == "/mcp":
            return
        if "/.well-known/oauth-protected-resource" in str(request.url) and response.status_code == 200:
            await response.aread()
            self.authorization_server = response.json()["authorization_servers"][0].rstrip("/")
        what = await self.asked(request)
        if what is None:
            return
        line = f"{request.method} {what} -> {response.status_code}"
        if challenge := response.headers.get("www-authenticate"):
            line += f"\n  {challenge}"
        self.say(line)

    async def asked(self, request: httpx2.Request):
        body = request.content
        url = request.url
        what = f"{url.scheme}://{url.netloc.decode()}{url.path}"
        query = parse_qs(url.query.decode())
        form = {}
        content_type = request.headers.get("content-type", "")
        if content_type.startswith("application/x-www-form-urlencoded"):
            form = parse_qs(body.decode())
        elif content_type.startswith("application/json") and url.path == "/mcp" and body:
            message = json.loads(body)
            method = message.get("method")
            if method in UNTOLD_METHODS:
                return None
            params = message.get("params", {})
            name = params.get("name") or params.get("uri")
            what += f" {method}" + (f" {name}" if name else "")
        for key in ("grant_type", "scope", "resource"):
            for value in query.get(key, []) + form.get(key, []):
                what += f" {key}={value!r}"
        version = request.headers.get("mcp-protocol-version")
        return what + (f" ({version})" if version else "")

    def say(self, line: str):
        line = line.replace(self.journal, "JOURNAL")
        if self.authorization_server:
            line = line.replace(self.authorization_server, "AUTH")
        print(re.sub(r"[\w-]{43}", "RANDOM", line), flush=True)
