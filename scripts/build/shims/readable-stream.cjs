'use strict';

/**
 * Stands in for `readable-stream` under simple-peer: an event emitter with the few stream members that simple-peer reads. What arrives on
 * its channel, `vendors.ts` keeps from it: this project listens to the channel itself.
 */
class Duplex {
  readable = true;
  writable = true;
  _readableState = {ended: false};
  _writableState = {finished: false};
  #listeners = new Map();

  on(type, listener) {
    const list = this.#listeners.get(type);
    // A new array each time, so that a listener added while an event is delivered does not get that event.
    this.#listeners.set(type, list ? [...list, listener] : [listener]);
    return this;
  }

  emit(type, ...args) {
    const list = this.#listeners.get(type) ?? [];
    if (!list.length && type === 'error') throw args[0]; // as Node's emitter does: nobody listens, so it must not vanish
    for (const listener of list) listener.apply(this, args);
    return list.length > 0;
  }

  /** Called by simple-peer with null, when it is destroyed. */
  push() {
    this._readableState.ended = true;
    return false;
  }

  /** Called by simple-peer when it is destroyed. */
  end() {
    this._writableState.finished = true;
    return this;
  }
}

module.exports = {Duplex};
