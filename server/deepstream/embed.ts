import type {
  DeepstreamAuthentication, DeepstreamAuthenticationResult, DeepstreamServices, SubscriptionRegistry,
} from '@deepstream/types';
import {ServerError} from '../errors.js';
import type {Handshake} from './connection.js';
import type {Connection} from './connection.js';
import {loadDeepstream} from './load.js';
import {LoneStates} from './lone-states.js';
import {STATE_REGISTRY_TOPIC, TOPIC} from './protocol.js';
import type {SocketHub} from './socket-hub.js';

export const ENDPOINT_PATH = '/deepstream';

export interface EmbeddedDeepstream {
  readonly services: Readonly<DeepstreamServices>;
  /** Who is subscribed to which List, and to which event. */
  readonly listSubscriptions: SubscriptionRegistry;
  readonly eventSubscriptions: SubscriptionRegistry;
  /** Closes every socket, then deepstream. */
  stop(): Promise<void>;
}

/** Lets everybody in; `logIn` decides who a socket speaks for and what its client is told. */
class OpenDoor implements DeepstreamAuthentication {
  readonly description = 'Mesh Room logins';
  readonly #logIn: LogIn;
  #count = 0;

  constructor(logIn: LogIn) {
    this.#logIn = logIn;
  }

  async whenReady(): Promise<void> {}

  async close(): Promise<void> {}

  async isValidUser({connection}: Handshake, login: unknown): Promise<DeepstreamAuthenticationResult> {
    const clientData = this.#logIn(connection, login as Readonly<Record<string, unknown>>) as Record<string, never>;
    this.#count += 1;
    return {isValid: true, id: `socket-${this.#count}`, clientData};
  }
}

/** Takes a login, which always succeeds. @returns what the client's `login()` resolves to */
export type LogIn = (connection: Connection, login: Readonly<Record<string, unknown>>) => object;

/**
 * Runs deepstream inside this process without a port of its own: `hub` brings it the sockets.
 * @throws {ServerError} `engine-failed`
 */
export async function embedDeepstream(hub: SocketHub, logIn: LogIn): Promise<EmbeddedDeepstream> {
  const Deepstream = await loadDeepstream();
  // A configuration that deepstream finds invalid ends the process, hence nothing of this comes from outside.
  const server = new Deepstream({
    showLogo: false,
    exitOnFatalError: false,
    logger: {type: 'default', options: {colors: false, logLevel: 'OFF'}},
    telemetry: {type: 'deepstreamIO', options: {enabled: false}},
    connectionEndpoints: [{type: 'ws-binary', options: {urlPath: ENDPOINT_PATH, unauthenticatedClientTimeout: false}}],
    auth: [{type: 'none', options: {}}],
    permission: {type: 'none', options: {}},
    enabledFeatures: {record: true, event: true, rpc: false, presence: false, monitoring: false},
  });
  server.set('httpService', hub);
  server.set('authentication', new OpenDoor(logIn));
  server.set('clusterStates', new LoneStates());
  // Each of six registries starts two intervals that nothing ever clears; with 0 none is started. (Its schema wants 50 or more.)
  server.set('subscriptions.options.subscriptionsSanityTimer', 0);
  const services = hub.services = server.getServices();
  await new Promise<void>((resolve, reject) => {
    server.once('started', resolve);
    server.once('FATAL_EXCEPTION', () => reject(new ServerError('engine-failed', 'The embedded deepstream server did not start.')));
    server.start();
  });
  const {subscriptions} = services;
  return {
    services,
    listSubscriptions: subscriptions.getSubscriptionRegistry(TOPIC.RECORD, STATE_REGISTRY_TOPIC.RECORD_SUBSCRIPTIONS),
    eventSubscriptions: subscriptions.getSubscriptionRegistry(TOPIC.EVENT, STATE_REGISTRY_TOPIC.EVENT_SUBSCRIPTIONS),
    stop: () => new Promise(resolve => {
      server.once('stopped', resolve);
      server.stop();
    }),
  };
}
