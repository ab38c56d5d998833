'use strict';

/** protobufjs takes a module without `isLong` for an absent one and uses numbers; deepstream's messages have no 64-bit field. */
module.exports = {};
