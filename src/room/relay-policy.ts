/**
 * How much this member carries of what others say to each other: something, if its page lets it, and it costs the visitor neither money nor
 * the last of a battery; more, if it is a machine that is plugged in and has the cores for it.
 */
import type {Listen} from '../mesh/listen.js';
import {declines, type RelayOption} from './types.js';

/** Such a machine does not notice a few more messages. */
const MANY_CORES = 4;
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
  readonly hardwareConcurrency?: number;
}

interface RelayPolicyEventMap {
  /** `capacity` is another now. */
  change: Event;
}

export class RelayPolicy extends EventTarget {
  declare addEventListener: Listen<RelayPolicyEventMap>;
  readonly #device: Device;
  #option: RelayOption;
  #battery: Battery | undefined;
  #watching: AbortController | undefined;
  #told: number;

  /** @param option - what the page wants. */
  constructor(option: RelayOption = true, device: Device = globalThis.navigator ?? {}) {
    super();
    this.#option = option;
    this.#device = device;
    this.#told = this.capacity;
  }

  /** What the page wants; may change at any time. */
  get option(): RelayOption {
    return this.#option;
  }

  set option(option: RelayOption) {
    this.#option = option;
    this.#look();
  }

  /** 0 for nothing, 1 for what anybody can, 2 for more. A browser that does not tell of power, as most, says 1. */
  get capacity(): number {
    if (declines(this.#option) || this.#isMetered || this.#isLow) return 0;
    const isStrong = this.#battery?.charging === true && (this.#device.hardwareConcurrency ?? 0) >= MANY_CORES;
    return isStrong ? 2 : 1;
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
    const {capacity} = this;
    if (capacity === this.#told) return;
    this.#told = capacity;
    this.dispatchEvent(new Event('change'));
  };
}
