// Better Auth with its OAuth provider: node provider.mjs PORT, with the scopes in SCOPES and the resources in
// RESOURCES. Tokens with the scope `short` are short-lived. POST /rotate makes the signing key expire.
// Writes the clients as one line of JSON.
import { createServer } from 'node:http';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { toNodeHandler } from 'better-auth/node';
import { jwt } from 'better-auth/plugins';
import { oauthProvider } from '@better-auth/oauth-provider';

const port = process.argv[2];
const baseURL = `http://127.0.0.1:${port}`;
const scopes = [...process.env.SCOPES.split(' '), 'short'];
const resources = process.env.RESOURCES.split(' ');
const models = ['user', 'session', 'account', 'verification', 'jwks', 'rateLimit', 'oauthClient', 'oauthAccessToken',
  'oauthRefreshToken', 'oauthConsent', 'oauthResource', 'oauthClientResource', 'oauthClientAssertion'];
const database = Object.fromEntries(models.map((model) => [model, []]));
const auth = betterAuth({
  baseURL,
  secret: 'a secret for tests that is long enough',
  database: memoryAdapter(database),
  emailAndPassword: { enabled: true },
  disabledPaths: ['/token'],
  telemetry: { enabled: false },
  rateLimit: { enabled: false },
  plugins: [
    jwt(),
    oauthProvider({
      loginPage: '/login',
      consentPage: '/consent',
      scopes: ['openid', ...scopes],
      scopeExpirations: { short: '5s' },
      resources,
      clientPrivileges: () => true,
      resourcePrivileges: () => true,
      silenceWarnings: { oauthAuthServerConfig: true, openidConfig: true },
    }),
  ],
});

// Clients belong to a user.
const signUp = { email: 'owner@example.com', password: 'correct horse battery', name: 'Owner' };
const { headers } = await auth.api.signUpEmail({ body: signUp, returnHeaders: true });
const cookie = headers.getSetCookie().map((cookie) => cookie.split(';')[0]).join('; ');
const owner = new Headers({ cookie, origin: baseURL, host: `127.0.0.1:${port}` });
const clients = {};
for (const name of ['journal', 'caller']) {
  const body = {
    client_name: name,
    redirect_uris: ['https://app.example/callback'],
    grant_types: ['authorization_code', 'client_credentials'],
    scope: scopes.join(' '),
    client_credentials_scopes: scopes,
  };
  clients[name] = await auth.api.adminCreateOAuthClient({ headers: owner, body });
  for (const identifier of resources) {
    const params = { identifier, client_id: clients[name].client_id };
    await auth.api.adminLinkClientResource({ headers: owner, params, body: {} });
  }
}
const handler = toNodeHandler(auth);
const server = createServer((request, response) => {
  if (request.url === '/rotate') {
    // The next token is signed with a new key; the key set keeps the old one.
    for (const key of database.jwks) key.expiresAt = new Date();
    response.end();
  } else {
    handler(request, response);
  }
});
server.listen(port, '127.0.0.1', () => console.log(JSON.stringify(clients)));
