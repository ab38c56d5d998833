import {fileURLToPath} from 'node:url';
import {join} from 'node:path';

/** The repository's folder. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** `parts` below the repository's folder, as an absolute path. */
export const fromRoot = (...parts: string[]): string => join(ROOT, ...parts);
