/**
 * The browser's connections for the links of one member in one room. One is made before it is needed, so that no offer waits for it.
 * All share a DTLS certificate: making one for each connection is half of what a connection costs to set up (measured in Chromium: 14
 * connections in 70 ms, with one certificate in 23 ms).
 */

/** What simple-peer takes for the browser's WebRTC. */
export interface WebRtc {
  readonly RTCPeerConnection: typeof RTCPeerConnection;
  readonly RTCSessionDescription: typeof RTCSessionDescription;
  readonly RTCIceCandidate: typeof RTCIceCandidate;
}

/** Hears of what is made. */
export interface Tap {
  connection(connection: RTCPeerConnection): void;
  /** A channel of this side. */
  channel(channel: RTCDataChannel): void;
}

/** A certificate is renewed when less than this is left of its 30 days; no link lasts that long. */
const MIN_VALIDITY_MS = 24 * 60 * 60 * 1000;
/** The next one is made when no link was begun or opened for so long: who comes with others does not wait for it. */
const QUIET_MS = 1_000;

// Where there is no WebRTC, the room joins all the same, by ways around.
const Base = (globalThis.RTCPeerConnection as typeof RTCPeerConnection | undefined) ?? (Object as unknown as typeof RTCPeerConnection);

class Connection extends Base {
  tap: Tap | undefined;

  override createDataChannel(label: string, init?: RTCDataChannelInit): RTCDataChannel {
    const channel = super.createDataChannel(label, init);
    this.tap?.channel(channel);
    return channel;
  }
}

export class Connections {
  #certificate: RTCCertificate | undefined;
  #ready: Connection | undefined;
  /** What it was made with: the last that somebody asked for. */
  #configuration: RTCConfiguration = {iceServers: []};
  #timer: ReturnType<typeof setTimeout> | undefined;
  #busyAt = 0;
  #closed = false;

  constructor() {
    this.#renew();
  }

  /** Nobody needs another one. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#drop();
  }

  /** simple-peer's documented way to bring one's own WebRTC is also the one way to the connection that it makes. */
  webRtcFor(tap: Tap): WebRtc {
    const take = (configuration: RTCConfiguration): RTCPeerConnection => {
      const connection = this.#take(configuration);
      connection.tap = tap;
      tap.connection(connection);
      return connection;
    };
    return {
      // Called with `new`; what it returns takes the place of what that would have made.
      RTCPeerConnection: function (configuration: RTCConfiguration) {
        return take(configuration);
      } as unknown as typeof RTCPeerConnection,
      RTCSessionDescription,
      RTCIceCandidate,
    };
  }

  #take(configuration: RTCConfiguration): Connection {
    if (this.#certificate && this.#certificate.expires - Date.now() < MIN_VALIDITY_MS) this.#renew();
    const ready = this.#ready;
    this.#ready = undefined;
    this.busy();
    const isAsAsked = isSame(configuration, this.#configuration);
    this.#configuration = configuration;
    const complete = this.#complete(configuration);
    try {
      // As dear as a channel, also where nothing changes.
      if (!isAsAsked) ready?.setConfiguration(complete);
      if (ready) return ready;
    } catch {
      ready!.close();
    }
    return new Connection(complete);
  }

  /** A link was begun, or has opened: others are on their way, as a rule. */
  busy(): void {
    this.#busyAt = performance.now();
    this.#timer ??= setTimeout(this.#whenQuiet, QUIET_MS);
  }

  readonly #whenQuiet = (): void => {
    const left = this.#busyAt + QUIET_MS - performance.now();
    this.#timer = left > 0 ? setTimeout(this.#whenQuiet, left) : undefined;
    if (left <= 0) this.#prepare();
  };

  /** The certificate is there also when nothing else of it is new: Firefox takes its absence for a change, which there cannot be. */
  #complete(configuration: RTCConfiguration): RTCConfiguration {
    return {...configuration, ...this.#certificate && {certificates: [this.#certificate]}};
  }

  #prepare(): void {
    if (this.#closed) return;
    try {
      this.#ready ??= new Connection(this.#complete(this.#configuration));
    } catch {
      // Chromium makes only so many; whoever needs one is told.
    }
  }

  #drop(): void {
    this.#ready?.close();
    this.#ready = undefined;
  }

  #renew(): void {
    this.#certificate = undefined;
    // Until it is there, or where it cannot be made, every connection makes its own.
    RTCPeerConnection.generateCertificate({name: 'ECDSA', namedCurve: 'P-256'} as AlgorithmIdentifier).then(made => {
      this.#certificate = made;
      this.#drop();
      this.#prepare();
    }, () => undefined);
  }
}

/** Whether two come to the same for a connection. */
const isSame = (one: RTCConfiguration, other: RTCConfiguration): boolean =>
  one.iceTransportPolicy === other.iceTransportPolicy && JSON.stringify(one.iceServers) === JSON.stringify(other.iceServers);
