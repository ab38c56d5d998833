'use strict';

/** Every client makes itself one of these; it does nothing until somebody calls. */
class RPCHandler {}

/** Made on demand only. */
class NotBundled {
  constructor() {
    throw new Error('This build of @deepstream/client has Lists and no other records');
  }
}

module.exports = {RPCHandler, Record: NotBundled, AnonymousRecord: NotBundled, Dequeue: NotBundled};
