/**
 * What every contestant of the benchmark implements: five functions that run in a tab, and a server that they talk to.
 * A contestant is `contestants/<name>.ts` (the page) and `servers/<name>.ts` (Node), both named in `servers/index.ts`.
 */

/** Small messages are text, large ones bytes; nobody gets to parse less than the others. */
export type Data = string | ArrayBuffer;

/** What a contestant tells the tab. */
export interface ContestantEvents {
  /** `peers()` changed. */
  peersChange(): void;
  /** One whole message arrived; bytes in one buffer, whatever pieces they travelled in. */
  message(from: string, data: Data): void;
}

/** One peer of one room, in one tab. */
export interface Contestant {
  /** Fetches and readies whatever code joining needs. Happens before any clock starts. */
  load(serverUrl: string): Promise<void>;
  /** Enters the room, connecting to the server anew; resolves when the server knows, links open by themselves. */
  join(room: string, events: ContestantEvents): Promise<void>;
  /** Ids of the peers that a message would reach now. */
  peers(): readonly string[];
  /** Sends to everybody, or to one; resolves when the browser's transport has taken all of it. */
  send(data: Data, to?: string): Promise<void>;
  /** Closes every link and the connection to the server. `join` may be called again afterwards. */
  leave(): Promise<void>;
}

/** The contestant's server, on 127.0.0.1, for as long as its process runs. */
export interface ContestantServer {
  /** Passed to `load`. */
  readonly url: string;
  readonly port: number;
}

/** What `servers/<name>.ts` exports. Port 0 is any that is free. */
export type StartServer = (port: number) => Promise<ContestantServer>;
