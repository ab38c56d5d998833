/** Everything that is written to the console while `body` runs, which has to be nothing in a page that is not ours. */
export async function writtenDuring(body: () => Promise<void>): Promise<unknown[][]> {
  const written: unknown[][] = [];
  const names = ['log', 'info', 'warn', 'error', 'trace', 'debug'] as const;
  const originals = {...console};
  for (const name of names) console[name] = (...args: unknown[]) => void written.push([name, ...args]);
  try {
    await body();
  } finally {
    Object.assign(console, originals);
  }
  return written;
}
