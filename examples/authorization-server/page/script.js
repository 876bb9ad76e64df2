// The page of the authorization server. It shows what `/api/state` answers, every two seconds and after each change.
// Text is only ever set as text, never as markup.

'use strict';

const INTERVAL_MS = 2000;
const ENDPOINT_LABELS = { introspection: 'Introspection', metadata: 'Metadata', key_set: 'Key set', token: 'Token' };

const find = (id) => document.getElementById(id);
let description;
let shown = '';

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

async function request(method, path, body) {
  const headers = { 'x-requires-auth-console': '1' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  const response = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  const json = response.headers.get('content-type')?.startsWith('application/json');
  const answer = json ? JSON.parse(text) : undefined;
  if (!response.ok) throw new Error(answer?.error ?? (text || `Status ${response.status}`));
  return answer;
}

function say(text, isProblem = false) {
  const message = find('message');
  message.textContent = text;
  message.className = isProblem ? 'problem' : '';
}

// Sends a request that changes something, and shows the new state.
async function change(method, path, body, done) {
  try {
    const answer = await request(method, path, body);
    say(done);
    await refresh();
    return answer;
  } catch (error) {
    say(error.message, true);
  }
}

async function refresh() {
  let state;
  try {
    state = await request('GET', '/api/state');
  } catch {
    shown = '';
    find('running').textContent = 'this program does not run any more';
    find('running').className = 'badge bad';
    return;
  }
  // What did not change is not drawn again, so that nothing loses the focus.
  const now = JSON.stringify(state);
  if (now === shown) return;
  shown = now;
  showServer(state);
  showFaults(state.faults);
  showTokens(state);
}

function showServer({ running, requests, issued }) {
  find('running').textContent = running ? `running at ${description.issuer}` : 'stopped: connections are refused';
  find('running').className = `badge ${running ? 'good' : 'bad'}`;
  const button = find('switch-running');
  button.textContent = running ? 'Stop the server' : 'Start the server';
  button.dataset.running = running;
  button.disabled = false;
  const counts = Object.entries(ENDPOINT_LABELS).map(([name, label]) => [`${label} requests`, requests[name]]);
  const rows = [
    ['Issuer', description.issuer],
    ['Metadata', description.metadata],
    ['Introspection endpoint', description.introspection_endpoint],
    ['Key set', description.jwks_uri],
    ['Client of the application', description.client_id],
    ...counts,
    ['Issued tokens', issued],
  ];
  find('server').replaceChildren(
    ...rows.flatMap(([name, value]) => [element('dt', { textContent: name }), element('dd', { textContent: value })]),
  );
}

function showFaults(faults) {
  const badge = find('active-faults');
  badge.textContent = faults.length === 0 ? 'no faults' : `faults: ${faults.length}`;
  badge.className = faults.length === 0 ? 'badge quiet' : 'badge bad';
  const text = (list, name) => list.find((one) => one.name === name).text;
  reconcile(find('faults'), faults, (fault) => `${fault.endpoint} ${fault.fault}`, ({ endpoint, fault }) => {
    const words = `${text(description.endpoints, endpoint)}: ${text(description.faults, fault)}`;
    const off = element('button', { type: 'button', textContent: 'Switch off' });
    off.setAttribute('aria-label', `Switch off ${words}`);
    off.addEventListener('click', async () => {
      await change('PUT', '/api/faults', { endpoint, fault: null }, `Switched off: ${words}`);
      find('fault').elements.endpoint.focus();
    });
    return element('li', {}, element('span', { textContent: words }), off);
  });
}

function showTokens({ tokens, issued }) {
  find('no-tokens').hidden = issued > 0;
  find('tokens').hidden = issued === 0;
  find('more').hidden = issued === tokens.length;
  find('more').textContent = `The newest ${tokens.length} of ${issued}.`;
  reconcile(find('tokens').tBodies[0], tokens, (one) => one.token, tokenRow, updateTokenRow);
}

// Keeps the element of each key, in the order of the items: what has the focus stays where it is.
function reconcile(parent, items, key, make, update = () => {}) {
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let before = parent.firstElementChild;
  for (const item of items) {
    const name = key(item);
    let child = old.get(name);
    old.delete(name);
    if (!child) {
      child = make(item);
      child.dataset.key = name;
    }
    update(child, item);
    if (child === before) before = before.nextElementSibling;
    else parent.insertBefore(child, before);
  }
  for (const child of old.values()) child.remove();
}

function tokenRow(one) {
  const short = one.token.length > 16 ? `${one.token.slice(0, 8)}…${one.token.slice(-4)}` : one.token;
  const row = element('tr');
  const cell = (label, text) => {
    const made = element('td', {}, text);
    made.dataset.label = label;
    row.append(made);
    return made;
  };
  cell('Token', element('code', { textContent: short, title: one.token }));
  cell('Subject', one.subject ?? 'none');
  cell('Client', one.client_id ?? 'none');
  cell('Scopes', one.scopes ?? 'none').classList.add('long');
  cell('Audience', one.audience === null ? 'none' : [one.audience].flat().join(' ')).classList.add('long');
  const expires = one.expires === null ? 'never' : new Date(one.expires * 1000);
  cell('Expires', expires === 'never' ? expires : element('time', {
    dateTime: expires.toISOString(), textContent: expires.toLocaleTimeString(), title: expires.toLocaleString(),
  }));
  cell('Status', '').classList.add('status');
  const button = (text, act) => {
    const made = element('button', { type: 'button', textContent: text });
    made.setAttribute('aria-label', `${text}: ${short}`);
    made.addEventListener('click', act);
    return made;
  };
  const revoke = button('Revoke', async () => {
    if (revoke.getAttribute('aria-disabled') === 'true') return;
    await change('POST', '/api/revocations', { token: one.token }, `Revoked ${short}`);
  });
  revoke.classList.add('revoke');
  const copies = [
    button('Copy token', () => copy(one.token, 'the token')),
    button('Copy curl', () => copy(command(one.token), 'the curl command')),
  ];
  cell('Actions', element('div', { className: 'buttons' }, ...copies, revoke)).classList.add('actions');
  return row;
}

function updateTokenRow(row, one) {
  const status = row.querySelector('.status');
  const format = one.format === 'jwt' ? 'JWT' : 'opaque';
  status.textContent = `${one.status}, ${format}`;
  status.classList.toggle('good', one.status === 'active');
  status.classList.toggle('bad', one.status !== 'active');
  // It stays focusable, so that the focus is not lost with a revocation.
  row.querySelector('.revoke').setAttribute('aria-disabled', one.status === 'revoked');
}

// A command of a POSIX shell.
function command(token) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  return `curl -i ${quoted(find('url').value)} -H ${quoted(`Authorization: Bearer ${token}`)}`;
}

async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    say(`Copied ${what}`);
  } catch {
    say(`The browser does not permit copying: select ${what} and copy it`, true);
  }
}

function fillFaults() {
  const { endpoint, fault } = find('fault').elements;
  const selected = fault.value;
  const groups = new Map();
  for (const one of description.faults) {
    if (one.introspection_only && endpoint.value !== 'introspection') continue;
    if (!groups.has(one.group)) groups.set(one.group, element('optgroup', { label: one.group }));
    groups.get(one.group).append(new Option(one.text, one.name, false, one.name === selected));
  }
  fault.replaceChildren(...groups.values());
}

function listen() {
  const mint = find('mint');
  mint.addEventListener('submit', async (event) => {
    event.preventDefault();
    const { subject, client_id, scopes, audience, lifetime_s, format, status } = mint.elements;
    const answer = await change('POST', '/api/tokens', {
      subject: subject.value,
      client_id: client_id.value,
      scopes: scopes.value,
      audience: audience.value,
      lifetime_s: lifetime_s.valueAsNumber,
      format: format.value,
      status: status.value,
    }, 'Minted a token');
    if (!answer) return;
    find('token').textContent = answer.token;
    find('command').textContent = command(answer.token);
    find('minted').hidden = false;
    find('minted-title').focus();
  });
  find('url').addEventListener('input', () => {
    if (find('token').textContent) find('command').textContent = command(find('token').textContent);
  });
  const fault = find('fault');
  fault.elements.endpoint.addEventListener('change', fillFaults);
  fault.addEventListener('submit', (event) => {
    event.preventDefault();
    const { endpoint, fault: chosen } = fault.elements;
    const words = `${endpoint.selectedOptions[0].text}: ${chosen.selectedOptions[0].text}`;
    change('PUT', '/api/faults', { endpoint: endpoint.value, fault: chosen.value }, `Switched on: ${words}`);
  });
  find('switch-running').addEventListener('click', ({ target }) => {
    const running = target.dataset.running !== 'true';
    change('PUT', '/api/running', { running }, running ? 'The server runs again' : 'The server is stopped');
  });
  for (const button of document.querySelectorAll('[data-copy]')) {
    button.addEventListener('click', () => copy(find(button.dataset.copy).textContent, button.textContent.slice(5)));
  }
}

async function start() {
  try {
    description = await request('GET', '/api/description');
  } catch (error) {
    say(error.message, true);
    return;
  }
  find('environment').textContent = description.environment;
  const { scopes, audience, format } = find('mint').elements;
  scopes.value = description.scopes;
  audience.value = description.resource;
  format.value = description.format;
  find('url').value = description.url;
  find('fault').elements.endpoint.append(...description.endpoints.map((one) => new Option(one.text, one.name)));
  fillFaults();
  listen();
  await refresh();
  setInterval(() => document.hidden || refresh(), INTERVAL_MS);
  document.addEventListener('visibilitychange', () => document.hidden || refresh());
}

start();
