// What a client sends, what it is answered, and what its user sees, one line each.

// Requests that come whenever they like, or not at all.
const untold = new Set(['notifications/initialized', 'notifications/cancelled']);

export class Transcript {
  #journal;
  #authorizationServer;

  constructor(resource) {
    this.resource = resource;
    this.#journal = new URL(resource).origin;
  }

  // Takes the place of fetch.
  fetch = async (input, init) => {
    const request = new Request(input, init);
    const told = await this.#asked(request);
    // Not the copy: once that is garbage, nobody can abort its answer any more, and a stream would keep
    // the client running for ever.
    const response = await fetch(input, init);
    if (request.url.includes('/.well-known/oauth-protected-resource') && response.ok) {
      const metadata = await response.clone().json();
      this.#authorizationServer = metadata.authorization_servers[0].replace(/\/$/, '');
    }
    if (told) {
      const challenge = response.headers.get('www-authenticate');
      this.say(`${told} -> ${response.status}${challenge ? `\n  ${challenge}` : ''}`);
    }
    return response;
  };

  // An authorization request, which the browser sends.
  authorization(url, status) {
    this.say(`GET ${url.origin}${url.pathname}${parameters(url.searchParams)} -> ${status}`);
  }

  async #asked(request) {
    const url = new URL(request.url);
    const ofMcp = request.url.startsWith(`${this.#journal}/mcp`);
    // The stream of a session.
    if (ofMcp && request.method === 'GET') return;
    let what = `${request.method} ${url.origin}${url.pathname}`;
    const type = request.headers.get('content-type') ?? '';
    if (type.startsWith('application/x-www-form-urlencoded')) {
      what += parameters(new URLSearchParams(await request.text()));
    } else if (ofMcp && type.startsWith('application/json')) {
      const { method, params = {} } = await request.json();
      if (untold.has(method)) return;
      const name = params.name ?? params.uri;
      what += ` ${method}${name ? ` ${name}` : ''}`;
    }
    const version = request.headers.get('mcp-protocol-version');
    return what + (version ? ` (${version})` : '');
  }

  say(line) {
    line = line.replaceAll(this.#journal, 'JOURNAL');
    if (this.#authorizationServer) line = line.replaceAll(this.#authorizationServer, 'AUTH');
    console.log(line.replace(/[\w-]{43}/, 'RANDOM'));
  }
}

function parameters(all) {
  return ['grant_type', 'scope', 'resource']
    .flatMap((key) => all.getAll(key).map((value) => ` ${key}='${value}'`))
    .join('');
}
