"""FastMCP's client with tokens that it is given: what works, and what its user sees otherwise.

usage: fastmcp_client.py URL TOKENS_FILE auto|legacy
"""

import asyncio
import json
import sys

import httpx2
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport

from transcript import Transcript


async def main(url, tokens_file, mode):
    with open(tokens_file, encoding="utf-8") as file:
        tokens = json.load(file)
    transcript = Transcript(url)

    def http(**settings):
        hooks = transcript.hooks()
        return httpx2.AsyncClient(**settings, event_hooks=hooks)

    def client(token):
        return Client(StreamableHttpTransport(url, auth=token, httpx_client_factory=http), mode=mode)

    async with client(tokens["writer"]) as writer:
        await tools(writer, transcript)
        await call(writer, transcript, "create_entry", {"title": "Monday", "content": "It rained."})
        await call(writer, transcript, "whoami", {})
    async with client(tokens["full"]) as full:
        await tools(full, transcript)
        prompt = await full.get_prompt("suggest_tags", {"id": "1"})
        transcript.say(f"# suggest_tags: {prompt.messages[0].content.text!r}")
        read = await full.read_resource("journal://entries/1")
        transcript.say(f"# journal://entries/1: {read[0].text}")
    for name in ("expired", "wrong_audience"):
        try:
            async with client(tokens[name]):
                raise AssertionError(f"connected with the token {name}")
        except Exception as error:
            transcript.say(f"# {name}: {told(error)}")
    try:
        async with client(None):
            raise AssertionError("connected without a token")
    except Exception as error:
        transcript.say(f"# without a token: {told(error)}")


async def tools(client, transcript):
    names = sorted(tool.name for tool in await client.list_tools())
    transcript.say(f"# tools: {' '.join(names)}")


async def call(client, transcript, name, arguments):
    try:
        answer = await client.call_tool(name, arguments)
        transcript.say(f"# {name}: {answer.content[0].text}")
    except Exception as error:
        transcript.say(f"# {name}: {told(error)}")


def told(error):
    return f"{type(error).__name__}: {error}"


asyncio.run(main(*sys.argv[1:]))
