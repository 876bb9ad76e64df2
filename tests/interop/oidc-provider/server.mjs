// An authorization server that nobody here wrote: oidc-provider on a free loopback port.
//
//   node server.mjs [PATH]
//
// PATH, as in /realms/journal, becomes the path of the issuer. Then the metadata is where OpenID
// Connect Discovery looks for it, and not where RFC 8414 does.
//
// Standard output carries JSON, one object a line, and nothing else. The first line says where the
// server is and which clients it knows. Every line on standard input is a command, answered by one
// line:
//
//   {"clock": -3600}   the server's clock, in seconds relative to the machine's
//
// A moved clock makes an expired token without waiting, in either direction: forward, the server
// calls the token inactive; set back while it issues one, it calls active what expired long ago.
//
// The process ends when its standard input does, so that it never outlives its test.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

// oidc-provider advises with these against a set-up like this one. What goes wrong is an error.
console.info = console.warn = () => {};
const { Provider } = await import('oidc-provider');

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

let clock = 0;
const machine = Date.now;
Date.now = () => machine() + clock * 1000;

const scopes = ['user:read', 'entries:read', 'entries:write', 'tags:read', 'tags:write'];
const lifetime = 600;

// The ids and secrets hold what HTTP Basic and form encoding disagree about (RFC 6749, section
// 2.3.1). oidc-provider takes the characters of RFC 6749, appendix A, and so nothing beyond ASCII.
const clients = {
  basic: {
    client_id: 'journal: reads+writes 100%',
    client_secret: 'b:a%73+i c&="/?~',
    token_endpoint_auth_method: 'client_secret_basic',
  },
  post: {
    client_id: 'journal&id=post',
    client_secret: 'p%6Fs+t : = & ?',
    token_endpoint_auth_method: 'client_secret_post',
  },
  caller: {
    client_id: 'caller',
    client_secret: 'caller-secret',
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['client_credentials'],
  },
};

const path = process.argv[2] ?? '';
const server = createServer();
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${server.address().port}${path}`;

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const provider = new Provider(issuer, {
  clients: Object.values(clients).map((client) => ({
    grant_types: [],
    redirect_uris: [],
    response_types: [],
    ...client,
  })),
  scopes,
  clientAuthMethods: ['client_secret_basic', 'client_secret_post'],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true, allowedPolicy: async () => true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      // No resource asked for, none granted: a token without an audience.
      defaultResource: async () => undefined,
      // Every resource server there is has the scopes of the journal.
      getResourceServerInfo: async (_ctx, resource) => ({
        scope: scopes.join(' '),
        audience: resource,
        accessTokenFormat: 'opaque',
      }),
    },
  },
  ttl: { ClientCredentials: lifetime },
  jwks: { keys: [privateKey.export({ format: 'jwk' })] },
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  cookies: { keys: [randomBytes(32).toString('hex')] },
});
provider.on('server_error', (_ctx, error) => console.error(error));
const answer = provider.callback();
server.on('request', (request, response) => {
  if (request.url.startsWith(`${path}/`)) {
    request.originalUrl = request.url;
    request.url = request.url.slice(path.length);
    answer(request, response);
  } else {
    response.writeHead(404).end();
  }
});

say({
  issuer,
  token_endpoint: `${issuer}/token`,
  introspection_endpoint: `${issuer}/token/introspection`,
  revocation_endpoint: `${issuer}/token/revocation`,
  lifetime,
  clients: Object.fromEntries(
    Object.entries(clients).map(([name, { client_id: id, client_secret: secret }]) => [
      name,
      { id, secret },
    ]),
  ),
});

for await (const line of createInterface({ input: process.stdin })) {
  ({ clock } = JSON.parse(line));
  say({ clock });
}
process.exit();
