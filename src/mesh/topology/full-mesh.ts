import type {Neighbours} from './types.js';

/** Everybody links to everybody: degree n − 1, one hop. */
export const fullMesh: Neighbours = (self, members) => members.filter(member => member !== self);
