// Judges a server by the official conformance suite, and tells for each scenario what it found.
//
// usage: conformance.mjs URL REVISION|extensions [TOKEN]
//
// The suite knows no tokens: a proxy before the server adds the token to every request.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, request as send } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [url, revision, token] = process.argv.slice(2);
const suite = join(import.meta.dirname, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');

if (token) {
  const { status } = await fetch(url, { method: 'POST' });
  if (status !== 401) throw new Error(`without a token the server answers ${status}`);
}

// Passes everything on, in both directions, as it comes.
const proxy = createServer((request, response) => {
  const { hostname, port } = new URL(url);
  const headers = [...request.rawHeaders];
  if (token) headers.push('Authorization', `Bearer ${token}`);
  const passed = send({ hostname, port, method: request.method, path: request.url, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.rawHeaders);
    response.flushHeaders();
    answer.pipe(response);
  });
  passed.on('error', () => response.destroy());
  response.on('close', () => passed.destroy());
  request.pipe(passed);
});
proxy.listen(0, '127.0.0.1');
await once(proxy, 'listening');

const results = await mkdtemp(join(tmpdir(), 'conformance-'));
// The result says what failed, and so does its status.
async function judge(args) {
  const child = spawn(process.execPath, [suite, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = await Promise.all([child.stdout.toArray(), once(child, 'close')]);
  return Buffer.concat(said).toString();
}

const server = (...which) => ['server', '--url', `http://127.0.0.1:${proxy.address().port}/mcp`, ...which, '-o', results];

try {
  if (revision === 'extensions') {
    // No revision has them, so each is asked for by its name.
    const [listed] = (await judge(['list'])).split('\nClient scenarios');
    const scenarios = [...listed.matchAll(/- (\S+) \[extension\]/g)].map(([, name]) => name);
    await Promise.all(scenarios.map((name) => judge(server('--scenario', name))));
  } else {
    await judge(server('--suite', 'all', '--spec-version', revision));
  }
  const lines = [];
  for (const directory of await readdir(results)) {
    const checks = JSON.parse(await readFile(join(results, directory, 'checks.json'), 'utf8'));
    const scenario = directory.replace(/^server-(.*)-\d{4}-\d\d-\d\dT.*$/, '$1');
    const count = {};
    for (const { status } of checks) count[status] = (count[status] ?? 0) + 1;
    const counted = Object.entries(count).sort().map(([status, times]) => `${times} ${status}`);
    const problems = checks
      .filter(({ status }) => !['SUCCESS', 'INFO', 'SKIPPED'].includes(status))
      .map(({ status, id, errorMessage }) => `\n  ${status} ${id}: ${errorMessage ?? ''}`);
    lines.push(`${scenario}: ${counted.join(', ')}${problems.sort().join('')}`);
  }
  console.log(lines.sort().join('\n'));
} finally {
  proxy.close();
  proxy.closeAllConnections();
  await rm(results, { recursive: true });
}
