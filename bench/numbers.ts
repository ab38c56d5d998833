/** @returns the whole numbers in an option's text, separated by commas; `undefined` if it was not given. @throws on anything else. */
export function numbers(text: string, option: string, least: number, most?: number): readonly number[];
export function numbers(text: string | undefined, option: string, least: number, most?: number): readonly number[] | undefined;
export function numbers(text: string | undefined, option: string, least: number, most = Infinity): readonly number[] | undefined {
  if (text === undefined) return undefined;
  const found = text.split(',').map(Number);
  if (found.every(number => Number.isInteger(number) && number >= least && number <= most)) return found;
  throw new Error(`${option}: whole numbers from ${least} ${most === Infinity ? 'on' : `to ${most}`}, separated by commas`);
}
