// A page in Chromium, for the tests of the pages that this project serves.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';

import { launch } from './chromium.mjs';

export const NARROW = { width: 360, height: 740 };
const WIDE = { width: 1200, height: 900 };

export class Browser {
  #browser;

  static async start(args = []) {
    const self = new Browser();
    self.#browser = await launch(args);
    return self;
  }

  // Opens a page in a context of its own. Each error of its console is an error of the test.
  async open(url, { viewport = WIDE, colorScheme = 'light' } = {}) {
    const permissions = ['clipboard-read', 'clipboard-write'];
    const context = await this.#browser.newContext({ viewport, colorScheme, permissions });
    const page = await context.newPage();
    page.errors = [];
    page.on('pageerror', (error) => page.errors.push(error.message));
    page.on('console', (message) => message.type() === 'error' && page.errors.push(message.text()));
    const response = await page.goto(url);
    page.status = response.status();
    return page;
  }

  async close() {
    await this.#browser.close();
  }
}

export function check(condition, what) {
  if (!condition) throw new Error(what);
}

export const text = async (page, selector) => (await page.innerText(selector)).replace(/\s+/g, ' ').trim();

// What each page promises: labels, no scrolling to the side, no error. `expected` are parts of errors that are meant.
export async function checkPage(page, expected = []) {
  const unlabelled = await page.evaluate(() => {
    const controls = [...document.querySelectorAll('input, select, textarea')].filter((one) => one.labels.length === 0);
    const buttons = [...document.querySelectorAll('button')].filter((one) => one.checkVisibility() && !one.textContent.trim());
    return [...controls, ...buttons].map((one) => one.outerHTML);
  });
  check(unlabelled.length === 0, `without a label: ${unlabelled}`);
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  check(content <= window, `the content is ${content} px wide, the window ${window} px`);
  const errors = page.errors.filter((error) => !expected.some((part) => error.includes(part)));
  check(errors.length === 0, `errors in the page: ${errors}`);
}

// Presses Tab until the button, link or field with this name has the focus.
export async function tabTo(page, name) {
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press('Tab');
    const found = await page.evaluate((name) => {
      const { activeElement: one } = document;
      const label = one.getAttribute('aria-label') ?? one.labels?.[0]?.textContent ?? one.textContent;
      // The focus is also visible.
      return label.trim().startsWith(name) && getComputedStyle(one).outlineStyle !== 'none';
    }, name);
    if (found) return;
  }
  throw new Error(`the focus does not reach ${name}`);
}

// With SCREENSHOTS=DIRECTORY, writes what the page looks like.
export async function screenshot(page, name) {
  const directory = process.env.SCREENSHOTS;
  if (directory) await page.screenshot({ path: join(directory, `${name}.png`), fullPage: true });
}

// A site of somebody else, at an origin of its own.
export async function otherSite(html) {
  const server = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(html));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}/`, close };
}
