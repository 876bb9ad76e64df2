// A browser whose user agrees to everything.

export class HttpBrowser {
  // Nothing listens there: the redirect is read, not followed.
  callback = 'http://127.0.0.1:8123/callback';
  #transcript;

  constructor(transcript) {
    this.#transcript = transcript;
  }

  async open(url) {
    const response = await fetch(url, { redirect: 'manual' });
    this.#transcript.authorization(url, response.status);
    const location = response.headers.get('location') ?? '';
    if (!location.startsWith(`${this.callback}?`)) throw new Error(`sent to ${location}`);
    this.answer = new URL(location).searchParams;
  }

  async close() {}
}
