import type {StateRegistry, StateRegistryFactory} from '@deepstream/types';
import type {STATE_REGISTRY_TOPIC, TOPIC} from './protocol.js';

type Topic = TOPIC | STATE_REGISTRY_TOPIC;
type Listener = (name: string) => void;

/** How often each name is held on this server. */
class LoneState implements StateRegistry {
  readonly #counts = new Map<string, number>();
  readonly #onAdd: Listener[] = [];
  readonly #onRemove: Listener[] = [];

  async whenReady(): Promise<void> {}

  has(name: string): boolean {
    return this.#counts.has(name);
  }

  add(name: string): void {
    const count = this.#counts.get(name) ?? 0;
    this.#counts.set(name, count + 1);
    if (count === 0) for (const told of this.#onAdd) told(name);
  }

  remove(name: string): void {
    const count = this.#counts.get(name) ?? 0;
    if (count > 1) this.#counts.set(name, count - 1);
    else if (this.#counts.delete(name)) for (const told of this.#onRemove) told(name);
  }

  onAdd(told: Listener): void {
    this.#onAdd.push(told);
  }

  onRemove(told: Listener): void {
    this.#onRemove.push(told);
  }

  getAll(): string[] {
    return [...this.#counts.keys()];
  }

  /** Those that hold it: this one has no name for others to know it by. */
  getAllServers(): string[] {
    return [];
  }

  removeAll(): void {}
}

/**
 * What deepstream asks about the servers of its cluster, where there is one server. Its own answer is right too, but after each new name it
 * adds up a checksum over all names there are, to tell nobody: to let somebody in takes the longer, the more are there.
 */
export class LoneStates implements StateRegistryFactory {
  readonly description = 'Mesh Room states';
  readonly #registries = new Map<Topic, LoneState>();

  init(): void {}

  async whenReady(): Promise<void> {}

  async close(): Promise<void> {}

  getStateRegistry(topic: Topic): StateRegistry {
    const known = this.#registries.get(topic) ?? new LoneState();
    this.#registries.set(topic, known);
    return known;
  }

  getStateRegistries(): Map<Topic, StateRegistry> {
    return this.#registries;
  }
}
