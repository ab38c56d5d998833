/** TURN servers and credentials that expire, which a server hands out at `ice` beside its endpoint: draft-uberti-behave-turn-rest-00. */

/** Longest wait for them, in milliseconds: an offer waits too, and most pairs need none. */
const ASK_MS = 2_000;
/** They are asked for anew so many milliseconds before they expire, or half of their time if that is less: an attempt takes up to 15 s. */
const MARGIN_MS = 60_000;
/** More than any site has, and few enough for a browser, which warns of five. */
const MAX_URIS = 16;

export type Ask = (url: string, init: RequestInit) => Promise<Response>;

export class TurnServers {
  readonly #url: string;
  readonly #ask: Ask;
  readonly #now: () => number;
  #servers: readonly RTCIceServer[] = [];
  /** When they have to be asked for again. */
  #until = -Infinity;
  #asking: Promise<readonly RTCIceServer[]> | undefined;

  /** @param endpoint the room's, `ws:` or `wss:`. */
  constructor(endpoint: string, ask: Ask = (url, init) => fetch(url, init), now: () => number = Date.now) {
    this.#url = new URL('ice', endpoint.replace(/^ws/, 'http')).href;
    this.#ask = ask;
    this.#now = now;
  }

  /** Those that are good now: at once, or once the server has been asked. None where it does not say; never rejects. */
  get(): readonly RTCIceServer[] | Promise<readonly RTCIceServer[]> {
    if (this.#now() < this.#until) return this.#servers;
    // Everybody whom this member links to at one time asks once.
    return this.#asking ??= this.#fetch().finally(() => void (this.#asking = undefined));
  }

  async #fetch(): Promise<readonly RTCIceServer[]> {
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), ASK_MS);
    const askedAt = this.#now();
    try {
      const init: RequestInit = {cache: 'no-store', credentials: 'omit', referrerPolicy: 'no-referrer', signal: giveUp.signal};
      const response = await this.#ask(this.#url, init);
      const answer = response.ok ? readAnswer(await response.json()) : undefined;
      if (!answer) return [];
      const {ttl, ...server} = answer;
      this.#servers = [server];
      this.#until = askedAt + Math.max(ttl * 1000 - MARGIN_MS, ttl * 500);
      return this.#servers;
    } catch {
      return []; // No answer, or no JSON: links are tried without, and the next attempt asks again.
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What a server said, if browsers can use it: they throw at an address of another kind, and no link would come about at all. */
function readAnswer(value: unknown): (RTCIceServer & {readonly ttl: number}) | undefined {
  const {username, password, ttl, uris} = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const isUri = (uri: unknown): uri is string => typeof uri === 'string' && /^turns?:[^\s/@#]+$/i.test(uri);
  if (!Array.isArray(uris) || uris.length === 0 || uris.length > MAX_URIS || !uris.every(isUri)) return undefined;
  if (typeof username !== 'string' || typeof password !== 'string' || typeof ttl !== 'number' || !(ttl > 0)) return undefined;
  return {urls: uris, username, credential: password, ttl};
}
