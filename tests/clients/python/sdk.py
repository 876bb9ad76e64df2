"""The official Python SDK goes the whole way to the journal, with nothing but its URL.

usage: sdk.py URL auto|legacy
"""

import asyncio
import sys
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp import MCPError
from mcp.client import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata

from transcript import Transcript

# Nothing listens there: the redirect is read, not followed.
CALLBACK = "http://127.0.0.1:8123/callback"


class Storage:
    """Keeps what the client has got for as long as the process lives."""

    def __init__(self):
        self.tokens = None
        self.client_info = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client_info

    async def set_client_info(self, client_info):
        self.client_info = client_info


class Browser:
    """A browser whose user agrees to everything."""

    def __init__(self, transcript):
        self.transcript = transcript
        self.answer = None

    async def open(self, url):
        async with httpx2.AsyncClient(event_hooks=self.transcript.hooks()) as client:
            answered = await client.get(url)
        location = answered.headers["location"]
        assert location.startswith(f"{CALLBACK}?"), location
        self.answer = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}

    async def come_back(self):
        answer, self.answer = self.answer, None
        return AuthorizationCodeResult(code=answer["code"], state=answer["state"], iss=answer.get("iss"))


async def main(url, mode):
    transcript = Transcript(url)
    browser = Browser(transcript)
    provider = OAuthClientProvider(
        server_url=url,
        client_metadata=OAuthClientMetadata(client_name="Python SDK", redirect_uris=[CALLBACK]),
        storage=Storage(),
        redirect_handler=browser.open,
        callback_handler=browser.come_back,
    )
    async with httpx2.AsyncClient(auth=provider, event_hooks=transcript.hooks()) as http:
        async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
            transcript.say(f"# connected, {client.protocol_version}")
            await listing(client, transcript)
            await call(client, transcript, "whoami", {})
            read = await client.read_resource("journal://entries")
            transcript.say(f"# journal://entries: {read.contents[0].text}")
            await call(client, transcript, "create_entry", {"title": "Monday", "content": "It rained."})
            await call(client, transcript, "whoami", {})
            await listing(client, transcript)
            try:
                await client.call_tool("get_entry", {"id": 99})
            except MCPError as error:
                transcript.say(f"# get_entry: {type(error).__name__}: {error}")


async def listing(client, transcript):
    tools = (await client.list_tools(cache_mode="bypass")).tools
    transcript.say(f"# tools: {' '.join(sorted(tool.name for tool in tools))}")


async def call(client, transcript, name, arguments):
    answer = await client.call_tool(name, arguments)
    assert not answer.is_error, answer
    transcript.say(f"# {name}: {answer.content[0].text}")


asyncio.run(main(*sys.argv[1:]))
