/** How long a button says that it has copied. */
const COPIED_MS = 2_000;

/** Puts `text` on the clipboard. @returns whether it is there */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text); // no permission, or a plain http: origin, where the clipboard object does not exist
  }
}

/** The old way, which needs no secure context. */
function copyBySelection(text: string): boolean {
  const focused = document.activeElement;
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'offscreen';
  field.readOnly = true; // no on-screen keyboard
  (document.querySelector('dialog[open]') ?? document.body).append(field); // a modal makes everything else inert
  field.select();
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- every browser has it, and there is nothing else without TLS
  const copied = document.execCommand('copy');
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return copied;
}

/** Makes `button` copy what `text` says, and say for a moment how it went; `announce` tells those who do not see it. */
export function copiesOnClick(button: HTMLButtonElement, text: () => string, announce: (words: string) => void): void {
  const label = button.querySelector('span') ?? button;
  const words = label.textContent;
  let timer: ReturnType<typeof setTimeout> | undefined;
  button.addEventListener('click', () => {
    void copyText(text()).then(copied => {
      label.textContent = copied ? 'Copied' : 'Not allowed';
      button.toggleAttribute('data-copied', copied);
      announce(copied ? 'Copied' : 'This browser does not let the page copy. Select the text and copy it yourself.');
      clearTimeout(timer);
      timer = setTimeout(() => {
        label.textContent = words;
        button.removeAttribute('data-copied');
      }, COPIED_MS);
    });
  });
}
