import {allocated, profiled} from './profile.js';
import type {RemoteTab} from './tabs.js';
import {traced} from './trace.js';

/** Each runs `play`, writes what it saw of the tabs meanwhile to files whose names begin with `file`, and makes everything slower. */
const instruments = {profile: profiled, allocations: allocated, trace: traced};

type InstrumentName = keyof typeof instruments;

export const INSTRUMENTS = Object.keys(instruments) as readonly InstrumentName[];

/** What looks on while a row is measured, and the folder of its files. */
export interface Instrument {
  readonly name: InstrumentName;
  readonly folder: string;
}

export const instrumented = <T>(
  {name, folder}: Instrument, tabs: readonly RemoteTab[], file: string, play: () => Promise<T>,
): Promise<T> => instruments[name](tabs, `${folder}/${file}`, play);
