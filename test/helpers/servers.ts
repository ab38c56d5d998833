/** For browser tests under `src/`: the real deepstream servers that the test runner has started. */
export interface TestServers {
  /** Endpoint of this project's own server, such as `ws://127.0.0.1:40123/deepstream`. */
  readonly ours: string;
  /** Endpoint of a stock deepstream server, without any part of ours. */
  readonly stock: string;
}

/** Where the runner serves the above. */
export const SERVERS_PATH = '/__servers.json';

/** The servers' endpoints. They are shared by all tests, so use a room name of your own. */
export async function testServers(): Promise<TestServers> {
  return await (await fetch(SERVERS_PATH)).json() as TestServers;
}
