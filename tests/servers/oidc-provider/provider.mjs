// oidc-provider with resource indicators (RFC 8707), introspection and revocation:
// node provider.mjs PORT, with the scopes in SCOPES.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { Provider } from 'oidc-provider';

const port = process.argv[2];
const scope = process.env.SCOPES;
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const client = (client_id) => ({
  client_id,
  client_secret: `${client_id}-secret`,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
});
const isShort = (client) => client.clientId.startsWith('short');

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: ['journal', 'caller', 'caller-jwt', 'short', 'short-jwt'].map(client),
  scopes: scope.split(' '),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    revocation: { enabled: true },
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
  jwks: { keys: [privateKey.export({ format: 'jwk' })] },
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  cookies: { keys: [randomBytes(32).toString('hex')] },
});
provider.on('server_error', (_context, error) => console.error(error));
provider.listen(port, '127.0.0.1');
