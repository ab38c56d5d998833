/**
 * Whether this member carries what others say to each other: if its page lets it, and it costs the visitor neither money nor the last of a
 * battery.
 */
import type {Listen} from '../mesh/listen.js';
import {declines, type RelayOption} from './types.js';

/** A battery with less than that, and nothing to charge it, is kept for its owner. */
const LOW_BATTERY = 0.2;

interface Battery extends EventTarget {
  readonly charging: boolean;
  /** From 0 to 1. */
  readonly level: number;
}

/** What of `navigator` counts; each is missing in some browsers, and then does not. */
export interface Device {
  readonly connection?: EventTarget & {
    /** The visitor has asked for less to be transferred. */
    readonly saveData?: boolean;
    readonly type?: string | undefined;
  };
  readonly getBattery?: () => Promise<Battery>;
}

interface RelayPolicyEventMap {
  /** `relays` is another now. */
  change: Event;
}

export class RelayPolicy extends EventTarget {
  declare addEventListener: Listen<RelayPolicyEventMap>;
  readonly #device: Device;
  #option: RelayOption;
  #battery: Battery | undefined;
  #watching: AbortController | undefined;
  #told: boolean;

  /** @param option - what the page wants. */
  constructor(option: RelayOption = true, device: Device = (globalThis.navigator as Device | undefined) ?? {}) {
    super();
    this.#option = option;
    this.#device = device;
    this.#told = this.relays;
  }

  /** What the page wants; may change at any time. */
  get option(): RelayOption {
    return this.#option;
  }

  set option(option: RelayOption) {
    this.#option = option;
    this.#look();
  }

  get relays(): boolean {
    return !declines(this.#option) && !this.#isMetered && !this.#isLow;
  }

  /** Watches the device until `close()`. */
  open(): void {
    if (this.#watching) return;
    const {signal} = this.#watching = new AbortController();
    const {connection} = this.#device;
    connection?.addEventListener('change', this.#look, {signal});
    this.#device.getBattery?.().then(battery => {
      if (signal.aborted) return;
      this.#battery = battery;
      battery.addEventListener('chargingchange', this.#look, {signal});
      battery.addEventListener('levelchange', this.#look, {signal});
      this.#look();
    }, () => {
      // The page is in a frame that may not ask. Then it does not count.
    });
  }

  close(): void {
    this.#watching?.abort();
    this.#watching = undefined;
  }

  get #isMetered(): boolean {
    const {connection} = this.#device;
    return connection?.saveData === true || connection?.type === 'cellular';
  }

  get #isLow(): boolean {
    const battery = this.#battery;
    return battery !== undefined && !battery.charging && battery.level <= LOW_BATTERY;
  }

  readonly #look = (): void => {
    const {relays} = this;
    if (relays === this.#told) return;
    this.#told = relays;
    this.dispatchEvent(new Event('change'));
  };
}
