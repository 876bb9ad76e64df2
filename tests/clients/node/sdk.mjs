// The official TypeScript SDK goes the whole way to the journal, with nothing but its URL.
//
// usage: sdk.mjs URL REVISION [chromium]

import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';

import { HttpBrowser } from './browser.mjs';
import { Transcript } from './transcript.mjs';

const [url, revision, chromium] = process.argv.slice(2);
const transcript = new Transcript(url);
const browser = chromium
  ? await (await import('./chromium.mjs')).ChromiumBrowser.start(transcript)
  : new HttpBrowser(transcript);

// Keeps what the client has got for as long as the process lives.
class Provider {
  redirectUrl = browser.callback;
  clientMetadata = { client_name: 'TypeScript SDK', redirect_uris: [browser.callback] };
  #kept = {};

  clientInformation = () => this.#kept.client;
  saveClientInformation = (client) => void (this.#kept.client = client);
  tokens = () => this.#kept.tokens;
  saveTokens = (tokens) => void (this.#kept.tokens = tokens);
  codeVerifier = () => this.#kept.verifier;
  saveCodeVerifier = (verifier) => void (this.#kept.verifier = verifier);
  discoveryState = () => this.#kept.discovery;
  saveDiscoveryState = (discovery) => void (this.#kept.discovery = discovery);
  redirectToAuthorization = (authorization) => browser.open(authorization);
}

const options =
  revision === '2026-07-28'
    ? { versionNegotiation: { mode: 'auto' } }
    : { supportedProtocolVersions: [revision] };
const provider = new Provider();
let transport;
let client;

async function connect() {
  transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: provider, fetch: transcript.fetch });
  client = new Client({ name: 'typescript', version: '1' }, options);
  await client.connect(transport);
}

// The SDK throws when somebody has to use the browser, and goes on when that is done.
async function authorized(step) {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    transcript.say(`# ${error.name}: ${error.message}`);
    await transport.finishAuth(browser.answer);
    return await step();
  }
}

async function call(name, args = {}) {
  const answer = await authorized(() => client.callTool({ name, arguments: args }));
  if (answer.isError) throw new Error(JSON.stringify(answer));
  transcript.say(`# ${name}: ${answer.content[0].text}`);
}

async function list() {
  const { tools } = await client.listTools();
  transcript.say(`# tools: ${tools.map((tool) => tool.name).sort().join(' ')}`);
}

try {
  await authorized(connect);
  transcript.say(`# connected, ${client.getNegotiatedProtocolVersion?.() ?? transport.protocolVersion}`);
  await list();
  await call('whoami');
  const read = await client.readResource({ uri: 'journal://entries' });
  transcript.say(`# journal://entries: ${read.contents[0].text}`);
  await call('create_entry', { title: 'Monday', content: 'It rained.' });
  await call('whoami');
  await list();
  await call('get_entry', { id: 99 }).catch((error) => transcript.say(`# get_entry: ${error.name}: ${error.message}`));
  await transport.terminateSession();
  await client.close();
} finally {
  await browser.close();
}
