'use strict';

const {NativeTimerRegistry} = require('@deepstream/client/dist/src/util/native-timer-registry');

/** The client has two keepers of timers that do the same; this project asks for the other one (`nativeTimerRegistry`). */
module.exports = {IntervalTimerRegistry: NativeTimerRegistry};
