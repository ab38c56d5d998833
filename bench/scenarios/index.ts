import {bulk, chat} from './bulk.js';
import {joins} from './joins.js';
import {messages} from './messages.js';
import type {Scenario} from './scenario.js';

/** The scenarios that record any of `rowIds`, for these sizes of a joining room. */
export const scenariosFor = (sizes: readonly number[], rowIds: ReadonlySet<string>): readonly Scenario[] =>
  [...sizes.map(joins), messages, bulk, chat].filter(scenario => scenario.rowIds.some(id => rowIds.has(id)));
