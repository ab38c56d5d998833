/**
 * What is used of the packages in `bench/package.json`, so that this project's types can be checked where those are not installed.
 * They win over the packages' own.
 */

declare module '@trystero-p2p/core' {
  export interface Action {
    send(data: string | ArrayBuffer, options?: {readonly target?: string}): Promise<void>;
    onMessage: ((data: string | Uint8Array | ArrayBuffer, context: {readonly peerId: string}) => void) | null;
  }

  export interface Room {
    makeAction(name: string): Action;
    leave(): Promise<void>;
    onPeerJoin: ((id: string) => void) | null;
    onPeerLeave: ((id: string) => void) | null;
  }

  export interface Config {
    readonly appId: string;
    readonly relayConfig: {readonly urls: readonly string[]};
    readonly rtcConfig?: RTCConfiguration;
    readonly _test_only_sharedPeerIdleMs?: number;
  }

  export interface TopicStrategy<Relay> {
    init(config: Config): Promise<Relay>;
    subscribeTopic(relay: Relay, topic: string, onMessage: (topic: string, payload: string) => void): () => void;
    publishTopic(relay: Relay, topic: string, payload: string): void;
  }

  export function createTopicStrategy<Relay>(strategy: TopicStrategy<Relay>): (config: Config, room: string) => Room;
}

declare module 'peerjs' {
  export interface DataConnection {
    readonly peer: string;
    readonly open: boolean;
    on(event: 'open' | 'close' | 'error', run: () => void): void;
    on(event: 'data', run: (data: string | ArrayBuffer) => void): void;
    send(data: string | ArrayBuffer): Promise<void> | void;
    close(): void;
  }

  export class Peer {
    constructor(id: string, options: {
      readonly host: string; readonly port: number; readonly path: string; readonly key: string;
      readonly config: RTCConfiguration; readonly debug: number;
    });
    connect(id: string, options: {readonly reliable: boolean}): DataConnection;
    listAllPeers(done: (ids: readonly string[]) => void): void;
    on(event: 'open', run: () => void): void;
    on(event: 'error', run: (error: Error) => void): void;
    on(event: 'connection', run: (connection: DataConnection) => void): void;
    destroy(): void;
  }
}

declare module 'yjs' {
  interface YEvent {
    readonly changes: {readonly delta: readonly {readonly insert?: unknown}[]};
  }

  export interface YArray {
    push(items: readonly unknown[]): void;
    observe(run: (event: YEvent, transaction: {readonly local: boolean}) => void): void;
  }

  export class Doc {
    getArray(name: string): YArray;
    destroy(): void;
  }
}

declare module 'y-webrtc' {
  import type {Doc} from 'yjs';

  interface WebrtcConn {
    readonly connected: boolean;
    readonly peer: {on(event: 'connect', run: () => void): void};
  }

  export class WebrtcProvider {
    constructor(room: string, doc: Doc, options: {
      readonly signaling: readonly string[]; readonly maxConns: number; readonly filterBcConns: boolean; readonly peerOpts: object;
    });
    on(event: 'peers', run: () => void): void;
    readonly room: {readonly webrtcConns: ReadonlyMap<string, WebrtcConn>} | null;
    disconnect(): void;
    destroy(): void;
  }
}

declare module 'simple-peer/simplepeer.min.js' {
  export {default} from 'simple-peer';
}

declare module '@deepstream/client/dist/bundle/ds.min.js' {
  export {DeepstreamClient} from '@deepstream/client';
}

declare module 'peer' {
  import type {Server} from 'node:http';

  export function PeerServer(
    options: {readonly port: number; readonly host: string; readonly path: string; readonly allow_discovery: boolean},
    listening: (server: Server) => void): unknown;
}
