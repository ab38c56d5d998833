'use strict';

/** Every client makes itself some of these; they do nothing until somebody calls. */
class RPCHandler {}
class PresenceHandler {}
class Listener {
  handle() {}
}

/** Made on demand only. */
class NotBundled {
  constructor() {
    throw new Error('This build of @deepstream/client has Lists and no other records');
  }
}

module.exports = {RPCHandler, PresenceHandler, Listener, Record: NotBundled, AnonymousRecord: NotBundled, Dequeue: NotBundled};
