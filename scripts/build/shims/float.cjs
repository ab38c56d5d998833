'use strict';

/** protobufjs asks this for numbers with a fraction; deepstream's messages have none. */
module.exports = {};
