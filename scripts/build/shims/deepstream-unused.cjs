'use strict';

/** Every client makes itself one of these; it does nothing until somebody calls. */
class RPCHandler {}

/** Made on demand only. */
class NotBundled {
  constructor() {
    throw new Error('This build of @deepstream/client has no dequeues and no anonymous records');
  }
}

module.exports = {RPCHandler, AnonymousRecord: NotBundled, Dequeue: NotBundled};
