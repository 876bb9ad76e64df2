// The page of the journal: signs in with PKCE, lists and adds entries, and requests what a rejection names.
//
// usage: journal_page.mjs URL

import { Browser, NARROW, check, checkPage, screenshot, tabTo, text } from './page.mjs';

const [url] = process.argv.slice(2);
const origin = new URL(url).origin;
const browser = await Browser.start();
// The console shows each status of 400 and above as an error.
const REJECTED = ['401 (Unauthorized)', '403 (Forbidden)', '503 (Service Unavailable)'];

try {
  await useKeyboard();
  await useMouse();
} finally {
  await browser.close();
}

// R-K25: without a mouse, in a narrow window: sign-in, 403, step-up, and the entry is there.
async function useKeyboard() {
  console.log('# keyboard, 360 px wide');
  const page = await browser.open(`${origin}/`, { viewport: NARROW });
  const enter = async (name) => {
    await tabTo(page, name);
    await page.keyboard.press('Enter');
  };
  await tell(page);
  await enter('Sign in');
  await allow(page, () => enter('Allow'));
  await page.getByText('None yet.').waitFor();
  await tell(page);
  await checkTokens(page);
  await tabTo(page, 'Title');
  await page.keyboard.type('Monday');
  await tabTo(page, 'Text');
  await page.keyboard.type('It rained.');
  await enter('Add');
  await page.getByText('Rejected with 403').waitFor();
  await tell(page);
  await checkPage(page, REJECTED);
  await screenshot(page, 'journal-narrow');
  await enter('Ask for entries:write');
  await allow(page, () => enter('Allow'));
  await page.getByText('Added “Monday”.').waitFor();
  await tell(page);
  await checkTokens(page);
  await checkPage(page, REJECTED);
  console.log(await requests(page));
  await enter('Sign out');
  await page.getByText('The token is revoked').waitFor();
  await tell(page);
}

// R-K25: consent to a part, a rejection that no scope helps, another login, a denial, and a token that is revoked.
async function useMouse() {
  console.log('# mouse, dark');
  const page = await browser.open(`${origin}/`, { colorScheme: 'dark' });
  const click = (name) => page.getByRole('button', { name, exact: true }).click();
  await click('Sign in');
  await allow(page, async () => {
    await page.getByLabel('entries:read').uncheck();
    await click('Allow');
  });
  await page.getByText('Rejected with 403').waitFor();
  await tell(page);
  await click('Ask for entries:read');
  await allow(page, () => click('Allow'));
  await page.getByText('Monday').waitFor();
  await tell(page);
  // The challenge names the login and the scope: one sign-in is enough for both.
  await click('Delete all entries');
  await page.getByText('Rejected with 401').waitFor();
  await tell(page);
  await screenshot(page, 'journal-dark');
  await click('Log in again');
  await allow(page, () => click('Allow'));
  await page.getByText('Deleted all entries.').waitFor();
  await tell(page);

  // A 503 signs nobody out. The journal cannot be made to answer it from here.
  await page.route('**/entries', (route) => route.fulfill({ status: 503, headers: { 'retry-after': '5' }, json: { error: 'temporarily_unavailable' } }));
  await click('Reload');
  await page.getByText('Rejected with 503').waitFor();
  await tell(page);
  await page.unroute('**/entries');
  await click('Try again');
  await page.getByText('None yet.').waitFor();

  await page.getByLabel('Title').fill('<img src=x onerror=alert(1)>');
  await page.getByLabel('Text').fill('Markup is text.');
  await click('Add');
  await page.getByText('Added').waitFor();
  await tell(page);
  await screenshot(page, 'journal-dark-entries');
  await checkPage(page, REJECTED);

  // A response is used only where this page has sent the request: by its state, and by the issuer.
  for (const wrong of [undefined, 'state', 'iss']) {
    let [state, iss] = ['x', 'http://127.0.0.1'];
    if (wrong) {
      await click('Sign in');
      await page.waitForURL('**/authorize?**');
      const request = new URL(page.url());
      [state, iss] = [request.searchParams.get('state'), request.origin];
      if (wrong === 'state') state = state.toLowerCase();
      if (wrong === 'iss') iss = `${iss}/other`;
    }
    await page.goto(`${origin}/?${new URLSearchParams({ code: 'stolen', state, iss })}`);
    await page.getByText('no response to a sign-in').waitFor();
    console.log(`# a response with ${wrong ? `another ${wrong}` : 'no request'}`);
    await tell(page);
  }
  await click('Sign in');
  await page.waitForURL('**/authorize?**');
  await click('Deny');
  await page.waitForURL(`${origin}/`);
  await page.getByText('access_denied').waitFor();
  await tell(page);

  const light = await browser.open(`${origin}/`);
  await light.getByRole('button', { name: 'Sign in' }).click();
  await allow(light, () => light.getByRole('button', { name: 'Allow' }).click());
  await light.getByText('Markup is text.').waitFor();
  await revokeElsewhere(light);
  await light.getByRole('button', { name: 'Reload' }).click();
  await light.getByText('Rejected with 401').waitFor();
  await tell(light);
  await screenshot(light, 'journal-light');
  await checkPage(light, REJECTED);
}

// The consent page of the authorization server, up to the page of the journal.
async function allow(page, decide) {
  await page.waitForURL('**/authorize?**');
  const address = new URL(page.url());
  const asked = ['scope', 'acr_values', 'max_age', 'code_challenge_method', 'resource'].map((name) => [name, address.searchParams.get(name)]);
  console.log(`# asks for ${asked.filter(([, value]) => value).map(([name, value]) => `${name}=${value}`).join(' ').replaceAll(origin, 'JOURNAL')}`);
  await decide();
  await page.waitForURL(`${origin}/`);
}

// The token is neither in a store of the browser nor in the address or the document.
async function checkTokens(page) {
  const token = await page.evaluate('session.token');
  const places = await page.evaluate(() => [
    JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie, location.href, document.documentElement.outerHTML,
  ]);
  check(token.length > 20 && places.every((place) => !place.includes(token)), 'the token is stored or shown');
  check(places[0] === '{}' && places[1] === '{}' && places[2] === '', 'something is stored');
  check(places[3] === `${origin}/`, `the address is ${places[3]}`);
}

// As another program does that has the token.
async function revokeElsewhere(page) {
  await page.evaluate(async () => {
    const { token, revocationEndpoint } = session;
    await fetch(revocationEndpoint, { method: 'POST', body: new URLSearchParams({ token, client_id: clientId }) });
    await fetch('/me/token', { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
  });
}

async function tell(page) {
  const parts = [await text(page, '#who')];
  for (const selector of ['#scopes', '#message', '#rejection', '#entries']) {
    if (await page.locator(selector).isVisible()) parts.push(await text(page, selector));
  }
  console.log(`# page: ${parts.filter(Boolean).join(' | ').replaceAll(origin, 'JOURNAL')}`);
}

async function requests(page) {
  const all = await page.locator('#requests li > span').allTextContents();
  return all.map((line) => line.replaceAll(origin, 'JOURNAL').replace(/http:\/\/127\.0\.0\.1:\d+/, 'AUTH')).join('\n');
}
