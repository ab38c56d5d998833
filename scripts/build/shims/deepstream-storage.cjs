'use strict';

/** Keeping records across visits (`offlineEnabled`) is not part of this build. */
class NotBundled {
  constructor() {
    throw new Error('This build of @deepstream/client has no storage: leave offlineEnabled off, or pass a storage');
  }
}

module.exports = {IndexdbStorage: NotBundled, LocalstorageStorage: NotBundled};
