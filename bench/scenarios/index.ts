import {bulk, bulkAll, chat} from './bulk.js';
import {cost} from './cost.js';
import {late, start} from './joins.js';
import {killed, left, restart, thaw} from './life.js';
import {messages} from './messages.js';
import type {Scenario} from './scenario.js';

/** The scenarios that record any of `rowIds`, for these sizes of the rooms that come in sizes. */
export const scenariosFor = (sizes: readonly number[], rowIds: ReadonlySet<string>): readonly Scenario[] => [
  ...sizes.map(late), ...sizes.map(start), ...sizes.map(messages), bulk, bulkAll, chat, ...sizes.map(cost), left, killed, thaw, restart,
].filter(scenario => scenario.rowIds.some(id => rowIds.has(id)));
