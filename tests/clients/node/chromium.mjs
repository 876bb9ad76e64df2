// Chromium, without a window, in which somebody clicks through the consent page.

import { createServer } from 'node:http';
import { once } from 'node:events';

import { chromium } from 'playwright-core';

// Starts Chromium, with further arguments.
export function launch(further = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    // Without the sandbox since root has none; the rest keeps it from looking for the network.
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run', ...further],
  });
}

export class ChromiumBrowser {
  #transcript;
  #browser;
  #server;
  #answered;

  static async start(transcript) {
    const self = new ChromiumBrowser();
    self.#transcript = transcript;
    self.#server = createServer((request, response) => self.#come(request, response));
    self.#server.listen(0, '127.0.0.1');
    await once(self.#server, 'listening');
    self.callback = `http://127.0.0.1:${self.#server.address().port}/callback`;
    self.#browser = await launch();
    return self;
  }

  async open(url) {
    const page = await this.#browser.newPage();
    const errors = [];
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    const response = await page.goto(url.href);
    this.#transcript.authorization(url, response.status());
    await this.#tell(page);
    const answered = new Promise((resolve) => (this.#answered = resolve));
    await page.getByRole('button', { name: 'Allow' }).click();
    this.answer = await answered;
    await page.waitForLoadState();
    await this.#tell(page);
    for (const error of errors) this.#transcript.say(`# error in the page: ${error}`);
    await this.#fetch(page);
    await page.close();
  }

  async #tell(page) {
    const text = (await page.innerText('body')).replace(/\s+/g, ' ').trim();
    this.#transcript.say(`# page: ${text.replaceAll(this.callback, 'CALLBACK')}`);
  }

  // What the browser lets a script of another origin know of the journal's answers.
  async #fetch(page) {
    const told = await page.evaluate(async (url) => {
      const headers = { authorization: 'Bearer none', 'content-type': 'application/json', 'mcp-protocol-version': '2026-07-28' };
      const response = await fetch(url, { method: 'POST', headers, body: '{}' });
      const challenge = response.headers.get('www-authenticate');
      const metadata = await fetch(/resource_metadata="([^"]*)"/.exec(challenge)[1]);
      return `${response.status} ${challenge}\n  ${metadata.status} ${Object.keys(await metadata.json()).join(' ')}`;
    }, this.#transcript.resource);
    this.#transcript.say(`# a script of another origin is told: ${told}`);
  }

  // The answer of the authorization server, as the client's own listener gets it.
  #come(request, response) {
    const url = new URL(request.url, this.callback);
    if (url.pathname !== '/callback') {
      response.writeHead(204).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'text/plain' }).end('You can go back to the client.');
    this.#answered(url.searchParams);
  }

  async close() {
    await this.#browser.close();
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
