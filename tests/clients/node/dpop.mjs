// openid-client with DPoP and nonces: the whole authorization-code flow with PKCE, then the REST API and the MCP server.
//
// usage: dpop.mjs URL

import * as client from 'openid-client';

import { Transcript } from './transcript.mjs';

const [resource] = process.argv.slice(2);
const origin = new URL(resource).origin;
const transcript = new Transcript(resource);
const scope = 'user:read entries:read entries:write';

async function told(what, step) {
  try {
    const answer = await step();
    transcript.say(`# ${what}: ${answer instanceof Response ? await described(answer) : answer}`);
  } catch (error) {
    transcript.say(`# ${what}: ${error.name}: ${error.error ?? error.cause?.[0]?.parameters.error ?? error.message}`);
  }
}

async function described(response) {
  const nonce = response.headers.has('dpop-nonce') ? ', with a nonce' : '';
  const text = (await response.text()).replaceAll(/[\w-]{43}/g, 'RANDOM').replaceAll(/\b\d{10}\b/g, 'TIME');
  return `${response.status}${nonce} ${text.trim()}`;
}

// What the journal says about itself.
const described_by = `${origin}/.well-known/oauth-protected-resource${new URL(resource).pathname}`;
const metadata = await (await transcript.fetch(described_by)).json();
transcript.say(`# proofs: ${metadata.dpop_signing_alg_values_supported}`);
const issuer = new URL(metadata.authorization_servers[0]);

// Any port of a loopback redirect URI is accepted (RFC 8252 §7.3).
const redirectUri = 'http://127.0.0.1/callback';
const config = await client.dynamicClientRegistration(
  issuer,
  {
    client_name: 'openid-client',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'none',
    dpop_bound_access_tokens: true,
  },
  client.None(),
  { algorithm: 'oauth2', execute: [client.allowInsecureRequests], [client.customFetch]: transcript.fetch },
);
config[client.customFetch] = transcript.fetch;
const keyOf = async () => client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
const [own, other] = [await keyOf(), await keyOf()];

async function authorize() {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope,
    resource,
    state: expectedState,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    dpop_jkt: await own.calculateThumbprint(),
  });
  const response = await fetch(url, { redirect: 'manual' });
  transcript.authorization(url, response.status);
  return [new URL(response.headers.get('location')), { pkceCodeVerifier, expectedState }];
}

// A code is of use to the holder of the key only.
const stolen = await authorize();
await told('with a stolen code', () => client.authorizationCodeGrant(config, ...stolen, {}, { DPoP: other }));
const tokens = await client.authorizationCodeGrant(config, ...(await authorize()), {}, { DPoP: own });
transcript.say(`# token_type=${tokens.token_type} scope='${tokens.scope}'`);

const send = (token, key, method, path, body, headers) =>
  client.fetchProtectedResource(
    config,
    token,
    new URL(path, origin),
    method,
    body && JSON.stringify(body),
    new Headers({ ...(body && { 'content-type': 'application/json' }), ...headers }),
    { DPoP: key },
  );
const token = tokens.access_token;
await told('me', () => send(token, own, 'GET', '/me'));
const entry = { title: 'Monday', content: 'It rained.', tags: ['weather'] };
await told('create', () => send(token, own, 'POST', '/entries', entry));
await told('list', () => send(token, own, 'GET', '/entries'));
// The query is no part of a proof: what is refused is the scope.
await told('list of another user', () => send(token, own, 'GET', '/entries?owner=bob'));
await told('tags', () => send(token, own, 'GET', '/tags'));
await told('delete', () => send(token, own, 'DELETE', '/entries/1'));

// A call in the revision 2026-07-28 of the Model Context Protocol.
const call = (key, name, parameters) =>
  send(
    token,
    key,
    'POST',
    '/mcp',
    {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: {
        name,
        arguments: parameters,
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientInfo': { name: 'openid-client', version: '1' },
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    },
    {
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': name,
    },
  );
await told('whoami', () => call(own, 'whoami', {}));
await told('create_entry', () => call(own, 'create_entry', { title: 'Tuesday', content: 'Sun.' }));
await told('list_tags', () => call(own, 'list_tags', {}));

// The token without the key.
await told('with another key', () => send(token, other, 'GET', '/me'));
await told('whoami with another key', () => call(other, 'whoami', {}));
const authorization = `Bearer ${token}`;
await told('as a bearer token', () => transcript.fetch(`${origin}/me`, { headers: { authorization } }));

// The refresh token.
const refresh = (key) => client.refreshTokenGrant(config, tokens.refresh_token, {}, { DPoP: key });
await told('refresh with another key', () => refresh(other));
const refreshed = await refresh(own);
transcript.say(`# refreshed: token_type=${refreshed.token_type} scope='${refreshed.scope}'`);
await told('me', () => send(refreshed.access_token, own, 'GET', '/me'));
