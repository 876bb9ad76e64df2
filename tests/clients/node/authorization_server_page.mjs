// The page of the example `authorization-server`: mints tokens, uses the copied command against a guarded application,
// revokes, and switches faults on. Then another site in the same browser tries the same.
//
// usage: authorization_server_page.mjs PAGE_URL APPLICATION, where APPLICATION is the program of the example `hyper`.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { Browser, NARROW, check, checkPage, otherSite, screenshot, tabTo, text } from './page.mjs';

const [url, application] = process.argv.slice(2);
// The name is that of a site whose owner makes it resolve to this machine.
const browser = await Browser.start(['--host-resolver-rules=MAP rebind.example 127.0.0.1']);
let running;

try {
  const page = await browser.open(url);
  await copied(page, 'Copy the variables').then(startApplication);
  await useTokens(page);
  await useFaults(page);
  // The malformed scope.
  await checkPage(page, ['400 (Bad Request)']);
  await look(page);
  await useKeyboard();
  await attack(page);
} finally {
  running?.kill();
  await browser.close();
}

// R-K24
async function useTokens(page) {
  await page.getByLabel('URL in the curl command').fill(running.url);
  const command = await mint(page, {});
  await tell(page, 'minted', command);
  await revoke(page);
  await tell(page, 'revoked', command);
  await tell(page, 'as JWT', await mint(page, { Format: 'jwt' }));
  await tell(page, 'already expired', await mint(page, { Format: 'opaque', Status: 'expired' }));
  await tell(page, 'already revoked', await mint(page, { Status: 'revoked' }));
  await tell(page, 'for another audience', await mint(page, { Status: 'active', Audience: 'http://127.0.0.1:3001' }));
  await tell(page, 'without the scope', await mint(page, { Audience: 'http://127.0.0.1:3000', Scopes: 'hello:write' }));
  // A URL that would end the quotes of the command.
  await page.getByLabel('URL in the curl command').fill(`${running.url}/?name='it'`);
  await tell(page, 'with quotes in the URL', await mint(page, { Scopes: 'hello:read' }));
  await page.getByLabel('URL in the curl command').fill(running.url);
  await page.getByLabel('Scopes').fill('a"b');
  await page.getByRole('button', { name: 'Mint', exact: true }).click();
  await page.getByText('is no scope').waitFor();
  console.log(`# a malformed scope: ${await text(page, '#message')}`);
  await page.getByLabel('Scopes').fill('hello:read');
  const rows = await page.locator('#tokens tbody tr').evaluateAll((all) => all.map((row) => row.querySelector('.status').textContent));
  console.log(`# tokens: ${rows.join('; ')}`);
}

async function useFaults(page) {
  const command = await mint(page, {});
  for (const [endpoint, fault] of [['introspection', 'close'], ['introspection', 'status-401'], ['token', 'status-500']]) {
    await page.locator('[name=endpoint]').selectOption(endpoint);
    await page.locator('[name=fault]').selectOption(fault);
    await page.getByRole('button', { name: 'Switch on' }).click();
    await page.getByText('Switched on').waitFor();
    await tell(page, await text(page, '#message'), command);
    await page.getByRole('button', { name: 'Switch off' }).click();
    await page.getByText('no faults').waitFor();
  }
  await tell(page, 'after the faults', command);
  await page.getByRole('button', { name: 'Stop the server' }).click();
  await page.getByText('stopped').first().waitFor();
  await tell(page, 'stopped', command);
  await page.getByRole('button', { name: 'Start the server' }).click();
  await page.getByText('running at').waitFor();
  await tell(page, 'started again', command);
}

async function look(page) {
  await page.getByRole('button', { name: 'Switch on' }).click();
  await page.getByRole('button', { name: 'Switch off' }).waitFor();
  await screenshot(page, 'authorization-server-light');
  for (const [name, options] of [['dark', { colorScheme: 'dark' }], ['narrow', { viewport: NARROW }]]) {
    const other = await browser.open(url, options);
    await mint(other, { Format: 'jwt' });
    await screenshot(other, `authorization-server-${name}`);
    await checkPage(other);
    await other.context().close();
  }
  await page.getByRole('button', { name: 'Switch off' }).click();
  await page.getByText('no faults').waitFor();
  console.log('# light, dark, and 360 px wide: nothing to scroll to the side, a label for each control');
}

// The same without a mouse, in a narrow window: a token is minted, copied and revoked.
async function useKeyboard() {
  const page = await browser.open(url, { viewport: NARROW });
  await page.getByText('running at').waitFor();
  await tabTo(page, 'Subject');
  await page.keyboard.type('keyboard');
  await tabTo(page, 'URL in the curl command');
  await page.keyboard.type(running.url);
  await page.keyboard.press('Enter');
  await page.getByText('The new token').waitFor();
  await tabTo(page, 'Copy the curl command');
  await page.keyboard.press('Enter');
  await page.getByText('Copied').waitFor();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  await tell(page, 'minted with the keyboard', command);
  await tabTo(page, 'Revoke');
  await page.keyboard.press('Enter');
  await page.getByText(/^Revoked/).waitFor();
  await tell(page, 'revoked with the keyboard', command);
  await checkPage(page);
}

// R-K24: requests of another site, in the ways in which a page can send them.
async function attack(page) {
  const token = await page.locator('#tokens tbody tr .actions').nth(3).evaluate((cell) => cell.parentElement.dataset.key);
  const site = await otherSite('<!DOCTYPE html><title>Another site</title><form method="post" enctype="text/plain"></form>');
  const page2 = await browser.open(site.url);
  const api = new URL('/api/revocations', url).href;
  const results = await page2.evaluate(
    async ([api, token]) => {
      const body = JSON.stringify({ token });
      const attempt = (options) => fetch(api, { method: 'POST', body, ...options }).then(({ type }) => type, () => 'no response');
      return {
        'a simple request': await attempt({ mode: 'no-cors' }),
        'a request with CORS': await attempt({}),
        'with the header': await attempt({ headers: { 'x-requires-auth-console': '1', 'content-type': 'application/json' } }),
        'reading the state': await fetch(api.replace('revocations', 'state')).then(() => 'a response', () => 'no response'),
        'its script': await new Promise((resolve) => {
          const script = Object.assign(document.createElement('script'), { src: api.replace('revocations', 'state') });
          script.onload = () => resolve('loaded');
          script.onerror = () => resolve('not loaded');
          document.head.append(script);
        }),
      };
    },
    [api, token],
  );
  for (const [what, result] of Object.entries(results)) console.log(`# another site, ${what}: ${result}`);
  // A form, which needs no permission. The browser shows the response.
  await page2.evaluate(([api, body]) => {
    const form = document.querySelector('form');
    form.action = api;
    form.append(Object.assign(document.createElement('input'), { name: body.slice(0, -1), value: '}' }));
    form.submit();
  }, [api, JSON.stringify({ token })]);
  await page2.waitForURL(api);
  console.log(`# another site, a form: ${await text(page2, 'body')}`);
  // A frame.
  const page3 = await browser.open(site.url);
  await page3.setContent(`<iframe src="${url}"></iframe>`);
  const framed = page3.frames()[1];
  await framed.waitForLoadState().catch(() => {});
  console.log(`# another site, a frame: ${(await framed.content().catch(() => '')).includes('Mint') ? 'shown' : 'not shown'}`);
  // DNS rebinding: the page of this name has the address of the server.
  const rebound = await browser.open(url.replace('127.0.0.1', 'rebind.example'));
  console.log(`# another name for this address: ${rebound.status} ${await text(rebound, 'body')}`);
  site.close();
  await page.getByRole('button', { name: 'Copy the variables' }).focus();
  const status = await page.evaluate(async (token) => {
    const response = await fetch('/api/state', { headers: { 'x-requires-auth-console': '1' } });
    return (await response.json()).tokens.find((one) => one.token === token).status;
  }, token);
  console.log(`# the token afterwards: ${status}`);
  check(status === 'active', 'another site has revoked a token');
}

// Fills the form by the labels of its fields, and returns the copied command.
async function mint(page, fields) {
  for (const [label, value] of Object.entries(fields)) {
    if (['Format', 'Status'].includes(label)) await page.getByLabel(label).selectOption(value);
    else await page.getByLabel(label).fill(value);
  }
  const before = await page.locator('#token').textContent();
  await page.getByRole('button', { name: 'Mint', exact: true }).click();
  await page.waitForFunction((before) => document.querySelector('#token').textContent !== before, before);
  return copied(page, 'Copy the curl command');
}

async function copied(page, button) {
  await page.getByRole('button', { name: button }).click();
  await page.getByText('Copied').waitFor();
  return page.evaluate(() => navigator.clipboard.readText());
}

async function revoke(page) {
  await page.getByRole('button', { name: /^Revoke/ }).first().click();
  await page.getByText(/^Revoked/).waitFor();
}

// Runs the command in a shell and tells the status and the body.
async function tell(page, what, command) {
  const output = await new Promise((resolve, reject) =>
    execFile('sh', ['-c', command], (error, stdout) => (error ? reject(error) : resolve(stdout))),
  );
  const [head, body] = output.split('\r\n\r\n');
  const status = /^HTTP\/1.1 (\d+)/.exec(head)[1];
  console.log(`# ${what}: ${status} ${body.trim()}`);
}

// Starts the application in a shell into which the variables are pasted.
async function startApplication(variables) {
  const names = variables.split('\n').map((line) => /^export (REQUIRES_AUTH_\w+)=/.exec(line)[1]);
  console.log(`# variables: ${names.join(' ')}`);
  const env = { ...process.env, LISTEN: '127.0.0.1:0' };
  running = spawn('sh', ['-c', `${variables}\nexec "$0"`, application], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const [first] = await once(createInterface(running.stdout), 'line');
  running.url = /^listening on (.*)/.exec(first)[1];
}
