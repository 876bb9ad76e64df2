// The command line of the MCP Inspector with tokens that it is given: what works, and what its user
// sees otherwise.
//
// usage: inspector.mjs URL TOKENS_FILE legacy|modern

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [url, tokensFile, era] = process.argv.slice(2);
const tokens = JSON.parse(await readFile(tokensFile, 'utf8'));
const launcher = join(import.meta.dirname, 'node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js');
// Where it keeps its catalogue and what it has got by OAuth.
const home = await mkdtemp(join(tmpdir(), 'inspector-'));

async function inspect(token, ...asked) {
  const args = ['--cli', url, '--protocol-era', era, '--stored-auth-only', ...asked];
  if (token) args.push('--header', `Authorization: Bearer ${tokens[token]}`);
  const { status, stdout, stderr } = await run(args);
  console.log(`# ${asked.slice(1).join(' ')} (${token ?? 'no token'}) -> exit status ${status}`);
  const result = stdout && JSON.parse(stdout);
  if (result?.tools) console.log(`  tools: ${result.tools.map((tool) => tool.name).sort().join(' ')}`);
  else if (result) console.log(`  ${JSON.stringify(result.structuredContent ?? result)}`);
  if (stderr) console.log(`  ${stderr.trim().replaceAll(new URL(url).origin, 'JOURNAL')}`);
}

function run(args) {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, HOME: home }, timeout: 60_000 };
    const child = execFile(process.execPath, [launcher, ...args], options, (error, stdout, stderr) =>
      resolve({ status: error ? (error.code ?? error.signal) : 0, stdout, stderr }),
    );
    child.stdin.end();
  });
}

try {
  await inspect('reader', '--method', 'tools/list');
  await inspect('full', '--method', 'tools/list');
  await inspect('reader', '--method', 'tools/call', '--tool-name', 'whoami');
  const entry = ['--tool-arg', 'title=Monday', 'content=It rained.'];
  await inspect('full', '--method', 'tools/call', '--tool-name', 'create_entry', ...entry);
  await inspect('reader', '--method', 'tools/call', '--tool-name', 'create_entry', ...entry);
  await inspect('reader', '--method', 'resources/read', '--uri', 'journal://entries');
  await inspect('reader', '--method', 'prompts/get', '--prompt-name', 'suggest_tags', '--prompt-args', 'id=1');
  await inspect('writer', '--method', 'prompts/get', '--prompt-name', 'suggest_tags', '--prompt-args', 'id=1');
  await inspect('expired', '--method', 'tools/list');
  await inspect(undefined, '--method', 'tools/list');
} finally {
  await rm(home, { recursive: true });
}
