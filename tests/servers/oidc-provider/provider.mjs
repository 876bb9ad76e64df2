// oidc-provider with resource indicators (RFC 8707), introspection and revocation, and with tokens that are bound to
// a key (RFC 9449) or a certificate (RFC 8705), that state the login (RFC 9470), or that have details (RFC 9396):
// node provider.mjs PORT TLS_PORT, with the scopes in SCOPES and the certificate in CERTIFICATE and KEY.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { Provider, errors } from 'oidc-provider';

const [port, tlsPort] = process.argv.slice(2);
const scope = process.env.SCOPES;
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const client = (client_id) => ({
  client_id,
  client_secret: `${client_id}-secret`,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
});
// A client with the browser of a user.
const application = (client_id) => ({
  client_id,
  token_endpoint_auth_method: 'none',
  authorization_details_types: ['journal_print'],
  redirect_uris: [process.env.REDIRECT_URI],
});
const isShort = (client) => client.clientId.startsWith('short');

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    ...['journal', 'caller', 'caller-jwt', 'short', 'short-jwt'].map(client),
    ...['app', 'app-jwt'].map(application),
    ...['certified', 'certified-jwt'].map((name) => ({ ...client(name), tls_client_certificate_bound_access_tokens: true })),
  ],
  scopes: ['openid', ...scope.split(' ')],
  acrValues: ['phr'],
  // Access tokens do not state the login otherwise.
  extraTokenClaims: ({ oidc: { entities: { AuthorizationCode: code } } }) =>
    code && { acr: code.acr, auth_time: code.authTime },
  discovery: {
    mtls_endpoint_aliases: { token_endpoint: `https://127.0.0.1:${tlsPort}/token` },
  },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    dPoP: { enabled: true },
    introspection: { enabled: true },
    mTLS: {
      enabled: true,
      certificateBoundAccessTokens: true,
      getCertificate: ({ socket }) => socket.getPeerX509Certificate?.()?.toString(),
    },
    revocation: { enabled: true },
    richAuthorizationRequests: {
      enabled: true,
      types: {
        journal_print: {
          validate: (_context, { copies, recipient }) => {
            if (!Number.isInteger(copies) || typeof recipient !== 'string') {
              throw new errors.InvalidAuthorizationDetails('a journal_print has copies and a recipient');
            }
          },
        },
      },
      // What the user consented to is granted, and is in each token of the grant.
      authorizationDetailsForGrantSource: ({ oidc }) => JSON.parse(oidc.params.authorization_details),
      authorizationDetailsForAccessToken: (_context, _token, source) => source?.rar,
      authorizationDetailsForIntrospection: (_context, token) => token.rar,
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: async () => undefined,
      getResourceServerInfo: async (_context, audience, client) => ({
        scope,
        audience,
        accessTokenTTL: isShort(client) ? 5 : 3600,
        accessTokenFormat: client.clientId.endsWith('-jwt') ? 'jwt' : 'opaque',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
  interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
  findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  jwks: { keys: [privateKey.export({ format: 'jwk' })] },
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  cookies: { keys: [randomBytes(32).toString('hex')] },
});

// The user logs in at once, as requested, and consents to everything. With `login_hint=earlier` it was an hour ago.
provider.use(async (context, next) => {
  if (!context.path.startsWith('/interaction/')) return next();
  const { prompt, params } = await provider.interactionDetails(context.req, context.res);
  const login = {
    accountId: 'alice',
    acr: params.acr_values?.split(' ').find((value) => value === 'phr'),
    ts: Math.floor(Date.now() / 1000) - (params.login_hint === 'earlier' ? 3600 : 0),
  };
  const grant = new provider.Grant({ accountId: 'alice', clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  grant.addResourceScope(params.resource, params.scope);
  const consent = { grantId: await grant.save() };
  const result = prompt.name === 'login' ? { login, consent } : { consent };
  context.redirect(await provider.interactionResult(context.req, context.res, result));
});
provider.on('server_error', (_context, error) => console.error(error));
const tls = { cert: readFileSync(process.env.CERTIFICATE), key: readFileSync(process.env.KEY), requestCert: true, rejectUnauthorized: false };
createServer(tls, provider.callback()).listen(tlsPort, '127.0.0.1', () => provider.listen(port, '127.0.0.1'));
