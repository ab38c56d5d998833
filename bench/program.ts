import {writeFile} from 'node:fs/promises';

/** Runs one of the benchmark's programs; what goes wrong is one line, and an exit code of 1, whatever is still open then. */
export async function program(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`);
    process.exit(1);
  }
}

/** Prints a result, and writes it to a file if one is named. */
export async function tell(lines: readonly string[], file: string | undefined): Promise<void> {
  const text = [...lines, ''].join('\n');
  console.log(text);
  if (file !== undefined) await writeFile(file, text);
}
