/** The least page that joins a room with a contestant: says a line to the first who is there, and notes when one comes. */
import type {Contestant} from '../contestant.js';

declare global {
  interface Window {
    /** When a line of somebody else came, milliseconds since 1970. */
    heard: number | undefined;
    /** Whether the room has been joined. */
    present: boolean | undefined;
  }
}

export async function visit(contestant: Contestant): Promise<void> {
  const parameters = new URLSearchParams(location.search);
  await contestant.load(parameters.get('server')!);
  let said = false;
  await contestant.join(parameters.get('room')!, {
    peersChange() {
      if (said || contestant.peers().length === 0) return;
      said = true;
      void contestant.send('a first line');
    },
    message() {
      window.heard ??= performance.timeOrigin + performance.now();
    },
  });
  window.present = true;
}
