// The official TypeScript SDK with tokens that it is given: what its user sees when they do not do.
//
// usage: bearer.mjs URL TOKENS_FILE REVISION

import { readFile } from 'node:fs/promises';

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

import { Transcript } from './transcript.mjs';

const [url, tokensFile, revision] = process.argv.slice(2);
const tokens = JSON.parse(await readFile(tokensFile, 'utf8'));
const transcript = new Transcript(url);
const options =
  revision === '2026-07-28'
    ? { versionNegotiation: { mode: 'auto' } }
    : { supportedProtocolVersions: [revision] };

async function told(what, step) {
  try {
    const answer = await step();
    transcript.say(`# ${what}: ${answer?.content[0].text ?? 'ok'}`);
  } catch (error) {
    transcript.say(`# ${what}: ${error.name}${error.code ? ` (${error.code})` : ''}: ${error.message}`);
  }
}

for (const token of ['reader', 'expired', undefined]) {
  const authProvider = token && { token: async () => tokens[token] };
  const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider, fetch: transcript.fetch });
  const client = new Client({ name: 'typescript', version: '1' }, options);
  await told(`connect, ${token ?? 'no'} token`, () => client.connect(transport));
  if (token === 'reader') {
    await told('whoami', () => client.callTool({ name: 'whoami' }));
    const entry = { title: 'Monday', content: 'It rained.' };
    await told('create_entry', () => client.callTool({ name: 'create_entry', arguments: entry }));
  }
  await client.close();
}
