/** Caches of the app begin with it; others on the same origin belong to somebody else. */
export const CACHE_PREFIX = 'mesh-room';
