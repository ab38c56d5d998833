'use strict';

/**
 * Stands in for `readable-stream` under simple-peer: an event emitter with the few stream members that simple-peer reads.
 * What arrives is emitted at once as `data`, strings as strings; there is no buffering, piping or flow control, because this
 * project sends on data channels of its own.
 */
class Emitter {
  #listeners = new Map();

  on(type, listener) {
    const list = this.#listeners.get(type);
    // A new array each time, so that a listener added while an event is delivered does not get that event.
    this.#listeners.set(type, list ? [...list, listener] : [listener]);
    return this;
  }

  once(type, listener) {
    const wrapper = (...args) => {
      this.removeListener(type, wrapper);
      listener.apply(this, args);
    };
    wrapper.listener = listener;
    return this.on(type, wrapper);
  }

  removeListener(type, listener) {
    const list = this.#listeners.get(type) ?? [];
    const index = list.findLastIndex(entry => entry === listener || entry.listener === listener);
    if (index >= 0) this.#listeners.set(type, list.toSpliced(index, 1));
    return this;
  }

  removeAllListeners(type) {
    if (type === undefined) this.#listeners.clear();
    else this.#listeners.delete(type);
    return this;
  }

  listenerCount(type) {
    return this.#listeners.get(type)?.length ?? 0;
  }

  emit(type, ...args) {
    const list = this.#listeners.get(type) ?? [];
    if (!list.length && type === 'error') throw args[0]; // as Node's emitter does: nobody listens, so it must not vanish
    for (const listener of list) listener.apply(this, args);
    return list.length > 0;
  }
}

Emitter.prototype.addListener = Emitter.prototype.on;
Emitter.prototype.off = Emitter.prototype.removeListener;

class Duplex extends Emitter {
  readable = true;
  writable = true;
  _readableState = {ended: false};
  _writableState = {finished: false};

  /** Called by simple-peer with what arrived, and with null at the end. */
  push(chunk) {
    if (this._readableState.ended) return false;
    if (chunk === null) {
      this._readableState.ended = true;
      this.emit('end');
    } else {
      this.emit('data', chunk);
    }
    return true;
  }

  /** Called by simple-peer when it is destroyed. */
  end() {
    this._writableState.finished = true;
    return this;
  }
}

module.exports = {Duplex};
