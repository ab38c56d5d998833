/** Small things that the tab needs. */

/** How the message begins that fails nobody's round, because the harness itself came too late. */
export const TOO_BUSY = 'this machine is too busy to measure on';

export const waitFor = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

/** SHA-256 in hex. */
export async function sha256(data: BufferSource): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', data));
  return [...digest].map(byte => byte.toString(16).padStart(2, '0')).join('');
}

/** `count` different ASCII texts of `bytes` characters: the mark, a number from `first` on, and letters. */
export function textsOf(mark: string, count: number, bytes: number, first = 0): string[] {
  return Array.from({length: count}, (_, index) => {
    const head = `${mark}${first + index} `;
    return head + String.fromCharCode(97 + index % 26).repeat(Math.max(0, bytes - head.length));
  });
}
