// The page of the journal: a public OAuth client (RFC 6749, RFC 7636) in the browser. It starts with nothing but the journal's
// 401. The access token is in a variable. What has to survive the redirect to the authorization server is in
// sessionStorage: the state and the code verifier, the request to repeat, and the list of requests; never a token.
// Text is only ever set as text, never as markup.

'use strict';

const SAVED = 'journal-sign-in';
const LOGGED_REQUESTS = 40;
const clientId = document.body.dataset.clientId;
const redirectUri = `${location.origin}/`;

const find = (id) => document.getElementById(id);
let session; // { token, scopes, name, revocationEndpoint } while somebody is signed in
let remedy; // what the button in the rejection does

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// Requests

async function send(method, url, { headers = {}, body, authorized = false } = {}) {
  if (authorized) headers = { ...headers, authorization: `Bearer ${session.token}` };
  const response = await fetch(url, { method, headers, body });
  const challenge = response.headers.get('www-authenticate');
  log(`${method} ${url.replace(location.origin, '')} → ${response.status}`, challenge);
  return response;
}

function log(text, detail) {
  const item = element('li', {}, element('span', { textContent: text }));
  if (detail) item.append(element('code', { textContent: detail }));
  const list = find('requests');
  list.append(item);
  if (list.children.length > LOGGED_REQUESTS) list.firstElementChild.remove();
}

function logged() {
  return [...find('requests').children].map((item) => [...item.children].map((child) => child.textContent));
}

// The challenges of a `WWW-Authenticate` header (RFC 9110 §11.6.1), by scheme in lower case.
function challenges(header) {
  const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
  const part = new RegExp(`[\\s,]*(?:(${token})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))|(${token})(?=[\\s,]|$))`, 'gy');
  const found = {};
  let current;
  for (let match; (match = part.exec(header ?? '')); ) {
    const [, name, quoted, plain, scheme] = match;
    if (scheme) current = found[scheme.toLowerCase()] = {};
    else if (current) current[name.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? plain;
  }
  return found;
}

const words = (text) => (text ?? '').split(' ').filter(Boolean);
const union = (...lists) => [...new Set(lists.flat())];

// Sign-in

// From the 401 of the journal to the metadata of the authorization server (RFC 9728 §5, RFC 8414 §3).
async function discover() {
  const first = [await send('GET', '/me'), await send('GET', '/entries')];
  const bearer = first.map((response) => challenges(response.headers.get('www-authenticate')).bearer ?? {});
  const resource = await (await send('GET', bearer[0].resource_metadata)).json();
  const issuer = resource.authorization_servers[0];
  const { origin, pathname } = new URL(issuer);
  const path = pathname === '/' ? '' : pathname;
  const server = await (await send('GET', `${origin}/.well-known/oauth-authorization-server${path}`)).json();
  if (server.issuer !== issuer) throw new Error('the metadata is that of another authorization server');
  return { server, resource: resource.resource, scopes: union(...bearer.map((one) => words(one.scope))) };
}

const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

// Redirects to the authorization server. Without scopes, it requests those that the first challenges name.
async function signIn({ scopes, login = {}, pending } = {}) {
  try {
    say('Looking for the authorization server…');
    const found = await discover();
    const requested = scopes ?? found.scopes;
    const [state, verifier] = [random(), random()];
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
    const url = new URL(found.server.authorization_endpoint);
    const parameters = {
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirectUri,
      resource: found.resource,
      scope: requested.join(' '),
      state,
      code_challenge: base64url(digest),
      code_challenge_method: 'S256',
      ...login,
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    log(`Redirect to ${url.origin}${url.pathname}`, `scope=${requested.join(' ')}${login.acr_values ? ` acr_values=${login.acr_values} max_age=${login.max_age}` : ''}`);
    const { issuer, token_endpoint: tokenEndpoint, revocation_endpoint: revocationEndpoint } = found.server;
    const saved = { state, verifier, issuer, tokenEndpoint, revocationEndpoint, requested, pending, log: logged() };
    sessionStorage.setItem(SAVED, JSON.stringify(saved));
    location.assign(url);
  } catch (error) {
    say(`The sign-in does not begin: ${error.message}`, true);
  }
}

// The response of the authorization server, in the address of this page (RFC 6749 §4.1.2, RFC 9207).
async function finishSignIn(response) {
  const saved = JSON.parse(sessionStorage.getItem(SAVED) ?? 'null');
  sessionStorage.removeItem(SAVED);
  for (const [text, detail] of saved?.log ?? []) log(text, detail);
  if (!saved || response.get('state') !== saved.state || response.get('iss') !== saved.issuer) {
    say('This is no response to a sign-in of this page.', true);
    return;
  }
  restoreDraft(saved.pending);
  if (response.has('error')) {
    say(`Not signed in: the authorization server answered ${response.get('error')}.`, true);
    return;
  }
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code: response.get('code'),
    redirect_uri: redirectUri,
    client_id: clientId,
    code_verifier: saved.verifier,
  });
  const answer = await send('POST', saved.tokenEndpoint, { body });
  const issued = await answer.json();
  if (!answer.ok || issued.token_type.toLowerCase() !== 'bearer') {
    say(`Not signed in: the token endpoint answered ${issued.error ?? answer.status}.`, true);
    return;
  }
  // Without `scope` in the response it is that of the request (RFC 6749 §5.1).
  const scopes = issued.scope === undefined ? saved.requested : words(issued.scope);
  session = { token: issued.access_token, scopes, revocationEndpoint: saved.revocationEndpoint };
  showSession();
  const me = await call({ method: 'GET', path: '/me', words: 'See who you are' });
  if (me && session) {
    session.name = me.extra.username ?? me.extra.sub ?? me.clientId;
    showSession();
  }
  if (session) await loadEntries();
  if (session && saved.pending && !isList(saved.pending)) await perform(saved.pending);
}

async function signOut() {
  const { token, revocationEndpoint } = session;
  try {
    await send('POST', revocationEndpoint, { body: new URLSearchParams({ token, client_id: clientId }) });
    // The journal drops the claims that it has cached.
    await send('DELETE', '/me/token', { authorized: true });
    say('Signed out. The token is revoked.');
  } catch {
    say('Signed out. The token could not be revoked.', true);
  }
  forget();
}

function forget() {
  session = undefined;
  showSession();
  showEntries(undefined);
}

// Calls of the journal

// Returns the body; nothing, after it has shown why the request was rejected.
async function call(action) {
  const { method, path, body } = action;
  const headers = body ? { 'content-type': 'application/json' } : {};
  let response;
  try {
    response = await send(method, path, { headers, body: body && JSON.stringify(body), authorized: true });
  } catch {
    reject({ title: 'No response', reason: 'The journal cannot be reached.', details: [], action, button: 'Try again', act: () => perform(action) });
    return;
  }
  if (response.ok) return response.status === 204 ? {} : response.json();
  await explain(response, action);
}

// Performs what a button stands for, now or after a sign-in.
async function perform(action) {
  if (!session) {
    await signIn({ pending: action });
    return;
  }
  hideRejection();
  if (isList(action)) {
    await loadEntries();
    return;
  }
  const result = await call(action);
  if (!result) return;
  if (action.done) say(action.done);
  if (action.path === '/entries' && action.method === 'POST') find('add').reset();
  await loadEntries();
}

const isList = ({ method, path }) => method === 'GET' && path === '/entries';

async function loadEntries() {
  const entries = await call({ method: 'GET', path: '/entries', words: 'List your entries' });
  if (entries) showEntries(entries);
}

// Rejections

async function explain(response, action) {
  const bearer = challenges(response.headers.get('www-authenticate')).bearer;
  const answer = await response.json().catch(() => ({}));
  const error = answer.error ?? '';
  const rejection = { title: `Rejected with ${response.status} ${error}`.trim(), details: [], action };
  const needed = words(bearer?.scope);
  if (needed.length > 0) rejection.details.push(['It needs', needed.join(' ')]);
  if (error !== 'invalid_token') rejection.details.push(['The token has', session.scopes.join(' ') || 'no scopes']);
  const retry = { button: 'Try again', act: () => perform(action) };
  if (response.status === 403 && error === 'insufficient_scope') {
    const missing = needed.filter((scope) => !session.scopes.includes(scope));
    // The union: a client that requests the new scopes alone loses the old ones.
    const scopes = union(session.scopes, needed);
    reject({ ...rejection, reason: 'Your token is valid, but does not permit this.', button: `Ask for ${(missing.length > 0 ? missing : needed).join(' ')}`, act: () => signIn({ scopes, pending: action }) });
  } else if (response.status === 401 && error === 'insufficient_user_authentication') {
    const { acr_values, max_age } = bearer ?? {};
    const login = Object.fromEntries(Object.entries({ acr_values, max_age }).filter(([, value]) => value !== undefined));
    if (acr_values) rejection.details.push(['Class of the login', words(acr_values).join(' or ')]);
    if (max_age) rejection.details.push(['Age of the login', `at most ${max_age} seconds`]);
    const scopes = union(session.scopes, needed);
    reject({ ...rejection, reason: 'This needs a recent login of another kind.', button: 'Log in again', act: () => signIn({ scopes, login, pending: action }) });
  } else if (response.status === 401) {
    const scopes = union(session.scopes, needed);
    forget();
    reject({ ...rejection, reason: 'The token is not accepted any more: it has expired or was revoked.', button: 'Sign in again', act: () => signIn({ scopes, pending: action }) });
  } else if (response.status === 403) {
    reject({ ...rejection, reason: 'The journal does not permit this, whatever the scopes are.' });
  } else if (response.status === 503) {
    const seconds = response.headers.get('retry-after');
    reject({ ...rejection, ...retry, reason: `The journal cannot check your token now. You are still signed in${seconds ? `; try again in ${seconds} seconds` : ''}.` });
  } else {
    reject({ ...rejection, ...retry, reason: 'The journal could not do this.' });
  }
}

function reject({ title, reason, details, action, button, act }) {
  say('');
  find('rejection-title').textContent = title;
  find('reason').textContent = reason;
  find('details').replaceChildren(
    ...[['You wanted to', action.words], ...details].flatMap(([name, value]) => [
      element('dt', { textContent: name }),
      element('dd', { textContent: value }),
    ]),
  );
  remedy = act;
  find('remedy').hidden = !act;
  find('remedy').textContent = button ?? '';
  find('rejection').hidden = false;
  find('rejection-title').focus();
}

function hideRejection() {
  find('rejection').hidden = true;
}

// What is shown

function say(text, isProblem = false) {
  find('message').textContent = text;
  find('message').className = isProblem ? 'problem' : '';
}

function showSession() {
  const who = find('who');
  who.textContent = session ? `signed in${session.name ? ` as ${session.name}` : ''}` : 'signed out';
  who.className = `badge ${session ? 'good' : 'quiet'}`;
  find('sign-in').hidden = Boolean(session);
  find('sign-out').hidden = !session;
  find('scopes').hidden = !session;
  find('scopes').lastElementChild.replaceChildren(
    ...(session?.scopes ?? []).flatMap((scope) => [element('code', { textContent: scope }), ' ']),
  );
  for (const button of document.querySelectorAll('#reload, #delete-all, #add button')) button.disabled = !session;
}

function showEntries(entries) {
  find('no-entries').hidden = entries?.length > 0;
  find('no-entries').textContent = entries ? 'None yet.' : 'Sign in to see your entries.';
  find('entries').replaceChildren(
    ...(entries ?? []).map(({ id, title, content }) => {
      const button = element('button', { type: 'button', textContent: 'Delete' });
      button.setAttribute('aria-label', `Delete ${title}`);
      const action = { method: 'DELETE', path: `/entries/${id}`, words: `Delete “${title}”`, done: `Deleted “${title}”.` };
      button.addEventListener('click', () => perform(action));
      return element('li', {}, element('h3', { textContent: title }), element('p', { textContent: content }), button);
    }),
  );
}

function restoreDraft(pending) {
  const { title, content } = find('add').elements;
  if (pending?.body) [title.value, content.value] = [pending.body.title, pending.body.content];
}

function listen() {
  find('sign-in').addEventListener('click', () => signIn());
  find('sign-out').addEventListener('click', signOut);
  find('remedy').addEventListener('click', () => remedy());
  find('dismiss').addEventListener('click', () => {
    hideRejection();
    find('who').parentElement.querySelector('button:not([hidden])').focus();
  });
  find('reload').addEventListener('click', () => {
    hideRejection();
    loadEntries();
  });
  find('delete-all').addEventListener('click', () =>
    perform({ method: 'DELETE', path: '/entries', words: 'Delete all entries', done: 'Deleted all entries.' }),
  );
  find('add').addEventListener('submit', (event) => {
    event.preventDefault();
    const { title, content } = event.target.elements;
    const body = { title: title.value, content: content.value };
    perform({ method: 'POST', path: '/entries', body, words: `Add “${body.title}”`, done: `Added “${body.title}”.` });
  });
}

async function start() {
  listen();
  showSession();
  const response = new URLSearchParams(location.search);
  if (!response.has('code') && !response.has('error')) {
    sessionStorage.removeItem(SAVED);
    return;
  }
  // The code does not stay in the address or in the history.
  history.replaceState(null, '', '/');
  try {
    await finishSignIn(response);
  } catch (error) {
    say(`Not signed in: ${error.message}`, true);
  }
}

start();
