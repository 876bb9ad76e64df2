// Judges a server by the official conformance suite, and tells for each scenario what it found.
//
// usage: conformance.mjs URL REVISION [TOKEN]
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
try {
  const args = ['--url', `http://127.0.0.1:${proxy.address().port}/mcp`, '--suite', 'all', '--spec-version', revision];
  const judge = spawn(process.execPath, [suite, 'server', ...args, '-o', results], { stdio: ['ignore', 'ignore', 'inherit'] });
  // A scenario that fails makes it end with a status of its own.
  await once(judge, 'exit');
  const lines = [];
  for (const directory of await readdir(results)) {
    const checks = JSON.parse(await readFile(join(results, directory, 'checks.json'), 'utf8'));
    const scenario = directory.replace(/^server-(.*)-\d{4}-\d\d-\d\dT.*$/, '$1');
    const count = {};
    for (const { status } of checks) count[status] = (count[status] ?? 0) + 1;
    const counted = Object.entries(count).sort().map(([status, times]) => `${times} ${status}`);
    const problems = checks
      .filter(({ status }) => status !== 'SUCCESS' && status !== 'INFO')
      .map(({ status, id, errorMessage }) => `\n  ${status} ${id}: ${errorMessage ?? ''}`);
    lines.push(`${scenario}: ${counted.join(', ')}${problems.sort().join('')}`);
  }
  console.log(lines.sort().join('\n'));
} finally {
  proxy.close();
  proxy.closeAllConnections();
  await rm(results, { recursive: true });
}
