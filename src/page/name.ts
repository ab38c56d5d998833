/** The visitor's display name, remembered in this browser. */
const KEY = 'mesh-room:name';

/** The name of last time; `''` where there is none, or where the browser keeps nothing (private mode, blocked storage). */
export function rememberedName(): string {
  try {
    return localStorage.getItem(KEY) ?? '';
  } catch {
    return ''; // the visitor types it again, no more
  }
}

export function rememberName(name: string): void {
  try {
    if (name) localStorage.setItem(KEY, name);
    else localStorage.removeItem(KEY);
  } catch {
    // Storage is blocked or full: the name holds for this visit.
  }
}
